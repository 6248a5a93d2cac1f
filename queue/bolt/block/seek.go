package block

import (
	"encoding/binary"
	"math"

	"airlift/queue"
)

// Cursor goes through a bucket whose keys begin with the number of an item.
type Cursor interface {
	Seek(key []byte) (k, v []byte)
	Prev() (k, v []byte)
	Last() (k, v []byte)
}

// Containing moves a cursor on blocks to the one that can have the item.
func Containing(c Cursor, seq uint64) (k, v []byte) {
	k, v = c.Seek(binary.BigEndian.AppendUint64(nil, seq))
	switch {
	case k == nil: // a Seek past the end leaves nothing to step back from
		return c.Last()
	case seqOf(k) != seq:
		return c.Prev()
	}
	return k, v
}

// Candidates says where items are that can be in a wanted state: each state has its bucket, and what was never claimed is pending.
type Candidates struct {
	Open, Ready, Results Cursor
	// Cursor is the first item that was never claimed, and Items how many items there are.
	Cursor, Items uint64
}

// First returns the first item from the given one on that can be in a wanted state; math.MaxUint64 if none can.
func (c Candidates) First(want States, from uint64) uint64 {
	first := uint64(math.MaxUint64)
	in := func(bucket Cursor, states ...queue.State) {
		if want&StatesOf(states...) == 0 {
			return
		}
		if k, _ := bucket.Seek(binary.BigEndian.AppendUint64(nil, from)); k != nil {
			first = min(first, seqOf(k))
		}
	}
	in(c.Open, queue.Sending, queue.InDoubt)
	in(c.Ready, queue.Pending)
	in(c.Results, queue.Submitted, queue.Failed, queue.Cancelled)
	if at := max(from, c.Cursor); want.Has(queue.Pending) && at < c.Items {
		first = min(first, at)
	}
	return first
}
