package bolt

import (
	"cmp"
	"context"
	"slices"

	"airlift/queue"
)

// change is a row of a known object that the reading meets for the first time.
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

// compare compares the contents of the rows with those that the items of their objects stand for. It is called with the
// batch's turn, under which alone histories change. An item that is claimed meanwhile is as good as one that waits: its
// job reads what the source told of, or what came later.
func (db *DB) compare(ctx context.Context, b *batch, items []queue.Item, s *sifted) error {
	sortChanges(s.changes)
	for part := range slices.Chunk(s.changes, viewRows) {
		var block []queue.Item
		err := db.viewBatch(ctx, b, func(bk buckets) (err error) {
			for i := range part {
				c := &part[i]
				c.content = items[c.row].Content
				if block, err = c.meet(bk, block); err != nil {
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
			s.known--
			s.isNew[c.row] = true
		}
	}
	return nil
}

// meet compares one row. The block that was unpacked last is kept for the next row: they mostly come in the order of the
// items.
func (c *change) meet(bk buckets, block []queue.Item) ([]queue.Item, error) {
	if c.content == 0 {
		c.is = queue.CannotTell
		return block, nil
	}
	block, err := c.load(bk, block)
	if err != nil {
		return block, err
	}
	c.is, c.altered, err = c.history.Compare(c.first, c.content, bk.mayHaveJob)
	c.altered = c.altered || c.is == queue.ContentsNew
	return block, err
}

// load reads the history of the object: what is kept of it, or else what its first item was added with.
func (c *change) load(bk buckets, block []queue.Item) (_ []queue.Item, err error) {
	some := false
	if c.history, some, err = historyOf(bk, c.first); err != nil || some {
		return block, err
	}
	if len(block) == 0 || c.first-block[0].Seq >= uint64(len(block)) {
		if block, err = blockOf(bk, c.first); err != nil {
			return block, err
		}
	}
	c.history.First = block[c.first-block[0].Seq].Content
	return block, nil
}

// sortChanges puts rows in the order of their objects.
func sortChanges(rows []change) {
	slices.SortFunc(rows, func(x, y change) int { return cmp.Compare(x.first, y.first) })
}

// kept returns the histories to store, once the versions have their numbers.
func (s *sifted) kept() []kept {
	var list []kept
	for i := range s.changes {
		if c := &s.changes[i]; c.altered {
			list = append(list, kept{c.first, c.history})
		}
	}
	return list
}
