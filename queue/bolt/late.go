package bolt

import (
	"context"
	"slices"

	"airlift/queue"
)

// lateMost is how many entries are kept for a run: large, so that an entry is written once and a lookup goes through few
// runs, and small enough for memory (13 MB) and for being made again by the process after a crash.
const lateMost = maxRun

// late is what the index has of the newest items: entries that are in memory only, until they are a run's worth or the
// reading ends. A process that was killed loses nothing with them: the books say how far the runs go, and the next one
// that needs the index makes the rest again from the items. It never changes once others see it.
type late struct {
	some []stretch // in the order of the items
}

// stretch is what the index has of some items, sorted by hash. The sequence number of an item is base plus its row.
type stretch struct {
	base uint64
	refs []ref
}

// entry returns the i-th entry.
func (s *stretch) entry(i int) entry {
	r := &s.refs[i]
	return entry{hash: r.hash, fp: r.fp, seq: s.base + uint64(r.row)}
}

// len returns the number of entries.
func (l *late) len() (n int) {
	for _, s := range l.some {
		n += len(s.refs)
	}
	return n
}

// lateFew is how many stretches of fewer entries than this part of a run are kept: a scan may go on for hours, and add
// what it finds twenty times a second.
const lateFew = 32

// with returns what there is after one more stretch.
func (l *late) with(s stretch) *late {
	if len(s.refs) == 0 {
		return l
	}
	some := append(slices.Clip(l.some), s)
	small := len(some)
	for small > 0 && len(some[small-1].refs) < lateMost/lateFew {
		small--
	}
	if len(some)-small >= lateFew {
		some = append(some[:small:small], join(some[small:], 0))
	}
	return &late{some}
}

// lookup looks the probes up, which must be sorted by hash, and returns those that are not found.
func (l *late) lookup(todo []*probe) []*probe {
	for _, s := range l.some {
		left := todo[:0]
		for _, p := range todo {
			at, found := slices.BinarySearchFunc(s.refs, p.hash, ref.compare)
			s.refs = s.refs[at:]
			if found {
				e := s.entry(0)
				p.found, p.fp, p.seq = true, e.fp, e.seq
			} else {
				left = append(left, p)
			}
		}
		todo = left
	}
	return todo
}

// lateOf returns what the index has of a batch in memory. Whoever looks something up must call it before the read
// transaction: then each entry is in the one or in a run that the other sees.
func (db *DB) lateOf(ctx context.Context, b *batch) (*late, error) {
	if l := b.late.Load(); l != nil {
		return l, nil
	}
	if err := b.adding.lock(ctx); err != nil {
		return nil, err
	}
	defer b.adding.unlock()
	return db.loadLate(ctx, b)
}

// loadLate is lateOf with the batch's turn.
func (db *DB) loadLate(ctx context.Context, b *batch) (*late, error) {
	if l := b.late.Load(); l != nil {
		return l, nil
	}
	items := uint64(b.public.Load().Counts.Items)
	l, err := readLate(db.indexKey, b.adding.indexed, items, func(seq uint64) (block []queue.Item, err error) {
		err = db.viewBatch(ctx, b, func(bk buckets) (err error) {
			block, err = blockOf(bk, seq)
			return err
		})
		return block, err
	})
	if err != nil {
		return nil, err
	}
	b.late.Store(l)
	return l, nil
}

// readLate makes the entries of the items between two sequence numbers again, by their blocks.
func readLate(key [16]byte, from, to uint64, block func(seq uint64) ([]queue.Item, error)) (*late, error) {
	l := &late{}
	var items []queue.Item
	for seq := from; seq < to; {
		some, err := block(seq)
		if err != nil {
			return nil, err
		}
		some = some[seq-some[0].Seq:]
		seq += uint64(len(some))
		items = append(items, some...)
		if len(items) >= checkItems || seq >= to {
			l = l.with(stretchOf(key, items))
			items = items[:0]
		}
	}
	return l, nil
}

// stretchOf returns what the index has of stored items: the first item of each object.
func stretchOf(key [16]byte, items []queue.Item) stretch {
	refs := slices.DeleteFunc(prepare(key, items), func(r ref) bool { return items[r.row].Version != 0 })
	return stretch{items[0].Seq, refs}
}
