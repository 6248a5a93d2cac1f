package block

import (
	"encoding/binary"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// EncodeRejected returns rejected rows in values of at most [MaxItems] rows and about as many bytes as a block.
func EncodeRejected(rows []queue.Rejected) ([][]byte, error) {
	var values [][]byte
	var b []byte
	n := 0
	for i := range rows {
		r := &rows[i]
		b = binary.AppendVarint(b, r.Line)
		b = codec.AppendString(b, r.Bucket)
		b = codec.AppendString(b, r.Key)
		b = codec.AppendString(b, r.Reason)
		b = binary.AppendUvarint(b, uint64(len(r.Extra)))
		for _, f := range r.Extra {
			b = codec.AppendString(b, f.Name)
			b = codec.AppendString(b, f.Value)
		}
		n++
		if n == MaxItems || len(b) > maxBytes || i == len(rows)-1 {
			value, err := codec.Seal(b)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
			b, n = b[:0], 0
		}
	}
	return values, nil
}

// DecodeRejected decodes one of those values.
func DecodeRejected(value []byte) ([]queue.Rejected, error) {
	raw, err := codec.Unseal(nil, value)
	if err != nil {
		return nil, codec.Damaged("rejected rows: %v", err)
	}
	return decodeRejected(raw)
}

func decodeRejected(raw []byte) ([]queue.Rejected, error) {
	r := codec.Reader{Rest: raw}
	var rows []queue.Rejected
	for len(r.Rest) > 0 {
		row := queue.Rejected{Line: r.Varint(), Bucket: r.String(), Key: r.String(), Reason: r.String()}
		if n := r.Count(); n > 0 {
			row.Extra = make([]queue.Field, n)
			for i := range row.Extra {
				row.Extra[i] = queue.Field{Name: r.String(), Value: r.String()}
			}
		}
		rows = append(rows, row)
	}
	if err := r.End(); err != nil {
		return nil, codec.Damaged("rejected rows: %v", err)
	}
	return rows, nil
}
