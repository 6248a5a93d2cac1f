package check

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
	"airlift/queue/bolt/index"
)

// Batch is a batch as it is stored.
type Batch struct {
	Books queue.Batch
	// Cursor is the first item that was never claimed. Ready, Ahead and Withdrawn are what the books say of items that are
	// pending again, have results from the cursor on, and are withdrawn.
	Cursor                  uint64
	Ready, Ahead, Withdrawn int64
	// Index is nil if it is not to be checked.
	Index *index.Index
	// Pages yields all items with their records. A page may be used again once the next is asked for.
	Pages iter.Seq2[*block.Page, error]
	// The buckets hold records by sequence number (and generation), rejected rows, histories by first item, events, and marks.
	// Histories, events and marks are nil if there are none.
	OpenRecords, ReadyRecords, Results, Rejected, Histories, Events, Marks Bucket
}

// Bucket is a sorted set of keys with values.
type Bucket interface {
	ForEach(fn func(key, value []byte) error) error
	Get(key []byte) []byte
}

// Check checks batches, one after the other.
type Check struct {
	Report queue.CheckReport
	// Submitted counts jobs by account and day.
	Submitted map[codec.AccountDay]int64
	// Progress, if not nil, is called with the number of items that are done, of all batches.
	Progress func(done int64)
}

// Batch checks one batch.
func (c *Check) Batch(ctx context.Context, b *Batch) error {
	c.Report.Batches++
	r := recount{Check: c, Batch: b}
	if err := r.items(ctx); err != nil {
		return err
	}
	r.records()
	r.rows()
	if b.Index != nil {
		objects := b.Index.Check(ctx, r.problem)
		r.same("index", objects, b.Books.Counts.Items-r.totals.Versions)
	}
	r.histories()
	r.events()
	r.books()
	return nil
}

// recount counts a batch again.
type recount struct {
	*Check
	*Batch
	counts    queue.Counts
	totals    queue.Totals
	withdrawn int64
}

func (r *recount) problem(format string, args ...any) {
	r.Report.Problem("batch %q: %s", r.Books.ID, fmt.Sprintf(format, args...))
}

// same reports two figures that should be one.
func (r *recount) same(what string, booked, counted int64) {
	if booked != counted {
		r.problem("%s: the books say %d, there are %d", what, booked, counted)
	}
}

// checkItems is how many items are looked up in the index at once.
const checkItems = 1 << 15

// items goes through all items and their present records.
func (r *recount) items(ctx context.Context) error {
	var items []queue.Item
	for page, err := range r.Pages {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			err = page.Decode(block.AllStates)
		}
		if err != nil {
			r.problem("%v", err)
			break
		}
		for i := range page.Entries {
			r.entry(&page.Entries[i], page.Stored[i])
			items = append(items, page.Entries[i].Item)
		}
		page.Keep() // the items wait to be looked up
		if len(items) >= checkItems {
			r.lookup(ctx, items)
			items = items[:0]
		}
	}
	r.lookup(ctx, items)
	return nil
}

// entry counts an item. stored says whether it has a record.
func (r *recount) entry(e *queue.Entry, stored bool) {
	*r.counts.Of(e.State)++
	r.counts.Items++
	if e.Withdrawn {
		r.withdrawn++
	}
	if !stored && e.Seq < r.Cursor {
		r.problem("item %d was claimed, but nothing is known of it", e.Seq)
	}
	if e.State == queue.Submitted {
		r.Submitted[codec.AccountDay{Account: r.Books.Account, Day: e.Day}]++
	}
}

