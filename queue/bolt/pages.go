package bolt

import (
	"context"
	"fmt"
	"math"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// Pages implements [queue.Reader]. The pages may be decoded in other goroutines, and after fn has returned.
func (db *DB) Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error {
	explain := func(err error) error { return fmt.Errorf("entries of batch %q: %w", id, db.named(err)) }
	b, err := db.lookup(id)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	pages, err := block.NewPages(f, explain)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	span := queue.Span{To: math.MaxUint64}
	if f.Span != nil {
		span = *f.Span
	}
	if counts := b.public.Load().Counts; span.From >= uint64(counts.Items) || f.State != "" && *counts.Of(f.State) == 0 {
		return nil
	}
	defer db.sequential()()
	for p := (pager{db: db, b: b, want: pages.Want, next: span.From, seek: true}); ; {
		next := pages.New()
		more, err := p.page(ctx, &next.Page)
		if err != nil {
			return explain(err)
		}
		if !more || next.Page.First() >= span.To {
			return nil
		}
		if err := fn(next); err != nil {
			return err
		}
	}
}

// viewRows is about how many rows one read transaction copies out: a commit that needs more room in the map waits for
// all readers.
const viewRows = 1000

// viewBlocks bounds the blocks that one read transaction passes over without a row that is wanted.
const viewBlocks = 16

// pager goes through the items of a batch in order of their sequence numbers, a page at a time. What changes meanwhile
// is seen in the pages that follow.
type pager struct {
	db   *DB
	b    *batch
	want block.States
	next uint64 // first item of the block to read next
	seek bool   // next may be any item, in the middle of a block
	end  bool
}

// page reads on until there are rows that are wanted, or enough was read. It returns false at the end.
func (p *pager) page(ctx context.Context, into *block.Page) (bool, error) {
	if into.Reset(0, 0); p.end {
		return false, nil
	}
	return true, p.db.viewBatch(ctx, p.b, func(bk buckets) error { return p.read(bk, into) })
}

// read reads one page within a transaction. What a page has was copied.
func (p *pager) read(bk buckets, into *block.Page) error {
	items := bk.items.Cursor()
	if err := p.skip(bk, items); err != nil || p.end {
		into.Reset(p.next, 0)
		return err
	}
	records := newRecordCursors(bk, p.next)
	k, v := items.Seek(seqKey(p.next))
	for range viewBlocks {
		if k == nil {
			p.end = true
			break
		}
		first, n, value := keySeq(k), 0, v
		if first != p.next {
			return codec.Damaged("the items from %d on are missing", p.next)
		}
		if k, v = items.Next(); k != nil {
			p.next = keySeq(k)
			if p.next-first > block.MaxItems {
				return codec.Damaged("the items from %d on are missing", first+block.MaxItems)
			}
			n = int(p.next - first)
		} else {
			p.end = true // only the last block itself says how many items it has
		}
		into.Reset(first, n)
		records.copyTo(into)
		if p.want != block.AllStates && n > 0 {
			if some, err := into.Any(p.want); err != nil {
				return err
			} else if !some {
				continue // without a look at the block
			}
		}
		into.SetBlock(value)
		return nil
	}
	into.Reset(p.next, 0)
	return nil
}

// skip moves on to the block of the first item that can be in a wanted state, or to the end.
func (p *pager) skip(bk buckets, items *bbolt.Cursor) error {
	if p.want != block.AllStates {
		var m meta
		if err := readMeta(bk, &m); err != nil {
			return codec.Damaged("%v", err)
		}
		at := block.Candidates{Open: bk.open.Cursor(), Ready: bk.ready.Cursor(), Results: bk.results.Cursor(), Cursor: m.Cursor, Items: uint64(m.Batch.Counts.Items)}
		p.next, p.seek = at.First(p.want, p.next), true
	}
	if p.end = p.next == math.MaxUint64; p.end || !p.seek {
		return nil
	}
	p.seek = false
	if k, _ := block.Containing(items, p.next); k != nil {
		p.next = keySeq(k)
	} else {
		p.next = 0 // the caller says what is missing
	}
	return nil
}

// recordCursors are cursors on results, ready and open records. Of one item's records the last in this order is current: results are in order of
// generation, and a ready or open record is newer than all results.
type recordCursors [3]struct {
	c    *bbolt.Cursor
	k, v []byte
}

// newRecordCursors stand on the first records from seq on.
func newRecordCursors(bk buckets, seq uint64) *recordCursors {
	var all recordCursors
	for i, b := range []*bbolt.Bucket{bk.results, bk.ready, bk.open} {
		all[i].c = b.Cursor()
		all[i].k, all[i].v = all[i].c.Seek(seqKey(seq))
	}
	return &all
}

// copyTo copies to a page the records of its items.
func (all *recordCursors) copyTo(p *block.Page) {
	for i := range all {
		at := &all[i]
		for at.k != nil && keySeq(at.k) < p.End() {
			p.AddRecord(at.k, at.v)
			at.k, at.v = at.c.Next()
		}
	}
}

// InDoubt implements [queue.Claims].
func (db *DB) InDoubt(ctx context.Context, id string, after int64, max int) (claimed []queue.Claimed, err error) {
	b, err := db.lookup(id)
	var picks []pick
	if err == nil && b.public.Load().Counts.InDoubt > 0 && after < math.MaxInt64 {
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
	}
	if err == nil {
		claimed, err = db.read(ctx, picks)
	}
	if err != nil {
		return nil, fmt.Errorf("in doubt: %w", err)
	}
	return claimed, nil
}

// Rejected implements [queue.Reader]. fn is called outside any transaction.
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

// sequential enables readahead for a full scan until end is called.
func (db *DB) sequential() (end func()) {
	return db.ahead.Begin(func(advise func(addr, size uintptr)) {
		_ = db.bolt.View(func(tx *bbolt.Tx) error { // only a closed file gives an error, and needs no advice
			advise(db.bolt.Info().Data, uintptr(tx.Size()))
			return nil
		})
	})
}
