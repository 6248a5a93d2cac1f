package block

import (
	"encoding/binary"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// A block holds at most MaxItems items and, before compression, about maxBytes (or one item, if that is larger): small
// enough to be decoded for a single claim, large enough to compress well and to waste little of its last page (bbolt puts
// two such values into a leaf, and the leaf into whole pages). s2 works best below 64 KiB.
const (
	MaxItems = 1000
	maxBytes = 60 << 10
)

// Encoded is an encoded block of some of the items that were given to [Encode].
type Encoded struct {
	First int // index of its first item
	Value []byte
}

// Encode encodes items as blocks, on all cores.
func Encode(items []queue.Item) ([]Encoded, error) {
	var blocks []Encoded
	for at := 0; at < len(items); at += length(items[at:]) {
		blocks = append(blocks, Encoded{First: at})
	}
	errs := make([]error, len(blocks))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(blocks)) {
		wg.Go(func() {
			var e encoder
			for i := int(next.Add(1)) - 1; i < len(blocks); i = int(next.Add(1)) - 1 {
				end := len(items)
				if i+1 < len(blocks) {
					end = blocks[i+1].First
				}
				blocks[i].Value, errs[i] = e.encode(items[blocks[i].First:end])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// length returns how many of the items go into the next block.
func length(items []queue.Item) int {
	size := 0
	for i := range items {
		it := &items[i]
		size += 4 + len(it.Key) + len(it.Name)
		for _, f := range it.Extra {
			size += 1 + len(f.Value)
		}
		if i > 0 && (size > maxBytes || i == MaxItems) {
			return i
		}
	}
	return len(items)
}

// encoder encodes blocks; its memory is used again for each.
type encoder struct {
	buf     []byte
	buckets []string
	owns    []*queue.JobFields
	schemas [][]queue.Field // lists of extra columns
	// bucket, own and schema say which entry of each dictionary an item has.
	bucket, own, schema []int
	columns             [][]column // of each of the schemas
}

// encode returns a sealed block. A block is: the number of items; the dictionaries of buckets, own job fields and lists of
// extra columns; which of each an item has (left out where there is one only); lines; a byte that says which of the next
// four there are; names; contents; versions; which items are unsourced; keys, each without what it shares with the one
// before; the sorts and the values of the extra columns (see columns.go).
func (e *encoder) encode(items []queue.Item) ([]byte, error) {
	e.collect(items)
	b := binary.AppendUvarint(e.buf[:0], uint64(len(items)))
	b = e.appendDictionaries(b)
	line := int64(0)
	for i := range items {
		b = binary.AppendVarint(b, items[i].Line-line)
		line = items[i].Line
	}
	b = appendParts(b, items)
	before := ""
	for i := range items {
		key := items[i].Key
		n := shared(before, key)
		b = binary.AppendUvarint(b, uint64(n))
		b = codec.AppendString(b, key[n:])
		before = key
	}
	e.buf = e.appendValues(b, items)
	return codec.Seal(e.buf)
}

// appendDictionaries appends the dictionaries, and which entries the items have.
func (e *encoder) appendDictionaries(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(e.buckets)))
	for _, s := range e.buckets {
		b = codec.AppendString(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(e.owns)))
	for _, f := range e.owns {
		b = codec.AppendFields(b, f)
	}
	b = binary.AppendUvarint(b, uint64(len(e.schemas)))
	for _, s := range e.schemas {
		b = binary.AppendUvarint(b, uint64(len(s)))
		for _, f := range s {
			b = codec.AppendString(b, f.Name)
		}
	}
	b = appendIndexes(b, e.bucket, len(e.buckets))
	b = appendIndexes(b, e.own, len(e.owns))
	return appendIndexes(b, e.schema, len(e.schemas))
}

// What a block has only if one of its items has it.
const (
	hasNames = 1 << iota
	hasContents
	hasVersions
	hasSorts // always, since format 3
	hasUnsourced
)

// appendParts appends what most blocks do not have.
func appendParts(b []byte, items []queue.Item) []byte {
	has := byte(hasSorts)
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
	b = append(b, has)
	if has&hasNames != 0 {
		for i := range items {
			b = codec.AppendString(b, items[i].Name)
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
			if items[i].Unsourced {
				b = append(b, 1)
			} else {
				b = append(b, 0)
			}
		}
	}
	return b
}

// collect fills the dictionaries. Neighbors mostly have the same entries.
func (e *encoder) collect(items []queue.Item) {
	e.buckets, e.owns, e.schemas = e.buckets[:0], e.owns[:0], e.schemas[:0]
	e.bucket, e.own, e.schema = e.bucket[:0], e.own[:0], e.schema[:0]
	for i := range items {
		it := &items[i]
		if i > 0 {
			if l := &items[i-1]; it.Bucket == l.Bucket && it.Own.Equal(l.Own) && queue.SameColumns(it.Extra, l.Extra) {
				e.bucket, e.own, e.schema = append(e.bucket, e.bucket[i-1]), append(e.own, e.own[i-1]), append(e.schema, e.schema[i-1])
				continue
			}
		}
		var bucket, own, schema int
		e.buckets, bucket = entryOf(e.buckets, it.Bucket, func(s string) bool { return s == it.Bucket })
		e.owns, own = entryOf(e.owns, &it.Own, func(f *queue.JobFields) bool { return f.Equal(it.Own) })
		e.schemas, schema = entryOf(e.schemas, it.Extra, func(s []queue.Field) bool { return queue.SameColumns(s, it.Extra) })
		e.bucket, e.own, e.schema = append(e.bucket, bucket), append(e.own, own), append(e.schema, schema)
	}
}

// entryOf returns the place of an entry in a dictionary, which gets it if same recognizes none.
func entryOf[T any](dict []T, entry T, same func(T) bool) ([]T, int) {
	if i := slices.IndexFunc(dict, same); i >= 0 {
		return dict, i
	}
	return append(dict, entry), len(dict)
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
