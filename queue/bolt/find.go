package bolt

import (
	"context"
	"fmt"
	"slices"

	"airlift/queue"
)

// Find returns the item of that object and version, and whether the batch has it.
func (db *DB) Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error) {
	b, err := db.lookup(id)
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	var e queue.Entry
	found := false
	l, err := db.lateOf(ctx, b)
	if err != nil {
		return queue.Entry{}, false, fmt.Errorf("find: %w", err)
	}
	err = db.viewBatch(ctx, b, func(bk buckets) error {
		hits := []probe{{hash: newHasher(db.indexKey).object(o.Bucket, o.Key)}}
		if _, err := lookup(bk, l, 0, hits); err != nil || !hits[0].found {
			return err
		}
		seq := hits[0].seq
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
	refs := prepare(db.indexKey, items)
	probes, err := db.probeAlone(ctx, b, refs)
	if err != nil {
		return err
	}
	var rows []change // of known objects
	for _, r := range refs {
		for len(probes) > 0 && probes[0].compare(r.hash) < 0 {
			probes = probes[1:]
		}
		if len(probes) > 0 && probes[0].hash == r.hash && probes[0].found {
			rows = append(rows, change{row: r.row, first: probes[0].seq, content: items[r.row].Content})
		}
	}
	sortChanges(rows)
	for part := range slices.Chunk(rows, viewRows) {
		err := db.viewBatch(ctx, b, func(bk buckets) (err error) {
			var block []queue.Item
			for i := range part {
				c := &part[i]
				if !changed {
					c.content = 0
				}
				if block, err = c.load(bk, block); err != nil {
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

// probeAlone looks rows up outside an Add.
func (db *DB) probeAlone(ctx context.Context, b *batch, refs []ref) ([]probe, error) {
	if err := b.adding.lock(ctx); err != nil {
		return nil, err
	}
	defer b.adding.unlock()
	if err := db.loadBloom(ctx, b, 0); err != nil {
		return nil, err
	}
	return db.probe(ctx, b, refs, false)
}
