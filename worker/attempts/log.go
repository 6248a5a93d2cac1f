package attempts

import (
	"sync"
	"time"
)

// Item names an item of any batch.
type Item struct {
	Batch string
	Seq   uint64
}

// Attempt is when a POST was under way, with monotonic readings.
type Attempt struct{ Sent, Ended time.Time }

// Log has the last attempt of each item, until its window has passed. The zero Log is ready; it is safe for concurrent use.
type Log struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	last    map[Item]Attempt
	sweepAt int
}

// kept is how many attempts are kept before the first sweep.
const kept = 1024

// Note records an attempt, and drops those that ended more than a window ago once there are many.
func (l *Log) Note(id Item, at Attempt, window time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last, l.sweepAt = map[Item]Attempt{}, kept
	}
	l.last[id] = at
	if len(l.last) < l.sweepAt {
		return
	}
	for id, old := range l.last {
		if time.Since(old.Ended) > window {
			delete(l.last, id)
		}
	}
	l.sweepAt = max(kept, 2*len(l.last))
}

// Of returns the last attempt of an item, if it is recorded.
func (l *Log) Of(id Item) (Attempt, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.last[id]
	return at, ok
}
