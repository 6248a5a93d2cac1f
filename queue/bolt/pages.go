package bolt

import (
	"context"
	"math"

	"airlift/queue"
)

// viewRows is about how many rows one read transaction copies out: a commit that needs more room in the map waits for
// all readers.
const viewRows = 1000

// viewBlocks bounds the blocks that one read transaction passes over without a row that is wanted.
const viewBlocks = 64

// states is a set of states.
type states uint8

func statesOf(list ...queue.State) (set states) {
	for _, s := range list {
		set |= 1 << stateNumber(s)
	}
	return set
}

func (set states) has(s queue.State) bool { return set&(1<<stateNumber(s)) != 0 }

// row is an entry with what the engine keeps of it.
type row struct {
	queue.Entry
	in where
}

// pager goes through the items of a batch in order of their sequence numbers, a page at a time. What changes meanwhile
// is seen in the pages that follow.
type pager struct {
	db   *DB
	b    *batch
	want states
	next uint64 // first item of the block to read next
	end  bool
	rows []row
	recs []recordIn
}

type recordIn struct {
	rec record
	in  where
}

// page reads on until it has rows that are wanted, or has read enough. It returns false at the end.
func (p *pager) page(ctx context.Context) (bool, error) {
	if p.end {
		p.rows = p.rows[:0]
		return false, nil
	}
	return true, p.db.viewBatch(ctx, p.b, p.read)
}

// read reads one page within a transaction.
func (p *pager) read(bk buckets) error {
	p.rows = p.rows[:0]
	items := bk.items.Cursor()
	c := newCursors(bk, p.next)
	k, v := items.Seek(seqKey(p.next))
	for blocks := 0; len(p.rows) == 0 && blocks < viewBlocks; blocks++ {
		if k == nil {
			p.end = true
			return nil
		}
		first := keySeq(k)
		if first != p.next {
			return damaged("the items from %d on are missing", p.next)
		}
		value := v
		k, v = items.Next()
		if err := p.block(c, first, k, value); err != nil {
			return err
		}
	}
	return nil
}

// block adds the rows of one block that are wanted; after is the key of the block behind it.
func (p *pager) block(c *[3]position, first uint64, after, value []byte) error {
	var items []queue.Item
	n := blockItems
	if after != nil {
		n = int(min(keySeq(after)-first, math.MaxInt32))
	}
	if after == nil || n > blockItems {
		var err error
		if items, err = unpackBlock(first, value); err != nil {
			return damaged("the items from %d on: %v", first, err)
		}
		n = len(items)
	}
	p.next = first + uint64(n)
	some, err := p.records(c, first, n)
	if err != nil || !some {
		return err
	}
	if items == nil {
		if items, err = unpackBlock(first, value); err != nil {
			return damaged("the items from %d on: %v", first, err)
		}
	}
	if len(items) != n {
		return damaged("items %d to %d are missing", first+uint64(len(items)), first+uint64(n)-1)
	}
	for i, r := range p.recs {
		if p.want.has(r.rec.State) {
			p.rows = append(p.rows, row{queue.Entry{Item: items[i], Record: r.rec.Record}, r.in})
		}
	}
	return nil
}

// records fills p.recs with the present records of n items and says whether any of them is wanted.
func (p *pager) records(c *[3]position, first uint64, n int) (some bool, err error) {
	p.recs = p.recs[:0]
	for range n {
		p.recs = append(p.recs, recordIn{rec: record{Record: queue.Record{State: queue.Pending}}})
	}
	// Later ones win: results are in order of generation, and what is ready or open has outlived its results.
	for i, in := range []where{inResult, inReady, inOpen} {
		for at := &c[i]; at.k != nil && keySeq(at.k) < first+uint64(n); at.step() {
			rec, err := recordAt(at.k, at.v)
			if err != nil {
				return false, err
			}
			p.recs[keySeq(at.k)-first] = recordIn{rec, in}
		}
	}
	for i := range p.recs {
		if p.want.has(p.recs[i].rec.State) {
			return true, nil
		}
	}
	return false, nil
}
