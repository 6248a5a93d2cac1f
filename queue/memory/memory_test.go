package memory

import (
	"sync"
	"testing"

	"airlift/queue"
	"airlift/queue/queuetest"
)

func TestConformance(t *testing.T) {
	var mu sync.Mutex
	open := map[string]*Queue{}
	queuetest.Run(t, func(t testing.TB, path string) queue.Store {
		mu.Lock()
		defer mu.Unlock()
		if q := open[path]; q != nil {
			open[path] = q.Reopen()
		} else {
			open[path] = New()
		}
		return open[path]
	})
}
