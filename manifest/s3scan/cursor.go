package s3scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrCursor is wrapped by the error of a scan that cannot continue from its cursor: it must start at the beginning.
var ErrCursor = errors.New("the scan cannot go on where it ended")

// stretch is a part of a listing that was read without a gap.
type stretch struct {
	// First is its first key, "" at the beginning of the listing. Last is its last
	// key. Prev is a key after which the server listed Last: a scan that continues
	// checks that it still does. They are bytes because JSON changes invalid UTF-8.
	First, Prev, Last []byte

	keyRange *keyRange // that extends it
	// done says that it reaches up to the key next, exclusive; "" is the end.
	done bool
	next string
}

// cursor says what of a scan was read, which is less than what was listed: stretches
// in key order, one for each range in progress, so about three a worker at most.
type cursor struct {
	stretches []*stretch
	objects   int64
}

// cursorRecord is a cursor as it is stored.
type cursorRecord struct {
	Version   int
	Objects   int64
	Stretches []*stretch
	// Tail says that the last stretch reaches the end of the listing.
	Tail bool
}

const cursorVersion = 1

// read adds a page whose objects were all read.
func (c *cursor) read(p *page) {
	s := p.keyRange.stretch
	if s == nil {
		s = &stretch{First: []byte(*p.objects[0].Key), Last: []byte(p.keyRange.after), keyRange: p.keyRange}
		p.keyRange.stretch = s
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

// join merges adjacent stretches.
func (c *cursor) join() {
	kept := c.stretches[:1]
	for _, b := range c.stretches[1:] {
		a := kept[len(kept)-1]
		if !a.done || a.next != string(b.First) {
			kept = append(kept, b)
			continue
		}
		a.Prev, a.Last, a.done, a.next, a.keyRange = b.Prev, b.Last, b.done, b.next, b.keyRange
		if a.keyRange != nil { // nil if an earlier scan read it to the end
			a.keyRange.stretch = a
		}
	}
	clear(c.stretches[len(kept):])
	c.stretches = kept
}

// record returns the stored form.
func (c *cursor) record() []byte {
	last := c.stretches[len(c.stretches)-1]
	b, err := json.Marshal(cursorRecord{cursorVersion, c.objects, c.stretches, last.done && last.next == ""})
	if err != nil {
		panic(err) // cannot happen: it holds numbers and bytes
	}
	return b
}

// newCursor returns the cursor of a record and the ranges that are left; without a record, those of a new scan.
func newCursor(record []byte) (*cursor, []*keyRange, error) {
	if record == nil {
		s := &keyRange{stretch: &stretch{}}
		s.stretch.keyRange = s
		return &cursor{stretches: []*stretch{s.stretch}}, []*keyRange{s}, nil
	}
	var r cursorRecord
	if err := json.Unmarshal(record, &r); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrCursor, err)
	}
	if r.Version != cursorVersion || len(r.Stretches) == 0 {
		return nil, nil, fmt.Errorf("%w: it was stored by another version", ErrCursor)
	}
	c := &cursor{r.Stretches, r.Objects}
	var ranges []*keyRange
	for i, st := range c.stretches {
		if i == len(c.stretches)-1 && r.Tail {
			st.done = true
			break
		}
		s := &keyRange{after: string(st.Prev), pos: string(st.Last), resumed: len(st.Last) > 0, stretch: st}
		if i+1 < len(c.stretches) {
			s.end = string(c.stretches[i+1].First)
		}
		st.keyRange = s
		ranges = append(ranges, s)
	}
	return c, ranges, nil
}
