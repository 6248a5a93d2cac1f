package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// changeRows is how many items a commit of Change changes at most.
const changeRows = 8192

// Change implements [queue.Admin]. It commits in steps. To replace, it needs a bit an item in memory, as every reading
// does.
func (db *DB) Change(ctx context.Context, id string, c queue.Change) (queue.Changed, error) {
	b, err := db.lookup(id)
	if err == nil {
		_, err = c.From()
	}
	if err != nil {
		return queue.Changed{}, fmt.Errorf("%s: %w", c.Do, err)
	}
	var n queue.Changed
	if c.Do == queue.DoReplace {
		n, err = db.replace(ctx, b)
	} else {
		n, err = db.change(ctx, b, c, c.Takes)
	}
	if err != nil {
		return n, fmt.Errorf("%s in batch %q: %w", c.Do, id, err)
	}
	return n, nil
}

// change chooses items outside the writer. Within the writer it changes those that are still wanted and still have the
// code.
func (db *DB) change(ctx context.Context, b *batch, c queue.Change, match func(*queue.Entry) bool) (n queue.Changed, err error) {
	defer db.inOrder()()
	from, err := c.From()
	if err != nil {
		return n, err
	}
	want := block.StatesOf(from...)
	p := pager{db: db, b: b, want: want}
	var found block.Page
	var chosen []uint64
	for more := true; more; {
		if more, err = p.page(ctx, &found); err != nil {
			return n, err
		}
		if err := found.Decode(want); err != nil {
			return n, db.named(err)
		}
		for i := range found.Entries {
			if e := &found.Entries[i]; match(e) {
				chosen = append(chosen, e.Seq)
			}
		}
		if len(chosen) == 0 || more && len(chosen) < changeRows {
			continue
		}
		var step queue.Changed
		err = db.submit(ctx, true, func(t *txn) (err error) {
			step, err = t.change(b, c, want, chosen)
			return err
		})
		if err != nil {
			return n, err
		}
		n.Items, n.InDoubt = n.Items+step.Items, n.InDoubt+step.InDoubt
		chosen = chosen[:0]
	}
	return n, nil
}

// change changes those of the chosen items that are still wanted.
func (t *txn) change(b *batch, c queue.Change, want block.States, chosen []uint64) (n queue.Changed, err error) {
	bk, err := t.buckets(b)
	if err != nil {
		return n, err
	}
	for _, seq := range chosen {
		rec, in, err := current(bk, seq)
		if err != nil {
			return n, err
		}
		if !want.Has(rec.State) || c.Code != "" && rec.Code != c.Code {
			continue
		}
		if in == implied && seq < b.meta.Cursor {
			return n, codec.Damaged("item %d has no record", seq)
		}
		after, err := c.Of(rec.Record)
		if err != nil {
			return n, err
		}
		if err := t.become(b, bk, seq, rec, in, after); err != nil {
			return n, err
		}
		if after.State == queue.InDoubt {
			n.InDoubt++
		} else {
			n.Items++
		}
	}
	if c.Do == queue.DoReplace {
		t.touch(b).Batch.Reading.Withdrawn += n.Items + n.InDoubt
	}
	return n, nil
}

// become stores and books that an item that is not claimed has another record.
func (t *txn) become(b *batch, bk buckets, seq uint64, before block.Record, in where, after queue.Record) error {
	m := t.touch(b)
	if before.State == queue.Failed {
		if err := m.Batch.DropError(before.Code); err != nil {
			return err
		}
	}
	if in == inReady {
		t.delete(bk.ready, seqKey(seq))
		m.Ready--
	}
	rec := block.Record{Record: after, Generation: before.Generation}
	switch after.State {
	case queue.InDoubt:
		t.putRecord(bk.open, seqKey(seq), rec)
	case queue.Pending:
		t.putRecord(bk.ready, seqKey(seq), rec)
		m.Ready++
	default:
		if in == implied {
			m.Ahead++ // the cursor must pass it over
		}
		t.putRecord(bk.results, resultKey(seq, rec.Generation), rec)
	}
	t.book(b, before.Record, after)
	return nil
}
