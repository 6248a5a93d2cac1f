package s3scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrCursor is wrapped by the error of a scan that cannot go on from the cursor
// it was given: begin afresh.
var ErrCursor = errors.New("the scan cannot go on where it ended")

// stretch is a part of a listing that was read without a gap.
type stretch struct {
	// First is its first key, "" if it begins where the listing does. Last is its
	// last key. Prev is a key from which on the server listed Last next: by that
	// it is tested when the scan goes on. They are bytes, for JSON would alter
	// what is no UTF-8.
	First, Prev, Last []byte

	span *span // that makes it longer
	// done: it reaches up to the key next, exclusive; to the end if that is "".
	done bool
	next string
}

// cursor is how far a scan has been read, which is behind what has been listed:
// some stretches in the order of keys, as many as there are spans under way or
// waiting to be read, so at most some three a worker.
type cursor struct {
	stretches []*stretch
	objects   int64
}

// cursorRecord is a cursor as it is stored.
type cursorRecord struct {
	Version   int
	Objects   int64
	Stretches []*stretch
	// Tail: the last stretch reaches to the end of the listing.
	Tail bool
}

const cursorVersion = 1

// read books a page whose objects were all read.
func (c *cursor) read(p *page) {
	s := p.span.stretch
	if s == nil {
		s = &stretch{First: []byte(*p.objects[0].Key), Last: []byte(p.span.after), span: p.span}
		p.span.stretch = s
		at, _ := slices.BinarySearchFunc(c.stretches, s, func(a, b *stretch) int { return slices.Compare(a.First, b.First) })
		c.stretches = slices.Insert(c.stretches, at, s)
	}
	for _, o := range p.objects[max(0, len(p.objects)-2):] {
		s.Prev, s.Last = s.Last, []byte(*o.Key)
	}
	c.objects += int64(len(p.objects))
	if p.last {
		s.done, s.next = true, p.end
	}
	c.join()
}

// join makes one stretch of two without a gap between them.
func (c *cursor) join() {
	kept := c.stretches[:1]
	for _, b := range c.stretches[1:] {
		a := kept[len(kept)-1]
		if !a.done || a.next != string(b.First) {
			kept = append(kept, b)
			continue
		}
		a.Prev, a.Last, a.done, a.next, a.span = b.Prev, b.Last, b.done, b.next, b.span
		if a.span != nil { // it has none if it was read to the end by an earlier scan
			a.span.stretch = a
		}
	}
	clear(c.stretches[len(kept):])
	c.stretches = kept
}

// record returns what is stored.
func (c *cursor) record() []byte {
	last := c.stretches[len(c.stretches)-1]
	b, err := json.Marshal(cursorRecord{cursorVersion, c.objects, c.stretches, last.done && last.next == ""})
	if err != nil {
		panic(err) // there is nothing in it that JSON lacks
	}
	return b
}

// newCursor returns the cursor of a record, and the spans that are left; without
// a record, those of a scan that begins.
func newCursor(record []byte) (*cursor, []*span, error) {
	if record == nil {
		s := &span{stretch: &stretch{}}
		s.stretch.span = s
		return &cursor{stretches: []*stretch{s.stretch}}, []*span{s}, nil
	}
	var r cursorRecord
	if err := json.Unmarshal(record, &r); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCursor, err)
	}
	if r.Version != cursorVersion || len(r.Stretches) == 0 {
		return nil, nil, fmt.Errorf("%w: it was stored by another version", ErrCursor)
	}
	c := &cursor{r.Stretches, r.Objects}
	var spans []*span
	for i, st := range c.stretches {
		if i == len(c.stretches)-1 && r.Tail {
			st.done = true
			break
		}
		s := &span{after: string(st.Prev), pos: string(st.Last), resumed: len(st.Last) > 0, stretch: st}
		if i+1 < len(c.stretches) {
			s.end = string(c.stretches[i+1].First)
		}
		st.span = s
		spans = append(spans, s)
	}
	return c, spans, nil
}
