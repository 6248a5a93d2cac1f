package bolt

import (
	"slices"
	"unsafe"

	"airlift/queue"
)

// unpackBlock decodes a sealed block whose first item has the given sequence number. The items share memory with each
// other and with nothing else.
func unpackBlock(first uint64, sealed []byte) ([]queue.Item, error) {
	return new(unpacker).unpack(first, sealed)
}

// unpacker decodes blocks. Its memory is used again for each: the items are good until the next.
type unpacker struct {
	raw, keys []byte
	items     []queue.Item
	fields    []queue.Field
	texts     texts
}

// unpack decodes a sealed block whose first item has the given sequence number.
func (u *unpacker) unpack(first uint64, sealed []byte) (items []queue.Item, err error) {
	if u.raw, err = unseal(u.raw, sealed); err != nil {
		return nil, err
	}
	return u.decode(first, u.raw)
}

// decode decodes a block that is not compressed any more. The items share its memory.
func (u *unpacker) decode(first uint64, raw []byte) ([]queue.Item, error) {
	r := reader{b: raw}
	n := r.count()
	if n == 0 || n > blockItems {
		return nil, errGarbled
	}
	buckets := make([]string, r.count())
	for i := range buckets {
		buckets[i] = r.text()
	}
	owns := make([]queue.JobFields, r.count())
	for i := range owns {
		owns[i] = r.fields()
	}
	schemas := make([][]string, r.count())
	for i := range schemas {
		schemas[i] = make([]string, r.count())
		for j := range schemas[i] {
			schemas[i][j] = r.text()
		}
	}
	if r.bad || len(buckets) == 0 || len(owns) == 0 || len(schemas) == 0 {
		return nil, errGarbled
	}
	u.items = slices.Grow(u.items[:0], n)[:n]
	items := u.items
	bucket, own, schema := r.indexes(n, len(buckets)), r.indexes(n, len(owns)), r.indexes(n, len(schemas))
	if r.bad {
		return nil, errGarbled
	}
	line := int64(0)
	for i := range items {
		line += r.varint()
		items[i] = queue.Item{Seq: first + uint64(i), Line: line, Bucket: buckets[bucket(i)], Own: owns[own(i)]}
	}
	has := r.uvarint()
	if has&^(hasNames|hasContents|hasVersions|hasSorts|hasUnsourced) != 0 {
		return nil, errGarbled
	}
	if has&hasNames != 0 {
		for i := range items {
			items[i].Name = r.text()
		}
	}
	if has&hasContents != 0 {
		for i := range items {
			items[i].Content = queue.Content(r.fixed())
		}
	}
	if has&hasVersions != 0 {
		for i := range items {
			items[i].Version = r.uvarint()
		}
	}
	if has&hasUnsourced != 0 {
		for i := range items {
			items[i].Unsourced = r.uvarint() == 1
		}
	}
	if err := u.readKeys(&r); err != nil {
		return nil, err
	}
	sorts := r.columns(schemas, has&hasSorts != 0)
	u.texts.reset()
	fields := u.fields // what is left of a piece of memory for many items
	for i := range items {
		columns := schemas[schema(i)]
		if len(columns) == 0 {
			continue
		}
		if r.bad || len(columns) > len(r.b) {
			return nil, errGarbled
		}
		if len(fields) < len(columns) {
			// No value is shorter than a byte, so garbage cannot make this large.
			fields = make([]queue.Field, min(len(columns)*(len(items)-i), len(r.b)))
			u.fields = fields
		}
		items[i].Extra, fields = fields[:len(columns):len(columns)], fields[len(columns):]
		for j, name := range columns {
			items[i].Extra[j] = queue.Field{Name: name, Value: r.value(sorts[schema(i)][j], &u.texts)}
		}
	}
	return items, r.end()
}

// readKeys decodes the items' keys into one piece of memory.
func (u *unpacker) readKeys(r *reader) error {
	type part struct{ shared, rest int }
	var parts [blockItems]part
	ahead, total, before := *r, 0, 0
	for i := range u.items {
		n := ahead.uvarint()
		if n > uint64(before) {
			return errGarbled
		}
		rest := ahead.count()
		ahead.bytes(rest)
		parts[i] = part{int(n), rest}
		before = int(n) + rest
		if total += before; total > maxRaw {
			return errGarbled
		}
	}
	if ahead.bad {
		return errGarbled
	}
	all := slices.Grow(u.keys[:0], total) // and no growing from here on
	last := 0
	for i := range u.items {
		r.uvarint()
		rest := r.bytes(r.count())
		start := len(all)
		all = append(all, all[last:last+parts[i].shared]...)
		all = append(all, rest...)
		u.items[i].Key = unsafeString(all[start:])
		last = start
	}
	u.keys = all
	return nil
}

// indexes reads which entry of a dictionary each item has.
func (r *reader) indexes(n, dict int) func(i int) int {
	if dict < 2 {
		return func(int) int { return 0 }
	}
	at := make([]int, n)
	for i := range at {
		x := r.uvarint()
		if x >= uint64(dict) {
			r.fail()
			x = 0
		}
		at[i] = int(x)
	}
	return func(i int) int { return at[i] }
}

func (r *reader) fields() queue.JobFields {
	var f queue.JobFields
	if s := r.bytes(r.count()); len(s) > 0 {
		f.Services = append(f.Services, s...)
	}
	f.Priority = int(r.varint())
	f.DestinationBucket, f.DestinationRegion = r.text(), r.text()
	f.SourceRegion, f.SourceEndpoint = r.text(), r.text()
	return f
}

// text returns a string that shares the memory of the value, which is ours and never changes.
func (r *reader) text() string { return unsafeString(r.bytes(r.count())) }

// unsafeString saves an allocation an item: half of the time of unpacking a block.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
