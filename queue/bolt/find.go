package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/index"
)

// Find implements [queue.Reader].
func (db *DB) Find(ctx context.Context, id string, o queue.Object) (e queue.Entry, found bool, err error) {
	b, err := db.lookup(id)
	var matches []index.Match
	if err == nil {
		matches, err = b.index.Lookup(ctx, b.index.Rows([]queue.Item{{Bucket: o.Bucket, Key: o.Key}}))
	}
	if len(matches) > 0 {
		err = db.viewBatch(ctx, b, func(bk buckets) error {
			e, found, err = b.entry(bk, matches[0].Seq, o.Version)
			return err
		})
	}
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	return e, found, nil
}

// entry returns an item of the object whose first item is given, with its record: that of a version, or the first.
func (b *batch) entry(bk buckets, seq, version uint64) (e queue.Entry, found bool, err error) {
	if version != 0 {
		h, _, err := historyOf(bk, seq)
		if err != nil {
			return e, false, err
		}
		if seq, found = h.Find(version); !found {
			return e, false, nil
		}
	}
	if e.Item, err = b.item(bk, seq); err != nil {
		return e, false, err
	}
	rec, _, err := current(bk, seq)
	e.Record = rec.Record
	return e, true, err
}

// Sent implements [queue.Intake].
func (db *DB) Sent(ctx context.Context, id string, items []queue.Item, changed bool) (sent []bool, alike []string, err error) {
	err = db.withIntake(ctx, "sent", id, func(b *batch) error {
		sent, alike = make([]bool, len(items)), make([]string, len(items))
		if !b.public.Load().Sent {
			return db.usable(ctx)
		}
		if err := db.sent(ctx, b, items, changed, sent); err != nil {
			return err
		}
		return db.alike(ctx, b, items, alike)
	})
	return sent, alike, err
}

func (db *DB) sent(ctx context.Context, b *batch, items []queue.Item, changed bool, sent []bool) error {
	all := b.index.Rows(items)
	lookup := b.index.LookupNew
	if len(all) <= viewRows {
		lookup = b.index.Lookup // not worth the filter of a large batch
	}
	found, err := lookup(ctx, all)
	if err != nil {
		return err
	}
	var rows []change // of known objects
	for same, match := range index.Objects(all, found) {
		for i := 0; match != nil && i < len(same); i++ {
			c := change{row: same[i].N, first: match.Seq}
			if changed {
				c.content = items[c.row].Content
			}
			rows = append(rows, c)
		}
	}
	sortChanges(rows)
	return db.viewParts(ctx, b, len(rows), func(bk buckets, i int) (err error) {
		c := &rows[i]
		if err = c.load(b, bk); err == nil {
			sent[c.row], err = c.history.AnySent(c.first, c.content, bk.mayHaveJob)
		}
		return err
	})
}

// viewParts calls fn with each of n numbers, viewRows in one transaction.
func (db *DB) viewParts(ctx context.Context, b *batch, n int, fn func(bk buckets, i int) error) error {
	for from := 0; from < n; from += viewRows {
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			for i := from; i < min(from+viewRows, n); i++ {
				if err := fn(bk, i); err != nil {
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

// Has implements [queue.Intake].
func (db *DB) Has(ctx context.Context, id string, items []queue.Item, changed bool) (has []bool, err error) {
	has = make([]bool, len(items))
	err = db.withIntake(ctx, "has", id, func(b *batch) error {
		rows := b.index.Rows(items)
		s, err := db.split(ctx, b, items, rows, changed, false)
		if err != nil {
			return err
		}
		for same := range index.Objects(rows, nil) {
			add := slices.ContainsFunc(same, func(r index.Row) bool { return s.isNew[r.N] })
			for _, r := range same {
				has[r.N] = !add
			}
		}
		return nil
	})
	return has, err
}
