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

// SentElsewhere returns the oldest other batch in which any of the items' objects is or may have been sent (see
// [queue.Record.MayHaveJob]), and how many are; "" and 0 if there is none. An item whose name is that of a job there, as in
// a report, asks for this one item of the object.
func (db *DB) SentElsewhere(ctx context.Context, notBatch string, items []queue.Item) (batch string, n int, err error) {
	refs := prepare(db.indexKey, items)
	for _, b := range db.all() {
		if p := b.public.Load(); p.ID == notBatch || !p.Sent {
			continue
		}
		l, err := db.lateOf(ctx, b)
		if err != nil {
			return "", 0, fmt.Errorf("sent elsewhere: %w", err)
		}
		err = db.viewBatch(ctx, b, func(bk buckets) error {
			probes := make([]probe, len(refs))
			for i := range refs {
				probes[i].hash = refs[i].hash
			}
			if _, err := lookup(bk, l, 0, probes); err != nil {
				return err
			}
			for i, p := range probes {
				if !p.found {
					continue
				}
				sent, err := b.sent(bk, p.seq, items[refs[i].row].Name)
				if err != nil {
					return err
				}
				if sent {
					n++
				}
			}
			return nil
		})
		if err != nil {
			return "", 0, fmt.Errorf("sent elsewhere: %w", err)
		}
		if n > 0 {
			return b.public.Load().ID, n, nil
		}
	}
	return "", 0, nil
}

// sent reports whether the object is or may have been sent: the item whose job has the name or, if that is none's, any.
func (b *batch) sent(bk buckets, first uint64, name string) (bool, error) {
	h, _, err := historyOf(bk, first)
	if err != nil {
		return false, err
	}
	if name != "" {
		names, err := queue.NewNamer(*b.public.Load())
		if err != nil {
			return false, err
		}
		named := []uint64{first}
		if seq, ok := h.Find(queue.VersionIn(name)); ok {
			named = append(named, seq)
		}
		for _, seq := range named {
			it, err := b.item(bk, seq)
			if err != nil {
				return false, err
			}
			if names.Name(&it) == name {
				return bk.mayHaveJob(seq)
			}
		}
	}
	return h.AnySent(first, 0, bk.mayHaveJob)
}

// Sent reports of each item, which need not be one of the batch, whether the batch has an item of its object that is or
// may have been sent. With changed an item counts only if its contents may be the given one's, as far as both are known.
func (db *DB) Sent(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("sent: %w", err)
	}
	sent := make([]bool, len(items))
	if !b.public.Load().Sent {
		return sent, db.usable(ctx)
	}
	refs := prepare(db.indexKey, items)
	probes, err := db.probeAlone(ctx, b, refs)
	if err != nil {
		return nil, fmt.Errorf("sent in batch %q: %w", id, err)
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
			return nil, fmt.Errorf("sent in batch %q: %w", id, err)
		}
	}
	return sent, nil
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
