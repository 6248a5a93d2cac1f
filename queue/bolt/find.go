package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// Find returns the item of that object and version, and whether the batch has it.
func (db *DB) Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error) {
	b, err := db.lookup(id)
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	rows := b.index.Rows([]queue.Item{{Bucket: o.Bucket, Key: o.Key}})
	matches, err := b.index.Lookup(ctx, rows)
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	if len(matches) == 0 {
		return queue.Entry{}, false, nil
	}
	var e queue.Entry
	found := false
	err = db.viewBatch(ctx, b, func(bk buckets) error {
		seq := matches[0].Seq
		if o.Version != 0 {
			h, _, err := historyOf(bk, seq)
			if err != nil {
				return err
			}
			have := false
			if seq, have = h.Find(o.Version); !have {
				return nil
			}
		}
		it, err := b.item(bk, seq)
		if err != nil {
			return err
		}
		rec, _, err := current(bk, it.Seq)
		e, found = queue.Entry{Item: it, Record: rec.Record}, true
		return err
	})
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	return e, found, nil
}

// Sent implements [queue.Intake].
func (db *DB) Sent(ctx context.Context, id string, items []queue.Item, changed bool) (sent []bool, alike []string, err error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, nil, fmt.Errorf("sent: %w", err)
	}
	sent = make([]bool, len(items))
	if !b.public.Load().Sent {
		return sent, make([]string, len(items)), db.usable(ctx)
	}
	if err := db.sent(ctx, b, items, changed, sent); err != nil {
		return nil, nil, fmt.Errorf("sent in batch %q: %w", id, err)
	}
	if alike, err = db.alike(ctx, b, items); err != nil {
		return nil, nil, fmt.Errorf("alike in batch %q: %w", id, err)
	}
	return sent, alike, nil
}

func (db *DB) sent(ctx context.Context, b *batch, items []queue.Item, changed bool, sent []bool) error {
	all, found, err := db.lookupNew(ctx, b, items)
	if err != nil {
		return err
	}
	var rows []change // of known objects
	for same, match := range index.Objects(all, found) {
		for i := 0; match != nil && i < len(same); i++ {
			rows = append(rows, change{row: same[i].N, first: match.Seq, content: items[same[i].N].Content})
		}
	}
	sortChanges(rows)
	for part := range slices.Chunk(rows, viewRows) {
		err := db.viewBatch(ctx, b, func(bk buckets) (err error) {
			for i := range part {
				c := &part[i]
				if !changed {
					c.content = 0
				}
				if err = c.load(b, bk); err != nil {
					return err
				}
				sent[c.row], err = c.history.AnySent(c.first, c.content, bk.mayHaveJob)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lookupNew looks up items outside an Add.
func (db *DB) lookupNew(ctx context.Context, b *batch, items []queue.Item) ([]index.Row, []index.Match, error) {
	if err := b.intake.lock(ctx); err != nil {
		return nil, nil, err
	}
	defer b.intake.unlock()
	rows := b.index.Rows(items)
	found, err := b.index.LookupNew(ctx, rows)
	return rows, found, err
}
