package bolt

import (
	"context"
	"fmt"
	"math"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/block"
)

// Pages implements [queue.Reader]. The pages may be decoded in other goroutines, and after fn has returned.
func (db *DB) Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	want := block.AllStates
	if f.State != "" {
		if _, err := queue.ParseState(string(f.State)); err != nil {
			return fmt.Errorf("entries: %w", err)
		}
		want = block.StatesOf(f.State)
	}
	defer db.inOrder()()
	p := pager{db: db, b: b, want: want}
	r := pageReader{db: db, id: id, filter: f, want: want, free: make(chan *entriesPage, freePages)}
	for {
		next := r.new()
		more, err := p.page(ctx, &next.Page)
		if err != nil {
			return r.explain(err)
		}
		if !more {
			return nil
		}
		if err := fn(next); err != nil {
			return err
		}
	}
}

// mostKept bounds the memory of a page that is used again: rows of megabytes are rare.
const mostKept = 4 << 20

// freePages bounds the pages that wait to be used again.
const freePages = 64

// pageReader is what the pages of one reading have in common.
type pageReader struct {
	db     *DB
	id     string
	filter queue.Filter
	want   block.States
	free   chan *entriesPage // released; more than there is room for are left to the collector
}

func (r *pageReader) new() *entriesPage {
	select {
	case p := <-r.free:
		return p
	default:
		return &entriesPage{reader: r}
	}
}

func (r *pageReader) explain(err error) error {
	return fmt.Errorf("entries of batch %q: %w", r.id, r.db.named(err))
}

// entriesPage is a [queue.Page].
type entriesPage struct {
	block.Page
	reader *pageReader
}

func (p *entriesPage) Entries() ([]queue.Entry, error) {
	r := p.reader
	if err := p.Decode(r.want); err != nil {
		return nil, r.explain(err)
	}
	if r.filter.Code == "" && r.filter.Key == nil && r.filter.Span == nil {
		return p.Page.Entries, nil
	}
	return slices.DeleteFunc(p.Page.Entries, func(e queue.Entry) bool { return !r.filter.Match(&e) }), nil
}

func (p *entriesPage) Release() {
	if p.Size() > mostKept {
		return
	}
	select {
	case p.reader.free <- p:
	default:
	}
}

// InDoubt returns up to max items in doubt with a sequence number above after (-1: from the start), in order of Seq.
func (db *DB) InDoubt(ctx context.Context, id string, after int64, max int) ([]queue.Claimed, error) {
	b, err := db.lookup(id)
	if err != nil {
		return nil, fmt.Errorf("in doubt: %w", err)
	}
	var picks []pick
	if b.public.Load().Counts.InDoubt > 0 && after < math.MaxInt64 {
		err = db.viewBatch(ctx, b, func(bk buckets) error {
			c := bk.open.Cursor()
			for k, v := c.Seek(seqKey(uint64(after + 1))); k != nil && len(picks) < max; k, v = c.Next() {
				rec, err := block.RecordAt(k, v)
				if err != nil {
					return err
				}
				if rec.State == queue.InDoubt {
					picks = append(picks, pick{b, keySeq(k), rec.Record})
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("in doubt: %w", err)
		}
	}
	claimed, err := db.read(ctx, picks)
	if err != nil {
		return nil, fmt.Errorf("in doubt: %w", err)
	}
	return claimed, nil
}

// Rejected calls fn for each row of the latest reading that was turned away, in the order in which they were added,
// outside any transaction.
func (db *DB) Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error {
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("rejected: %w", err)
	}
	for next := uint64(0); ; {
		var rows []queue.Rejected
		err := db.viewBatch(ctx, b, func(bk buckets) error {
			k, v := bk.rejected.Cursor().Seek(seqKey(next))
			if k == nil {
				return nil
			}
			next = keySeq(k) + 1
			rows, err = block.DecodeRejected(v)
			return err
		})
		if err != nil {
			return fmt.Errorf("rejected rows of batch %q: %w", id, err)
		}
		if rows == nil {
			return nil
		}
		for _, r := range rows {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
}