// lookup looks items up in the index, which has the first of each object, and versions in the history of theirs.
func (r *recount) lookup(ctx context.Context, items []queue.Item) {
	r.totals.Add(items)
	r.Report.Items += int64(len(items))
	if r.Progress != nil {
		r.Progress(r.Report.Items)
	}
	if r.Index == nil {
		return
	}
	rows := r.Index.Rows(items)
	found, err := r.Index.Lookup(ctx, rows)
	if err != nil {
		r.problem("%v", err)
		r.Index = nil // which would say the same again
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
	switch {
	case match == nil:
		r.problem("item %d is not in the index", it.Seq)
	case it.Version != 0:
		h, err := r.history(match.Seq)
		if err != nil {
			return // histories reports it
		}
		if seq, ok := h.Find(it.Version); !ok || seq != it.Seq || seq <= match.Seq {
			r.problem("item %d is version %x of item %d, which does not know of it", it.Seq, it.Version, match.Seq)
		}
	case match.Seq != it.Seq:
		r.problem("items %d and %d have the same object", it.Seq, match.Seq)
	case match.Print != row.Print:
		r.problem("item %d has another fingerprint in the index", it.Seq)
	}
}

func (r *recount) history(first uint64) (h queue.History, err error) {
	if r.Histories == nil {
		return h, nil
	}
	key := binary.BigEndian.AppendUint64(nil, first)
	if value := r.Histories.Get(key); value != nil {
		h, err = block.HistoryAt(key, value)
	}
	return h, err
}

// The lengths of a sequence number in a key, and of that with a generation.
const seqLen, resultLen = 8, 12

// item returns the item that a key begins with, and whether there is one.
func (r *recount) item(key []byte, length int) (seq uint64, ok bool) {
	if len(key) != length {
		return 0, false
	}
	seq = binary.BigEndian.Uint64(key)
	return seq, seq < uint64(r.Books.Counts.Items)
}

// records goes through everything that is stored of the items' submission.
func (r *recount) records() {
	open := r.bucket("open", r.OpenRecords, seqLen, block.StatesOf(queue.Sending, queue.InDoubt), nil)
	r.same("open", r.Books.Counts.Sending+r.Books.Counts.InDoubt, open)
	ready := r.bucket("ready", r.ReadyRecords, seqLen, block.StatesOf(queue.Pending), func(key []byte, seq uint64) {
		if r.OpenRecords.Get(key) != nil {
			r.problem("item %d is ready and open at once", seq)
		}
	})
	r.same("ready", r.Ready, ready)
	ahead, last, next := int64(0), uint64(0), uint32(0) // the item of the result before, and the generation to follow
	r.bucket("results", r.Results, resultLen, block.StatesOf(queue.Submitted, queue.Failed, queue.Cancelled), func(key []byte, seq uint64) {
		if next == 0 || seq != last {
			last, next = seq, 0
			if seq >= r.Cursor {
				ahead++
			}
		}
		generation := binary.BigEndian.Uint32(key[seqLen:])
		if generation != next {
			r.problem("item %d: result %d is missing", seq, generation-1)
		}
		next = generation + 1
	})
	r.same("cancelled or adopted before their turn", r.Ahead, ahead)
}

// bucket checks the records of a bucket, and calls each with those of items, if it is not nil.
func (r *recount) bucket(name string, b Bucket, keyLen int, lawful block.States, each func(key []byte, seq uint64)) (n int64) {
	_ = b.ForEach(func(k, v []byte) error {
		n++
		seq, ok := r.item(k, keyLen)
		if !ok {
			r.problem("%s: a record of no item", name)
			return nil
		}
		if each != nil {
			each(k, seq)
		}
		rec, err := block.RecordAt(k, v)
		switch {
		case err != nil:
			r.problem("%s: item %d: %v", name, seq, err)
		case !lawful.Has(rec.State):
			r.problem("%s: item %d is %s", name, seq, rec.State)
		case (rec.State == queue.Submitted) != (rec.JobID != ""):
			r.problem("%s: item %d is %s with the job id %q", name, seq, rec.State, rec.JobID)
		case rec.State == queue.InDoubt && !rec.Sent:
			r.problem("%s: item %d is in doubt, but not marked as sent", name, seq)
		}
		return nil
	})
	return n
}

// rows checks the rejected rows and the marks of the reading.
func (r *recount) rows() {
	rejected := int64(0)
	_ = r.Rejected.ForEach(func(_, v []byte) error {
		rows, err := block.DecodeRejected(v)
		if err != nil {
			r.problem("%v", err)
		}
		rejected += int64(len(rows))
		return nil
	})
	r.same("rejected", r.Books.Reading.Rejected, rejected)
	if r.Marks == nil {
		return
	}
	_ = r.Marks.ForEach(func(k, v []byte) error {
		if _, ok := codec.Bound(nil, v); !ok {
			r.problem("the mark %q is garbled", k)
		}
		return nil
	})
}

// histories checks that every history is of an item that there is, and that together they have all further items.
func (r *recount) histories() {
	further := int64(0)
	if r.Histories != nil {
		_ = r.Histories.ForEach(func(k, v []byte) error {
			if _, ok := r.item(k, seqLen); !ok {
				r.problem("a history of no item")
				return nil
			}
			h, err := block.HistoryAt(k, v)
			if err != nil {
				r.problem("%v", err)
			}
			further += int64(len(h.Further))
			return nil
		})
	}
	r.same("versions in histories", further, r.totals.Versions)
	r.same("versions", r.Books.Versions, r.totals.Versions)
}

// events checks that what is stored of the events of items can be decoded.
func (r *recount) events() {
	if r.Events == nil {
		return
	}
	_ = r.Events.ForEach(func(k, v []byte) error {
		if _, ok := r.item(k, seqLen); !ok {
			r.problem("events of no item")
		} else if _, err := block.EventsAt(k, v); err != nil {
			r.problem("%v", err)
		}
		return nil
	})
}

// books compares what was counted with what is booked.
func (r *recount) books() {
	b := &r.Books
	r.same("items", b.Counts.Items, r.counts.Items)
	for _, s := range queue.States {
		r.same(string(s), *b.Counts.Of(s), *r.counts.Of(s))
	}
	r.same("unsourced", b.Unsourced, r.totals.Unsourced)
	r.same("withdrawn", r.Withdrawn, r.withdrawn)
	if !b.Counts.Balanced() {
		r.problem("the books do not balance: %+v", b.Counts)
	}
	if !b.Reading.Balanced() {
		r.problem("the reading does not balance: %+v", b.Reading)
	}
	failed := int64(0)
	for _, e := range b.Errors {
		failed += e.Count
	}
	r.same("failed by code", failed, r.counts.Failed)
	if b.Own.Partial == 0 {
		r.totals.Own.Partial = 0 // the batch may be from before it was counted
	}
	if b.Own != r.totals.Own {
		r.problem("own fields: the books say %+v, there are %+v", b.Own, r.totals.Own)
	}
	for _, name := range queue.Without(r.totals.Columns, b.Columns) {
		r.problem("the column %q is not in the books", name)
	}
}
