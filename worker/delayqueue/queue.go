package delayqueue

import (
	"container/heap"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
)

// Item is an item and the time at which it is due.
type Item struct {
	queue.Claimed
	Due time.Time
}

// Queue has the items that wait until they are due, the earliest due first. Make one with [New].
type Queue struct {
	isGuest func(batch string) bool
	added   ratelimit.Broadcast
	mu      sync.Mutex
	// The fields below are guarded by mu.
	heap dueHeap
	own  int // of batches whose end the run waits for, until they are done
}

// New returns an empty queue. isGuest reports whether a batch is one whose end the run does not wait for; it is called with
// no lock held.
func New(isGuest func(batch string) bool) *Queue { return &Queue{isGuest: isGuest} }

// Added returns a channel that is closed when the next item is added.
func (q *Queue) Added() <-chan struct{} { return q.added.Wait() }

// Add adds an item that is due at an instant.
func (q *Queue) Add(c queue.Claimed, due time.Time) {
	guest := q.isGuest(c.Batch)
	q.mu.Lock()
	heap.Push(&q.heap, Item{c, due})
	if !guest {
		q.own++
	}
	q.mu.Unlock()
	q.added.Fire()
}

// Take returns up to n items that are due, or else how long until the next is (0: there is none).
func (q *Queue) Take(n int) ([]Item, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	var due []Item
	for len(due) < n && len(q.heap) > 0 && !q.heap[0].Due.After(now) {
		due = append(due, heap.Pop(&q.heap).(Item))
	}
	if len(due) > 0 || len(q.heap) == 0 {
		return due, 0
	}
	return nil, q.heap[0].Due.Sub(now)
}

// Next returns how long until the earliest item is due; 0 if one is due or there is none.
func (q *Queue) Next() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 {
		return 0
	}
	return max(time.Until(q.heap[0].Due), 0)
}

// Done tells that taken items are done with. Those that were added again count once more.
func (q *Queue) Done(items []Item) {
	own := 0
	for i := range items {
		if !q.isGuest(items[i].Batch) {
			own++
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.own -= own
}

// Waiting counts the items, but those of guests, that are to be taken or not done with.
func (q *Queue) Waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.own
}

type dueHeap []Item

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].Due.Before(h[j].Due) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(Item)) }
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = Item{}
	*h = (*h)[:last]
	return x
}
