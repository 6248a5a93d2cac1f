package index

import (
	"context"
	"encoding/binary"
	"math/bits"
	"slices"

	"airlift/queue/bolt/codec"
)

// run is a stored run: a bucket of groups (see group.go), each under the hash of its first entry.
type run struct {
	number  []byte
	entries int64
}

// runsOf returns the runs, oldest first.
func runsOf(tx Tx) ([]run, error) {
	var list []run
	c := tx.Runs().Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		value, ok := codec.Bound(k, v)
		n, size := binary.Uvarint(value)
		if !ok || len(k) != 4 || size != len(value) || size <= 0 {
			return nil, codec.Damaged("the index has a garbled run")
		}
		list = append(list, run{slices.Clone(k), int64(n)})
	}
	return list, nil
}

func (r run) cursor(tx Tx) (Cursor, error) {
	b := tx.Run(r.number)
	if b == nil {
		return nil, codec.Damaged("run %d of the index is missing", binary.BigEndian.Uint32(r.number))
	}
	return b.Cursor(), nil
}

// runWriter packs sorted entries into the values of a run.
type runWriter struct {
	keys, values [][]byte
	pending      []entry // of the group that is being filled
	shape        groupShape
	entries      int64
}

func (w *runWriter) add(e entry) {
	n := len(w.pending)
	before := w.shape
	if n == 0 {
		w.shape = shapeOf(&e)
	} else if w.shape.take(&e); groupHead+(n+1)*w.shape.width()+codec.SumLen > groupMax {
		w.shape = before
		w.flush()
		w.shape = shapeOf(&e)
	}
	w.pending = append(w.pending, e)
	w.entries++
}

func (w *runWriter) flush() {
	if len(w.pending) > 0 {
		key, value := packGroup(w.pending, w.shape)
		w.keys, w.values = append(w.keys, key), append(w.values, value)
		w.pending = w.pending[:0]
	}
}

// Change is a change of the runs, worked out outside a transaction and to be stored in one.
type Change struct {
	x     *Index
	run   *runWriter // nil: none
	drop  []run
	flush bool // the run has all that the memtable has
}

// Full reports whether the memtable has enough entries for a run.
func (x *Index) Full() bool {
	m := x.memtable.Load()
	return m != nil && m.len() >= maxRun
}

// Flush returns the change that stores the memtable as a run, nil if the runs go up to the last item.
func (x *Index) Flush() *Change {
	m := x.memtable.Load()
	if items, _ := x.config.Count(); m == nil || x.indexed == uint64(items) {
		return nil
	}
	c := &Change{x: x, flush: true}
	if m.len() > 0 { // else the items are versions, which are not in the index
		c.run = m.run()
	}
	return c
}

// Store stores the change in a transaction and in the books, in which the batch has so many items. done is to be called
// once that is durable.
func (c *Change) Store(tx Tx, b *Extent, items int64) (done func(), err error) {
	if c.run != nil {
		number := binary.BigEndian.AppendUint32(nil, b.Runs)
		b.Runs++
		bucket, err := tx.CreateRun(number)
		if err != nil {
			return nil, err
		}
		for i, k := range c.run.keys {
			if err := bucket.Put(k, c.run.values[i]); err != nil {
				return nil, err
			}
		}
		if err := tx.Runs().Put(number, codec.Bind(number, binary.AppendUvarint(nil, uint64(c.run.entries)))); err != nil {
			return nil, err
		}
	}
	for _, r := range c.drop {
		if err := tx.DeleteRun(r.number); err != nil {
			return nil, err
		}
		if err := tx.Runs().Delete(r.number); err != nil {
			return nil, err
		}
	}
	if !c.flush {
		return func() {}, nil
	}
	b.Indexed = uint64(items)
	return func() {
		c.x.memtable.Store(&memtable{})
		c.x.indexed = uint64(items)
	}, nil
}

// mergeRunsAt is how many runs of a size class are made one.
const mergeRunsAt = 8

// Merge returns a change that makes one run of several small ones, so that a lookup goes through few; nil if there is
// nothing to merge. It reads in one transaction, some 50 ms at most.
func (x *Index) Merge(ctx context.Context) (c *Change, err error) {
	err = x.config.View(ctx, func(tx Tx) error {
		runs, err := runsOf(tx)
		if err != nil {
			return err
		}
		if from := mergeable(runs); from != nil {
			c = &Change{x: x, run: &runWriter{}, drop: from}
			return merge(c.run, tx, from)
		}
		return nil
	})
	return c, err
}

// mergeable returns runs to be made one: the oldest of a size class that has eight, as many as may make one.
func mergeable(runs []run) []run {
	classes := map[int][]run{}
	for _, r := range runs {
		class := (bits.Len64(uint64(r.entries)) - 1) / 3 // each class spans a factor of eight
		classes[class] = append(classes[class], r)
	}
	for _, list := range classes {
		if len(list) < mergeRunsAt {
			continue
		}
		n, sum := 0, int64(0)
		for n < len(list) && sum+list[n].entries <= maxRun {
			sum += list[n].entries
			n++
		}
		if n > 1 {
			return list[:n]
		}
	}
	return nil
}

// source is a run that is being merged, with its next entry.
type source struct {
	c    Cursor
	g    group
	next int // of the group
	head hash
}

// load decodes the group that the cursor has moved to, and reports whether there is one.
func (s *source) load(k, v []byte) (more bool, err error) {
	if k == nil {
		return false, nil
	}
	if s.g, err = groupOf(k, v); err != nil {
		return false, err
	}
	s.next, s.head = 0, s.g.hashAt(0)
	return true, nil
}

// merge writes the entries of all the runs, sorted.
func merge(w *runWriter, tx Tx, runs []run) error {
	var sources []*source
	for _, r := range runs {
		c, err := r.cursor(tx)
		if err != nil {
			return err
		}
		s := &source{c: c}
		if more, err := s.load(c.First()); err != nil {
			return err
		} else if more {
			sources = append(sources, s)
		}
	}
	for len(sources) > 0 {
		least := 0
		for i, s := range sources {
			if s.head.compare(sources[least].head) < 0 {
				least = i
			}
		}
		s := sources[least]
		w.add(s.g.at(s.next))
		if s.next++; s.next < s.g.len() {
			s.head = s.g.hashAt(s.next)
			continue
		}
		if more, err := s.load(s.c.Next()); err != nil {
			return err
		} else if !more {
			sources = slices.Delete(sources, least, least+1)
		}
	}
	w.flush()
	return nil
}
