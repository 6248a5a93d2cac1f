package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
	"airlift/queue/bolt/block"
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
	v, err := t.items(b)
	if err != nil {
		return n, err
	}
	for _, seq := range chosen {
		before, err := v.Record(seq)
		if err != nil {
			return n, err
		}
		if !want.Has(before.State) || c.Code != "" && before.Code != c.Code {
			continue
		}
		after, err := c.Of(before)
		if err == nil {
			err = t.apply(v, &queue.Step{Seq: seq, Before: before, After: after}, "")
		}
		if err != nil {
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
