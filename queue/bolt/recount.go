package bolt

import (
	"context"
	"fmt"
	"sync"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/index"
)

// recount counts a batch anew.
type recount struct {
	*checker
	b     *batch
	bk    buckets
	m     *meta
	index *index.Index // of the transaction; nil once it gave an error

	counts    queue.Counts
	totals    queue.Totals
	ahead     int64
	rejected  int64
	withdrawn int64
}

// checkItems is how many items are looked up in the index at once.
const checkItems = 1 << 15

// openIndex makes an index of what the transaction sees.
func (r *recount) openIndex() {
	var mu sync.Mutex // a transaction is for one goroutine at a time
	r.index = index.New(index.Config{
		Key: r.db.indexKey,
		View: func(_ context.Context, fn func(index.Tx) error) error {
			mu.Lock()
			defer mu.Unlock()
			return guard(func() error { return fn(indexTx{r.bk}) })
		},
		Items: func(_ context.Context, seq uint64) ([]queue.Item, error) { return itemsFrom(r.bk, seq) },
		Count: func() (items, objects int64) {
			return r.m.Batch.Counts.Items, r.m.Batch.Counts.Items - r.m.Batch.Versions
		},
	}, r.m.Books)
}

// items goes through all items and their present records.
func (r *recount) items(ctx context.Context) error {
	id := r.m.Batch.ID
	p := pager{b: r.b, want: block.AllStates}
	var page block.Page
	var pending []queue.Item
	for !p.end {
		if err := ctx.Err(); err != nil {
			return err
		}
		page.Keep() // its items wait to be looked up
		err := p.read(r.bk, &page)
		if err == nil {
			err = page.Decode(block.AllStates)
		}
		if err != nil {
			r.problem("batch %q: %v", id, err)
			return nil
		}
		for i := range page.Entries {
			e := &page.Entries[i]
			*r.counts.Of(e.State)++
			r.counts.Items++
			if e.Withdrawn {
				r.withdrawn++
			}
			if !page.Stored[i] && e.Seq < r.m.Cursor {
				r.problem("batch %q: item %d was claimed, but nothing is known of it", id, e.Seq)
			}
			if e.State == queue.Submitted {
				r.days[dayKey{r.m.Batch.Account, e.Day}]++
			}
			pending = append(pending, e.Item)
		}
		if len(pending) >= checkItems || p.end {
			r.totals.Add(pending)
			r.find(ctx, pending)
			r.done += int64(len(pending))
			r.report.Items += int64(len(pending))
			pending = pending[:0]
			if r.progress != nil {
				r.progress(r.done, r.total)
			}
		}
	}
	return nil
}

// find looks items up in the index, which has the first of each object, and versions in the history of theirs.
func (r *recount) find(ctx context.Context, items []queue.Item) {
	if r.index == nil {
		return
	}
	rows := r.index.Rows(items)
	found, err := r.index.Lookup(ctx, rows)
	if err != nil {
		r.problem("batch %q: %v", r.m.Batch.ID, err)
		r.index = nil
		return
	}
	for same, match := range index.Objects(rows, found) {
		for _, row := range same {
			r.compare(&items[row.N], row, match)
		}
	}
}

// compare compares an item with what the index has of its object.
func (r *recount) compare(it *queue.Item, row index.Row, match *index.Match) {
	id := r.m.Batch.ID
	switch {
	case match == nil:
		r.problem("batch %q: item %d is not in the index", id, it.Seq)
	case it.Version != 0:
		h, _, err := historyOf(r.bk, match.Seq)
		if err != nil {
			return // histories tells
		}
		if seq, ok := h.Find(it.Version); !ok || seq != it.Seq || seq <= match.Seq {
			r.problem("batch %q: item %d is version %x of item %d, which does not know of it", id, it.Seq, it.Version, match.Seq)
		}
	case match.Seq != it.Seq:
		r.problem("batch %q: items %d and %d are one object", id, it.Seq, match.Seq)
	case match.Print != row.Print:
		r.problem("batch %q: item %d has another fingerprint in the index", id, it.Seq)
	}
}

