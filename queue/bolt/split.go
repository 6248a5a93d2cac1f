package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// split is a chunk split into new and known rows.
type split struct {
	*index.Split
	base      uint64 // seq of the first new item
	isNew     []bool // by row
	unsure    int
	conflicts []queue.Rejected
	changes   []change // the known rows, if their contents are asked for; see compare
}

// split tells new rows from known, repeated and contradicting ones, and with changed those of changed objects too. The
// caller has the batch's intake. On trial a reading begins with the rows.
func (db *DB) split(ctx context.Context, b *batch, items []queue.Item, rows []index.Row, changed, trial bool) (*split, error) {
	s := &split{base: uint64(b.public.Load().Counts.Items), isNew: make([]bool, len(items))}
	if s.base+uint64(len(items)) > index.MaxSeq {
		return nil, fmt.Errorf("a batch has at most %d items", uint64(index.MaxSeq))
	}
	found, err := b.index.LookupNew(ctx, rows)
	if err != nil {
		return nil, err
	}
	unsourced, err := db.loadAlikes(ctx, b)
	if err != nil {
		return nil, err
	}
	in := &b.intake
	var alike func(int32) (uint64, bool)
	if unsourced.some() {
		alike = func(n int32) (uint64, bool) { return unsourced.of(&items[n]) }
	}
	s.Split = index.SplitRows(rows, found, func(m *index.Match) bool {
		return !trial && (in.seen.Has(m.Seq) || m.Seq >= in.since && !m.Unsourced())
	}, alike)
	for _, r := range s.New {
		s.isNew[r.N] = true
	}
	if changed {
		if err := db.compare(ctx, b, items, s); err != nil {
			return nil, err
		}
	}
	s.number()
	s.conflicts, err = db.explain(ctx, b, items, s.Conflicts)
	return s, err
}

// result says what becomes of the rows.
func (s *split) result() queue.Added {
	a := queue.Added{Added: len(s.New), Known: len(s.Known), Unsure: s.unsure, Duplicates: s.Duplicates, Conflicts: s.conflicts}
	for i := range s.changes {
		if s.changes[i].is == queue.ContentsNew {
			a.Added, a.Known = a.Added+1, a.Known-1
		}
	}
	return a
}

// seen are the first items of the known objects.
func (s *split) seen() []uint64 {
	var seqs []uint64
	for _, k := range s.Known {
		seqs = append(seqs, k.Seq)
	}
	return seqs
}

// number gives the new items their sequence numbers, in the order of the rows, and versions their numbers.
func (s *split) number() {
	places := make([]int32, len(s.isNew))
	next := int32(0)
	for row, yes := range s.isNew {
		places[row] = next
		if yes {
			next++
		}
	}
	for i := range s.New {
		s.New[i].N = places[s.New[i].N]
	}
	for i := range s.changes {
		if c := &s.changes[i]; c.is == queue.ContentsNew {
			c.version = c.history.Add(s.base+uint64(places[c.row]), c.content)
		}
	}
}

// newItems returns the new items in order; the chunk itself, if all are new and none is a version.
func (s *split) newItems(items []queue.Item) []queue.Item {
	if len(s.New) == len(items) {
		return items
	}
	versions := map[int32]uint64{}
	for i := range s.changes {
		if c := &s.changes[i]; c.is == queue.ContentsNew {
			versions[c.row] = c.version
		}
	}
	list := make([]queue.Item, 0, len(s.New)+len(versions))
	for i := range items {
		if s.isNew[i] {
			list = append(list, items[i])
			list[len(list)-1].Version = versions[int32(i)]
		}
	}
	return list
}

// explain turns contradicting rows into rejected ones, in the order of the rows.
func (db *DB) explain(ctx context.Context, b *batch, items []queue.Item, list []index.Conflict) ([]queue.Rejected, error) {
	slices.SortFunc(list, func(x, y index.Conflict) int { return int(x.N) - int(y.N) })
	var rejected []queue.Rejected
	for part := range slices.Chunk(list, viewRows) {
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			for _, c := range part {
				reason, err := b.conflictReason(bk, c, items)
				if err != nil {
					return err
				}
				it := &items[c.N]
				rejected = append(rejected, queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Extra: it.Extra, Reason: reason})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rejected, nil
}

// conflictReason says what a row contradicts.
func (b *batch) conflictReason(bk buckets, c index.Conflict, items []queue.Item) (string, error) {
	if c.First >= 0 {
		return queue.OtherFieldsReason(&items[c.First]), nil
	}
	it, err := b.item(bk, c.Seq)
	if err != nil || !c.Alike {
		return queue.OtherFieldsReason(&it), err
	}
	rec, _, err := current(bk, c.Seq)
	return queue.AlikeReason(b.public.Load().ID, &queue.Entry{Item: it, Record: rec.Record}), err
}
