package worker

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/memory"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// moved is a queue whose file is replaced at some moment.
type moved struct {
	*memory.Queue
	gone atomic.Bool
}

func (m *moved) CheckPlace() error {
	if m.gone.Load() {
		return queue.ErrReplaced
	}
	return nil
}

// Once the queue's file is another's, not one more request leaves: another process may be sending the same items.
func TestNothingIsSentOnceTheQueueIsReplaced(t *testing.T) {
	for name, tt := range map[string]struct {
		at        int64 // the POST during which it happens
		fault     airtest.Kind
		perSecond float64
	}{
		"at the first":           {1, airtest.None, 5},
		"later":                  {7, airtest.None, 100},
		"as a pause begins":      {7, airtest.Cap429, 5},
		"as an answer is lost":   {7, airtest.ResetAfter, 5},
		"as the rate is limited": {7, airtest.HTML429, 5},
	} {
		t.Run(name, func(t *testing.T) {
			var m moved
			c := onPost(tt.fault, func(n int64) bool {
				if n == tt.at {
					m.gone.Store(true)
				}
				return n == tt.at
			})
			inBubble(t, 20, c, func(b *bubble) {
				m.Queue = b.db
				err := b.run(tt.perSecond, func(c *Config) { c.Store, c.Workers = &m, 1 })
				wantStop(b.t, err, stop.Unexpected)
				if !errors.Is(err, queue.ErrReplaced) {
					b.t.Errorf("got %v, want it to say that the queue was replaced", err)
				}
				if got := b.air.Posts(); int64(got) != tt.at {
					b.t.Errorf("%d POSTs, want none after the %d.", got, tt.at)
				}
			})
		})
	}
}

// After a rate limit one worker goes first, with its lookup and its POST, and the others once that is answered.
func TestCanaryAfterARateLimit(t *testing.T) {
	const workers, latency = 8, 300 * time.Millisecond
	c := limited(always("90"), func(n int64) bool { return n == 2+workers })
	c.Latency = airtest.Duration(latency)
	var mu sync.Mutex
	var last time.Time
	lookups, waited, canary := 0, false, time.Time{} // guarded by mu, as last is
	c.OnRequest = func(r airtest.Request) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		waited = waited || !last.IsZero() && now.Sub(last) > time.Minute
		last = now
		switch {
		case !waited || !canary.IsZero() && now.Sub(canary) >= latency:
		case isLookup(r):
			lookups++
		case r.Method == "POST" && !canary.IsZero():
			t.Errorf("another POST %v after the canary, before its answer", now.Sub(canary))
		case r.Method == "POST":
			canary = now
		}
	}
	inBubble(t, 60, c, func(b *bubble) {
		if err := b.run(0, func(c *Config) { c.Workers = workers }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 60})
		if canary.IsZero() || lookups > 1 {
			b.t.Errorf("%d lookups before the canary was answered, want one; canary at %v", lookups, canary)
		}
	})
}