// records goes through everything that is stored of the items' submission.
func (r *recount) records() {
	id := r.m.Batch.ID
	seen := map[string]int64{}
	check := func(name string, keyLen int, lawful block.States) func(k, v []byte) error {
		return func(k, v []byte) error {
			seen[name]++
			if len(k) != keyLen || keySeq(k) >= uint64(r.m.Batch.Counts.Items) {
				r.problem("batch %q: %s: a record of no item", id, name)
				return nil
			}
			rec, err := block.RecordAt(k, v)
			switch {
			case err != nil:
				r.problem("batch %q: %s: item %d: %v", id, name, keySeq(k), err)
			case !lawful.Has(rec.State):
				r.problem("batch %q: %s: item %d is %s", id, name, keySeq(k), rec.State)
			case (rec.State == queue.Submitted) != (rec.JobID != ""):
				r.problem("batch %q: %s: item %d is %s with the job id %q", id, name, keySeq(k), rec.State, rec.JobID)
			case rec.State == queue.InDoubt && !rec.Sent:
				r.problem("batch %q: %s: item %d is in doubt, but not marked as sent", id, name, keySeq(k))
			}
			return nil
		}
	}
	open := check("open", seqLen, block.StatesOf(queue.Sending, queue.InDoubt))
	ready := check("ready", seqLen, block.StatesOf(queue.Pending))
	result := check("results", seqLen+4, block.StatesOf(queue.Submitted, queue.Failed, queue.Cancelled))
	_ = r.bk.open.ForEach(open)
	_ = r.bk.ready.ForEach(func(k, v []byte) error {
		if r.bk.open.Get(k) != nil {
			r.problem("batch %q: item %d is ready and open at once", id, keySeq(k))
		}
		return ready(k, v)
	})
	var before []byte
	_ = r.bk.results.ForEach(func(k, v []byte) error {
		if len(k) == seqLen+4 {
			another := before == nil || keySeq(before) != keySeq(k)
			if another && keySeq(k) >= r.m.Cursor {
				r.ahead++
			}
			if gen := keyGen(k); another && gen != 0 || !another && gen != keyGen(before)+1 {
				r.problem("batch %q: item %d: result %d is missing", id, keySeq(k), gen-1)
			}
			before = k
		}
		return result(k, v)
	})
	r.same(id, "ready", r.m.Ready, seen["ready"])
	r.same(id, "open", r.m.Batch.Counts.Sending+r.m.Batch.Counts.InDoubt, seen["open"])
	_ = r.bk.rejected.ForEach(func(_, v []byte) error {
		rows, err := block.DecodeRejected(v)
		if err != nil {
			r.problem("batch %q: %v", id, err)
		}
		r.rejected += int64(len(rows))
		return nil
	})
	if _, err := marksOf(r.bk); err != nil {
		r.problem("batch %q: %v", id, err)
	}
}

// runs checks that every run of the index is in order and as long as it says.
func (r *recount) runs(ctx context.Context) {
	if r.index == nil {
		return
	}
	objects := r.index.Check(ctx, func(format string, args ...any) {
		r.problem("batch %q: %s", r.m.Batch.ID, fmt.Sprintf(format, args...))
	})
	r.same(r.m.Batch.ID, "index", objects, r.m.Batch.Counts.Items-r.totals.Versions)
}

// histories checks that every history is of an item that there is, and that together they have all further items.
func (r *recount) histories() {
	id := r.m.Batch.ID
	further := int64(0)
	if r.bk.histories != nil {
		_ = r.bk.histories.ForEach(func(k, v []byte) error {
			if len(k) != seqLen || keySeq(k) >= uint64(r.m.Batch.Counts.Items) {
				r.problem("batch %q: a history of no item", id)
				return nil
			}
			h, err := historyAt(k, v)
			if err != nil {
				r.problem("batch %q: %v", id, err)
			}
			further += int64(len(h.Further))
			return nil
		})
	}
	r.same(id, "versions in histories", further, r.totals.Versions)
	r.same(id, "versions", r.m.Batch.Versions, r.totals.Versions)
}

// books compares what was counted with what is booked.
func (r *recount) books() {
	b := &r.m.Batch
	r.same(b.ID, "items", b.Counts.Items, r.counts.Items)
	for _, s := range queue.States {
		r.same(b.ID, string(s), *b.Counts.Of(s), *r.counts.Of(s))
	}
	r.same(b.ID, "unsourced", b.Unsourced, r.totals.Unsourced)
	r.same(b.ID, "cancelled or adopted before their turn", r.m.Ahead, r.ahead)
	r.same(b.ID, "withdrawn", r.m.Withdrawn, r.withdrawn)
	r.same(b.ID, "rejected", b.Reading.Rejected, r.rejected)
	if !b.Counts.Balanced() {
		r.problem("batch %q: the books do not balance: %+v", b.ID, b.Counts)
	}
	if !b.Reading.Balanced() {
		r.problem("batch %q: the reading does not balance: %+v", b.ID, b.Reading)
	}
	failed := int64(0)
	for _, e := range b.Errors {
		failed += e.Count
	}
	r.same(b.ID, "failed by code", failed, r.counts.Failed)
	if b.Own.Partial == 0 {
		r.totals.Own.Partial = 0 // the batch may be from before it was counted
	}
	if b.Own != r.totals.Own {
		r.problem("batch %q: own fields: the books say %+v, there are %+v", b.ID, b.Own, r.totals.Own)
	}
	for _, name := range queue.Without(r.totals.Columns, b.Columns) {
		r.problem("batch %q: the column %q is not in the books", b.ID, name)
	}
}
