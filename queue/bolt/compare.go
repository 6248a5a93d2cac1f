package bolt

import (
	"cmp"
	"context"
	"slices"

	"airlift/queue"
)

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
// batch's intake, under which alone histories change. An item that is claimed meanwhile is as good as one that waits: its
// job reads what the source told of, or what came later.
func (db *DB) compare(ctx context.Context, b *batch, items []queue.Item, s *split) error {
	for _, k := range s.Known {
		s.changes = append(s.changes, change{row: k.N, first: k.Seq, content: items[k.N].Content})
	}
	sortChanges(s.changes)
	for part := range slices.Chunk(s.changes, viewRows) {
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			for i := range part {
				if err := part[i].compare(b, bk); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
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
