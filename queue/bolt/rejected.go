package bolt

import (
	"encoding/binary"

	"airlift/queue"
)

// packRejected returns rows in sealed values of at most blockItems rows and about blockBytes.
func packRejected(rows []queue.Rejected) ([][]byte, error) {
	var values [][]byte
	var b []byte
	n := 0
	for i := range rows {
		r := &rows[i]
		b = binary.AppendVarint(b, r.Line)
		b = appendString(b, r.Bucket)
		b = appendString(b, r.Key)
		b = appendString(b, r.Reason)
		b = binary.AppendUvarint(b, uint64(len(r.Extra)))
		for _, f := range r.Extra {
			b = appendString(b, f.Name)
			b = appendString(b, f.Value)
		}
		n++
		if n == blockItems || len(b) > blockBytes || i == len(rows)-1 {
			value, err := seal(b)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
			b, n = b[:0], 0
		}
	}
	return values, nil
}

// unpackRejected decodes one of those values.
func unpackRejected(sealed []byte) ([]queue.Rejected, error) {
	raw, err := unseal(nil, sealed)
	if err != nil {
		return nil, damaged("rejected rows: %v", err)
	}
	return decodeRejected(raw)
}

func decodeRejected(raw []byte) ([]queue.Rejected, error) {
	r := reader{b: raw}
	var rows []queue.Rejected
	for len(r.b) > 0 {
		row := queue.Rejected{Line: r.varint(), Bucket: r.string(), Key: r.string(), Reason: r.string()}
		if n := r.count(); n > 0 {
			row.Extra = make([]queue.Field, n)
			for i := range row.Extra {
				row.Extra[i] = queue.Field{Name: r.string(), Value: r.string()}
			}
		}
		rows = append(rows, row)
	}
	if err := r.end(); err != nil {
		return nil, damaged("rejected rows: %v", err)
	}
	return rows, nil
}
