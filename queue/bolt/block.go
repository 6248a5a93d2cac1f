package bolt

import (
	"encoding/binary"
	"slices"

	"airlift/queue"
)

// A block holds at most blockItems items and, before compression, about blockBytes (or one item, if that is larger):
// small enough to be unpacked for a single claim, large enough to compress well and to waste little of its last page
// (bbolt puts two such values into a leaf, and the leaf into whole pages). s2 works best below 64 KiB.
const (
	blockItems = viewRows
	blockBytes = 60 << 10
)

// blockLen returns how many of the items go into the next block.
func blockLen(items []queue.Item) int {
	size := 0
	for i := range items {
		it := &items[i]
		size += 4 + len(it.Key) + len(it.Name)
		for _, f := range it.Extra {
			size += 1 + len(f.Value)
		}
		if i > 0 && (size > blockBytes || i == blockItems) {
			return i
		}
	}
	return len(items)
}

// packer encodes blocks; its memory is used again for each.
type packer struct {
	buf     []byte
	buckets []string
	owns    []*queue.JobFields
	schemas [][]queue.Field
	bucket  []int
	own     []int
	schema  []int
	columns [][]column // of each of the schemas
}

// pack returns a sealed block. A block is: the number of items; the dictionaries of buckets, own job fields and lists of
// extra columns; which of each an item has (left out where there is one only); lines; a byte that says which of the next
// four there are; names; contents; versions; which items are unsourced; keys, each without what it shares with the one before; the sorts and the
// values of the extra columns (see values.go). Sequence numbers are implied by the block's key.
func (p *packer) pack(items []queue.Item) ([]byte, error) {
	p.collect(items)
	b := binary.AppendUvarint(p.buf[:0], uint64(len(items)))
	b = binary.AppendUvarint(b, uint64(len(p.buckets)))
	for _, s := range p.buckets {
		b = appendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(p.owns)))
	for _, f := range p.owns {
		b = appendFields(b, f)
	}
	b = binary.AppendUvarint(b, uint64(len(p.schemas)))
	for _, s := range p.schemas {
		b = binary.AppendUvarint(b, uint64(len(s)))
		for _, f := range s {
			b = appendString(b, f.Name)
		}
	}
	b = appendIndexes(b, p.bucket, len(p.buckets))
	b = appendIndexes(b, p.own, len(p.owns))
	b = appendIndexes(b, p.schema, len(p.schemas))
	line := int64(0)
	for i := range items {
		b = binary.AppendVarint(b, items[i].Line-line)
		line = items[i].Line
	}
	has := partsOf(items)
	b = append(b, has)
	if has&hasNames != 0 {
		for i := range items {
			b = appendString(b, items[i].Name)
		}
	}
	if has&hasContents != 0 {
		for i := range items {
			b = binary.BigEndian.AppendUint64(b, uint64(items[i].Content))
		}
	}
	if has&hasVersions != 0 {
		for i := range items {
			b = binary.AppendUvarint(b, items[i].Version)
		}
	}
	if has&hasUnsourced != 0 {
		for i := range items {
			b = append(b, oneIf(items[i].Unsourced))
		}
	}
	before := ""
	for i := range items {
		key := items[i].Key
		n := shared(before, key)
		b = binary.AppendUvarint(b, uint64(n))
		b = appendString(b, key[n:])
		before = key
	}
	p.buf = p.values(b, items)
	return seal(p.buf)
}

// What a block has only if one of its items has it.
const (
	hasNames = 1 << iota
	hasContents
	hasVersions
	hasSorts // always, since format 3
	hasUnsourced
)

func partsOf(items []queue.Item) (has byte) {
	has = hasSorts
	for i := range items {
		it := &items[i]
		if it.Name != "" {
			has |= hasNames
		}
		if it.Content != 0 {
			has |= hasContents
		}
		if it.Version != 0 {
			has |= hasVersions
		}
		if it.Unsourced {
			has |= hasUnsourced
		}
	}
	return has
}

func oneIf(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

// collect fills the dictionaries. Neighbours mostly have the same entries.
func (p *packer) collect(items []queue.Item) {
	p.buckets, p.owns, p.schemas = p.buckets[:0], p.owns[:0], p.schemas[:0]
	p.bucket, p.own, p.schema = p.bucket[:0], p.own[:0], p.schema[:0]
	for i := range items {
		it := &items[i]
		if i > 0 {
			if l := &items[i-1]; it.Bucket == l.Bucket && it.Own.Equal(l.Own) && queue.SameColumns(it.Extra, l.Extra) {
				p.bucket, p.own, p.schema = append(p.bucket, p.bucket[i-1]), append(p.own, p.own[i-1]), append(p.schema, p.schema[i-1])
				continue
			}
		}
		bucket := find(p.buckets, func(s string) bool { return s == it.Bucket })
		if bucket == len(p.buckets) {
			p.buckets = append(p.buckets, it.Bucket)
		}
		own := find(p.owns, func(f *queue.JobFields) bool { return f.Equal(it.Own) })
		if own == len(p.owns) {
			p.owns = append(p.owns, &it.Own)
		}
		schema := find(p.schemas, func(s []queue.Field) bool { return queue.SameColumns(s, it.Extra) })
		if schema == len(p.schemas) {
			p.schemas = append(p.schemas, it.Extra)
		}
		p.bucket, p.own, p.schema = append(p.bucket, bucket), append(p.own, own), append(p.schema, schema)
	}
}

// find returns the place in the dictionary of what same recognises, or the length of the dictionary.
func find[T any](dict []T, same func(T) bool) int {
	if i := slices.IndexFunc(dict, same); i >= 0 {
		return i
	}
	return len(dict)
}

func appendIndexes(b []byte, indexes []int, dict int) []byte {
	if dict < 2 {
		return b
	}
	for _, i := range indexes {
		b = binary.AppendUvarint(b, uint64(i))
	}
	return b
}

func appendFields(b []byte, f *queue.JobFields) []byte {
	b = appendString(b, f.Services)
	b = binary.AppendVarint(b, int64(f.Priority))
	for _, s := range []string{f.DestinationBucket, f.DestinationRegion, f.SourceRegion, f.SourceEndpoint} {
		b = appendString(b, s)
	}
	return b
}

// shared returns the length of what both strings start with.
func shared(a, b string) int {
	n, i := min(len(a), len(b)), 0
	for i+8 <= n && word(a, i) == word(b, i) {
		i += 8
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// word returns eight bytes of a string, which the compiler reads at once.
func word(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
