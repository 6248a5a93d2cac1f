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
	// textBytes is how many bytes of keys and values are allocated together.
	textBytes = 64 << 10
)

// items are the items of a batch, in order of Seq, and the index of their objects.
type items struct {
	n       uint64
	pieces  [][]item
	buckets names
	sets    names           // descriptions of extra, see describe
	texts   strings.Builder // the keys and extras of the latest items, which share its memory

	seed    maphash.Seed
	first   map[uint64]uint32         // the first item of an object, by the object's hash
	clashes map[queue.Object]uint32   // the same of objects whose hash another one has
	history map[uint64]*queue.History // by first item; an object without one has the content of that item
}

// item is a stored item. full is the whole item if the other fields are not enough. extra holds its details and
// the values of its extra columns; set is the number of their description.
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
	kept := item{key: it.Key, line: it.Line, content: it.Content, bucket: s.buckets.number([]byte(it.Bucket))}
	if len(it.Extra) > 0 || it.Details != nil {
		kept.set, kept.extra = s.sets.number(describe(&it)), s.text(string(appendExtra(nil, &it)))
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

// describe says what appendExtra appends of an item: first whether there are details, then the columns.
func describe(it *queue.Item) []byte {
	b := []byte{0}
	if it.Details != nil {
		b[0] = 1
	}
	for _, f := range it.Extra {
		b = appendText(b, f.Name)
	}
	return b
}

// appendExtra appends the details of an item and the values of its columns.
func appendExtra(b []byte, it *queue.Item) []byte {
	if d := it.Details; d != nil {
		for _, n := range []int64{d.Size, int64(d.Duration), int64(d.Channels)} {
			b = binary.AppendVarint(b, n)
		}
		b = appendText(b, d.ETag)
	}
	for _, f := range it.Extra {
		b = appendText(b, f.Value)
	}
	return b
}

// setExtra sets what describe and appendExtra have written of an item.
func setExtra(it *queue.Item, set, extra string) {
	details := set[0] == 1
	if set = set[1:]; details {
		it.Details = &queue.Details{Size: cutNumber(&extra), Duration: time.Duration(cutNumber(&extra)), Channels: int(cutNumber(&extra)), ETag: cutText(&extra)}
	}
	for set != "" {
		it.Extra = append(it.Extra, queue.Field{Name: cutText(&set), Value: cutText(&extra)})
	}
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// cutText takes a text from the beginning of another, as appendText has appended it.
func cutText(from *string) string {
	n, size := binary.Uvarint([]byte((*from)[:min(len(*from), binary.MaxVarintLen64)]))
	text := (*from)[size : size+int(n)]
	*from = (*from)[size+int(n):]
	return text
}

func cutNumber(from *string) int64 {
	n, size := binary.Varint([]byte((*from)[:min(len(*from), binary.MaxVarintLen64)]))
	*from = (*from)[size:]
	return n
}

// names gives numbers to names that repeat.
type names struct {
	list    []string
	numbers map[string]uint32
}

func (n *names) number(name []byte) uint32 {
	if number, known := n.numbers[string(name)]; known {
		return number
	}
	if n.numbers == nil {
		n.numbers = map[string]uint32{}
	}
	n.list = append(n.list, string(name))
	n.numbers[string(name)] = uint32(len(n.list) - 1)
	return uint32(len(n.list) - 1)
}

func (s *items) at(seq uint64) queue.Item {
	kept := &s.pieces[seq/pieceItems][seq%pieceItems]
	it := queue.Item{Seq: seq, Line: kept.line, Bucket: s.buckets.list[kept.bucket], Key: kept.key, Content: kept.content}
	if kept.full != nil {
		it = *kept.full
	}
	if kept.extra != "" {
		setExtra(&it, s.sets.list[kept.set], kept.extra)
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
