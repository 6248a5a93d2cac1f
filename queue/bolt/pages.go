package bolt

import (
	"context"

	"airlift/queue"
)

// viewRows is about how many rows one read transaction copies out: a commit that needs more room in the map waits for
// all readers.
const viewRows = 1000

// viewBlocks bounds the blocks that one read transaction passes over without a row that is wanted.
const viewBlocks = 64

// states is a set of states.
type states uint8

const allStates states = 1<<len(queue.States) - 1

func statesOf(list ...queue.State) (set states) {
	for _, s := range list {
		set |= 1 << stateNumber(s)
	}
	return set
}

func (set states) has(s queue.State) bool { return set&(1<<stateNumber(s)) != 0 }

// pager goes through the items of a batch in order of their sequence numbers, a page at a time. What changes meanwhile
// is seen in the pages that follow.
type pager struct {
	db   *DB
	b    *batch
	want states
	next uint64 // first item of the block to read next
	end  bool
}

// page reads on until there are rows that are wanted, or enough was read. It returns false at the end.
func (p *pager) page(ctx context.Context, into *page) (bool, error) {
	if into.reset(); p.end {
		return false, nil
	}
	return true, p.db.viewBatch(ctx, p.b, func(bk buckets) error { return p.read(bk, into) })
}

// read reads one page within a transaction. What a page has was copied.
func (p *pager) read(bk buckets, into *page) error {
	items := bk.items.Cursor()
	records := newCursors(bk, p.next)
	k, v := items.Seek(seqKey(p.next))
	for range viewBlocks {
		into.reset()
		if k == nil {
			p.end = true
			return nil
		}
		into.first = keySeq(k)
		if into.first != p.next {
			return damaged("the items from %d on are missing", p.next)
		}
		block := v
		k, v = items.Next()
		if k != nil {
			p.next = keySeq(k)
			if p.next-into.first > blockItems {
				return damaged("the items from %d on are missing", into.first+blockItems)
			}
			into.n = int(p.next - into.first)
		} else {
			p.end = true // how many the last block has, only unpacking tells
		}
		into.copyRecords(records)
		if p.want != allStates && into.n > 0 {
			if some, err := into.wants(p.want); err != nil {
				return err
			} else if !some {
				continue // without a look at the block
			}
		}
		into.copyBlock(block)
		return nil
	}
	into.reset()
	return nil
}
