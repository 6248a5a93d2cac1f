package block

import (
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// Decode decodes a block whose first item has the given sequence number. The items share memory with each other and with
// nothing else.
func Decode(first uint64, value []byte) ([]queue.Item, error) {
	return new(decoder).decode(first, value)
}

// decoder decodes blocks. Its memory is used again for each: the items are good until the next.
type decoder struct {
	raw, keys []byte
	items     []queue.Item
	fields    []queue.Field
	texts     texts
}

// decode decodes a sealed block.
func (d *decoder) decode(first uint64, value []byte) (items []queue.Item, err error) {
	if d.raw, err = codec.Unseal(d.raw, value); err != nil {
		return nil, err
	}
	return d.decodeRaw(first, d.raw)
}

// decodeRaw decodes a block that is not compressed any more. The items share its memory.
func (d *decoder) decodeRaw(first uint64, raw []byte) ([]queue.Item, error) {
	r := &codec.Reader{Rest: raw}
	n := r.Count()
	if n == 0 || n > MaxItems {
		return nil, codec.ErrGarbled
	}
	dict := readDictionaries(r, n)
	if r.Bad {
		return nil, codec.ErrGarbled
	}
	d.items = slices.Grow(d.items[:0], n)[:n]
	line := int64(0)
	for i := range d.items {
		line += r.Varint()
		d.items[i] = queue.Item{
			Seq: first + uint64(i), Line: line, Bucket: dict.buckets[dict.bucket.of(i)], Own: dict.owns[dict.own.of(i)],
		}
	}
	has := d.readParts(r)
	if err := d.readKeys(r); err != nil {
		return nil, err
	}
	if err := d.readValues(r, dict, readColumns(r, dict.schemas, has&hasSorts != 0)); err != nil {
		return nil, err
	}
	return d.items, r.End()
}

// dictionaries are what the items of a block have in common.
type dictionaries struct {
	buckets             []string
	owns                []queue.JobFields
	schemas             [][]string
	bucket, own, schema indexes
}

func readDictionaries(r *codec.Reader, items int) *dictionaries {
	d := &dictionaries{}
	d.buckets = make([]string, r.Count())
	for i := range d.buckets {
		d.buckets[i] = r.Text()
	}
	d.owns = make([]queue.JobFields, r.Count())
	for i := range d.owns {
		d.owns[i] = r.Fields()
	}
	d.schemas = make([][]string, r.Count())
	for i := range d.schemas {
		d.schemas[i] = make([]string, r.Count())
		for j := range d.schemas[i] {
			d.schemas[i][j] = r.Text()
		}
	}
	if len(d.buckets) == 0 || len(d.owns) == 0 || len(d.schemas) == 0 {
		r.Fail()
		return d
	}
	d.bucket = readIndexes(r, items, len(d.buckets))
	d.own = readIndexes(r, items, len(d.owns))
	d.schema = readIndexes(r, items, len(d.schemas))
	return d
}

// indexes say which entry of a dictionary each item has; nil if there is one only.
type indexes []int

func readIndexes(r *codec.Reader, items, dict int) indexes {
	if dict < 2 {
		return nil
	}
	all := make(indexes, items)
	for i := range all {
		if n := r.Uvarint(); n < uint64(dict) {
			all[i] = int(n)
		} else {
			r.Fail()
		}
	}
	return all
}

func (x indexes) of(i int) int {
	if x == nil {
		return 0
	}
	return x[i]
}

// readParts decodes what most blocks do not have, and returns what this one has.
func (d *decoder) readParts(r *codec.Reader) (has uint64) {
	has = r.Uvarint()
	if has&^(hasNames|hasContents|hasVersions|hasSorts|hasUnsourced) != 0 {
		r.Fail()
		return 0
	}
	items := d.items
	if has&hasNames != 0 {
		for i := range items {
			items[i].Name = r.Text()
		}
	}
	if has&hasContents != 0 {
		for i := range items {
			items[i].Content = queue.Content(r.Uint64())
		}
	}
	if has&hasVersions != 0 {
		for i := range items {
			items[i].Version = r.Uvarint()
		}
	}
	if has&hasUnsourced != 0 {
		for i := range items {
			items[i].Unsourced = r.Uvarint() == 1
		}
	}
	return has
}

// readKeys decodes the items' keys into one piece of memory.
func (d *decoder) readKeys(r *codec.Reader) error {
	type part struct{ shared, rest int }
	var parts [MaxItems]part
	ahead, total, before := *r, 0, 0
	for i := range d.items {
		n := ahead.Uvarint()
		if n > uint64(before) {
			return codec.ErrGarbled
		}
		rest := ahead.Count()
		ahead.Bytes(rest)
		parts[i] = part{int(n), rest}
		before = int(n) + rest
		if total += before; total > codec.MaxRaw {
			return codec.ErrGarbled
		}
	}
	if ahead.Bad {
		return codec.ErrGarbled
	}
	all := slices.Grow(d.keys[:0], total) // and no growing from here on
	last := 0
	for i := range d.items {
		r.Uvarint()
		rest := r.Bytes(r.Count())
		start := len(all)
		all = append(all, all[last:last+parts[i].shared]...)
		all = append(all, rest...)
		d.items[i].Key = codec.Text(all[start:])
		last = start
	}
	d.keys = all
	return nil
}

// readValues decodes the values of the extra columns.
func (d *decoder) readValues(r *codec.Reader, dict *dictionaries, columns [][]column) error {
	d.texts.reset()
	fields := d.fields // what is left of a piece of memory for many items
	for i := range d.items {
		schema := dict.schema.of(i)
		names := dict.schemas[schema]
		if len(names) == 0 {
			continue
		}
		if r.Bad || len(names) > len(r.Rest) {
			return codec.ErrGarbled
		}
		if len(fields) < len(names) {
			// No value is shorter than a byte, so garbage cannot make this large.
			fields = make([]queue.Field, min(len(names)*(len(d.items)-i), len(r.Rest)))
			d.fields = fields
		}
		var extra []queue.Field
		extra, fields = fields[:len(names):len(names)], fields[len(names):]
		for j, name := range names {
			extra[j] = queue.Field{Name: name, Value: readValue(r, columns[schema][j], &d.texts)}
		}
		d.items[i].Extra = extra
	}
	return nil
}
