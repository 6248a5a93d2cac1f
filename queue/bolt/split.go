package bolt

import (
	"cmp"
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
// caller holds the batch's intake. On trial a reading begins with the rows.
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
	if !unsourced.Empty() {
		alike = func(n int32) (uint64, bool) { return unsourced.Find(&items[n]) }
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

// itemsOf returns the new items in order; the chunk itself, if all are new and none is a version.
func (s *split) itemsOf(items []queue.Item) []queue.Item {
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
	err := db.viewParts(ctx, b, len(list), func(bk buckets, i int) error {
		reason, err := b.conflictReason(bk, list[i], items)
		it := &items[list[i].N]
		rejected = append(rejected, queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Extra: it.Extra, Reason: reason})
		return err
	})
	return rejected, err
}

// conflictReason returns the reason to reject a conflicting row.
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

// change is a row of a known object that the reading has for the first time.
type change struct {
	row     int32
	first   uint64 // the object's first item
	content queue.Content
	is      queue.Comparison
	// history is to be stored if altered is set.
	history queue.History
	altered bool
	version uint64 // of the further item, if there is to be one
}

// compare compares the contents of the rows with those that the items of their objects stand for. The caller has the
// batch's intake, which guards histories. An item that is claimed meanwhile counts as pending: its
// job reads what the source showed, or something later.
func (db *DB) compare(ctx context.Context, b *batch, items []queue.Item, s *split) error {
	for _, k := range s.Known {
		s.changes = append(s.changes, change{row: k.N, first: k.Seq, content: items[k.N].Content})
	}
	sortChanges(s.changes)
	err := db.viewParts(ctx, b, len(s.changes), func(bk buckets, i int) error { return s.changes[i].compare(b, bk) })
	if err != nil {
		return err
	}
	for i := range s.changes {
		switch c := &s.changes[i]; c.is {
		case queue.CannotTell:
			s.unsure++
		case queue.ContentsNew:
			s.isNew[c.row] = true
		}
	}
	return nil
}

// compare compares one row.
func (c *change) compare(b *batch, bk buckets) error {
	if c.content == 0 {
		c.is = queue.CannotTell
		return nil
	}
	err := c.load(b, bk)
	if err != nil {
		return err
	}
	c.is, c.altered, err = c.history.Compare(c.first, c.content, bk.mayHaveJob)
	c.altered = c.altered || c.is == queue.ContentsNew
	return err
}

// load reads the history of the object: the stored one, or else what its first item was added with.
func (c *change) load(b *batch, bk buckets) (err error) {
	stored := false
	if c.history, stored, err = historyOf(bk, c.first); err != nil || stored {
		return err
	}
	it, err := b.item(bk, c.first)
	c.history.First = it.Content
	return err
}

// sortChanges puts rows in the order of their objects, so that each block is decoded once.
func sortChanges(rows []change) {
	slices.SortFunc(rows, func(x, y change) int { return cmp.Compare(x.first, y.first) })
}

// histories returns those to store, once the versions have their numbers.
func (s *split) histories() []objectHistory {
	var list []objectHistory
	for i := range s.changes {
		if c := &s.changes[i]; c.altered {
			list = append(list, objectHistory{c.first, c.history})
		}
	}
	return list
}
