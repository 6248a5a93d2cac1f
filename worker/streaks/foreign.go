package streaks

import (
	"fmt"
	"sync"

	"airlift/worker/attempts"
)

// MaxForeign is how many items in a row with foreign answers of the same status end the run.
const MaxForeign = 3

// Foreign counts the items in a row whose answers are not AiR's. The zero value is ready; it is safe for concurrent use.
type Foreign struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	status int
	keys   []string // quoted
	items  map[attempts.Item]bool
}

// Add counts a foreign answer for an item. It returns the keys of the items once MaxForeign in a row got the same status.
func (f *Foreign) Add(id attempts.Item, key string, status int) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if status != f.status || f.items == nil {
		f.status, f.keys, f.items = status, nil, map[attempts.Item]bool{}
	}
	if !f.items[id] {
		f.items[id] = true
		f.keys = append(f.keys, fmt.Sprintf("%q", key))
	}
	if len(f.keys) < MaxForeign {
		return nil
	}
	return f.keys
}

// Reset ends the streak after an answer of AiR that decided an item.
func (f *Foreign) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.keys, f.items = 0, nil, nil
}
