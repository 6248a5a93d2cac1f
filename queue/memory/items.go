package memory

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"airlift/queue"
)

// pieceItems is how many items, and pageItems how many entries, are allocated together.
const (
	pieceItems = 8 << 10
	pageItems  = 1 << 10
	// textBytes is how many bytes of keys and values are.
	textBytes = 64 << 10
)

// items are the items of a batch, in order of Seq, and the index of their objects.
type items struct {
	n       uint64
	pieces  [][]item
	buckets []string
	sets    []columnSet
	texts   strings.Builder // the keys and values of the latest items, which share its memory

	seed    maphash.Seed
	first   map[uint64]uint32         // the first item of an object, by the object's hash
	clashes map[queue.Object]uint32   // the same of objects whose hash another one has
	history map[uint64]*queue.History // by first item; an object without one has the content of that item
}

// item is an item as it is kept. full is the whole of one that has more than the other fields; extra are the values of
// its further columns, each behind its length, behind its details, and set says which there are.
type item struct {
	key, extra  string
	line        int64
	content     queue.Content
	full        *queue.Item
	bucket, set uint32
}

func newItems() items {
	return items{seed: maphash.MakeSeed(), first: map[uint64]uint32{}, clashes: map[queue.Object]uint32{}, history: map[uint64]*queue.History{}}
}

// add adds an item, and its object to the index unless it is a version.
func (s *items) add(it queue.Item) {
	if s.n%pieceItems == 0 {
		s.pieces = append(s.pieces, make([]item, 0, pieceItems))
	}
	it.Seq, it.Key = s.n, s.text(it.Key)
	kept := item{key: it.Key, line: it.Line, content: it.Content, bucket: s.bucket(it.Bucket)}
	if len(it.Extra) > 0 || it.Details != nil {
		kept.set, kept.extra = s.columns(&it), s.text(joined(&it))
	}
	if it.Extra, it.Details = nil, nil; it.Version != 0 || it.Name != "" || !it.Own.Equal(queue.JobFields{}) || it.Unsourced {
		it.Own.Services = slices.Clone(it.Own.Services)
		kept.full = &it
	}
	piece := &s.pieces[s.n/pieceItems]
	*piece = append(*piece, kept)
	if it.Version == 0 {
		o := queue.Object{Bucket: it.Bucket, Key: it.Key}
		hash := maphash.Comparable(s.seed, o)
		if _, taken := s.first[hash]; taken {
			s.clashes[o] = uint32(s.n)
		} else {
			s.first[hash] = uint32(s.n)
		}
	}
	s.n++
}

// text returns a copy of a text that shares its memory with others.
func (s *items) text(text string) string {
	if s.texts.Cap()-s.texts.Len() < len(text) {
		s.texts = strings.Builder{}
		s.texts.Grow(max(textBytes, len(text)))
	}
	at := s.texts.Len()
	s.texts.WriteString(text)
	return s.texts.String()[at:]
}

// columnSet is what the extra of an item holds: the further columns, here without values, and the details.
type columnSet struct {
	fields  []queue.Field
	details bool
}

// columns returns the number of an item's columns.
func (s *items) columns(it *queue.Item) uint32 {
	for i := len(s.sets) - 1; i >= 0; i-- {
		if s.sets[i].details == (it.Details != nil) && queue.SameColumns(s.sets[i].fields, it.Extra) {
			return uint32(i)
		}
	}
	set := columnSet{slices.Clone(it.Extra), it.Details != nil}
	for i := range set.fields {
		set.fields[i].Value = ""
	}
	s.sets = append(s.sets, set)
	return uint32(len(s.sets) - 1)
}

// joined returns the details of an item and the values of its fields, each text behind its length.
func joined(it *queue.Item) string {
	var b []byte
	if d := it.Details; d != nil {
		for _, n := range []int64{d.Size, int64(d.Duration), int64(d.Channels)} {
			b = binary.AppendVarint(b, n)
		}
		b = append(binary.AppendUvarint(b, uint64(len(d.ETag))), d.ETag...)
	}
	for _, f := range it.Extra {
		b = append(binary.AppendUvarint(b, uint64(len(f.Value))), f.Value...)
	}
	return string(b)
}

// split sets what joined has joined.
func (set *columnSet) split(it *queue.Item, extra string) {
	number := func() int64 {
		n, size := binary.Varint([]byte(extra[:min(len(extra), binary.MaxVarintLen64)]))
		extra = extra[size:]
		return n
	}
	text := func() (text string) {
		n, size := binary.Uvarint([]byte(extra[:min(len(extra), binary.MaxVarintLen64)]))
		text, extra = extra[size:size+int(n)], extra[size+int(n):]
		return text
	}
	if set.details {
		it.Details = &queue.Details{Size: number(), Duration: time.Duration(number()), Channels: int(number()), ETag: text()}
	}
	it.Extra = slices.Clone(set.fields)
	for i := range it.Extra {
		it.Extra[i].Value = text()
	}
}

// bucket returns the number of a bucket's name.
func (s *items) bucket(name string) uint32 {
	if n := len(s.buckets); n > 0 && s.buckets[n-1] == name {
		return uint32(n - 1)
	}
	i := slices.Index(s.buckets, name)
	if i < 0 {
		i = len(s.buckets)
		s.buckets = append(s.buckets, name)
	}
	return uint32(i)
}

func (s *items) at(seq uint64) queue.Item {
	kept := &s.pieces[seq/pieceItems][seq%pieceItems]
	it := queue.Item{Seq: seq, Line: kept.line, Bucket: s.buckets[kept.bucket], Key: kept.key, Content: kept.content}
	if kept.full != nil {
		it = *kept.full
	}
	if kept.extra != "" {
		s.sets[kept.set].split(&it, kept.extra)
	}
	return it
}

// find returns the first item of an object.
func (s *items) find(bucket, key string) (uint64, bool) {
	o := queue.Object{Bucket: bucket, Key: key}
	seq, ok := s.first[maphash.Comparable(s.seed, o)]
	if !ok {
		return 0, false
	}
	if it := s.at(uint64(seq)); it.Bucket != bucket || it.Key != key {
		seq, ok = s.clashes[o]
	}
	return uint64(seq), ok
}

// historyOf returns the history of an object, to be changed by the caller.
func (s *items) historyOf(first uint64) queue.History {
	if h := s.history[first]; h != nil {
		return queue.History{First: h.First, Further: slices.Clone(h.Further)}
	}
	return queue.History{First: s.at(first).Content}
}

// all returns all items of an object.
func (s *items) all(first uint64) []uint64 {
	seqs := []uint64{first}
	if h := s.history[first]; h != nil {
		for _, v := range h.Further {
			seqs = append(seqs, v.Seq)
		}
	}
	return seqs
}

// numbers are sequence numbers in order.
type numbers []uint64

func (n *numbers) add(seq uint64) {
	if at, found := slices.BinarySearch(*n, seq); !found {
		*n = slices.Insert(*n, at, seq)
	}
}

func (n *numbers) remove(seq uint64) {
	if at, found := slices.BinarySearch(*n, seq); found {
		*n = slices.Delete(*n, at, at+1)
	}
}

// from returns the numbers from seq on.
func (n numbers) from(seq uint64) []uint64 {
	at, _ := slices.BinarySearch(n, seq)
	return n[at:]
}
