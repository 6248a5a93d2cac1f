package worker

import (
	"container/heap"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
)

// pendingLookup is an item in pendingLookup and the time at which its lookup is due.
type pendingLookup struct {
	queue.Claimed
	due time.Time
}

// pendingLookups are the items that wait for their lookup, the earliest due first.
type pendingLookups struct {
	arrived ratelimit.Broadcast
	mu      sync.Mutex
	// The fields below are guarded by mu.
	heap    dueHeap
	own     int // of batches whose end the run waits for, those being looked up included
	isGuest func(batch string) bool
}

// add schedules the lookup of an item.
func (p *pendingLookups) add(c queue.Claimed, due time.Time) {
	guest := p.isGuest(c.Batch)
	p.mu.Lock()
	heap.Push(&p.heap, pendingLookup{c, due})
	if !guest {
		p.own++
	}
	p.mu.Unlock()
	p.arrived.Fire()
}

// take returns up to n items that are due, or else how long until the next is (0: there is none).
func (p *pendingLookups) take(n int) ([]pendingLookup, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	var due []pendingLookup
	for len(due) < n && len(p.heap) > 0 && !p.heap[0].due.After(now) {
		due = append(due, heap.Pop(&p.heap).(pendingLookup))
	}
	if len(due) > 0 || len(p.heap) == 0 {
		return due, 0
	}
	return nil, p.heap[0].due.Sub(now)
}

// next returns how long until the earliest lookup is due; 0 if one is due or there is none.
func (p *pendingLookups) next() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heap) == 0 {
		return 0
	}
	return max(time.Until(p.heap[0].due), 0)
}

// done counts items as no longer being looked up.
func (p *pendingLookups) done(items []pendingLookup) {
	own := 0
	for i := range items {
		if !p.isGuest(items[i].Batch) {
			own++
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own -= own
}

// waiting counts the items, but those of guests, whose lookup is still to come or under way.
func (p *pendingLookups) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.own
}

type dueHeap []pendingLookup

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(pendingLookup)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = pendingLookup{}
	*h = (*h)[:last]
	return x
}
