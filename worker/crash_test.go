package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
)

// errCrash ends a run in mid-flight.
var errCrash = errors.New("crash")

// Restarts in a row must not each have a burst for free: over all of them, in any window, no more than rate x time + burst.
func TestRateHoldsOverRestarts(t *testing.T) {
	const perSecond, restarts = 5, 50
	inBubble(t, 1000, airtest.Config{}, func(b *bubble) {
		for range restarts {
			ctx, cancel := context.WithCancelCause(b.t.Context())
			timer := time.AfterFunc(700*time.Millisecond, func() { cancel(errCrash) })
			if err := b.pool(perSecond, nil).Run(ctx); !errors.Is(err, errCrash) {
				b.t.Fatalf("the run ended with %v", err)
			}
			timer.Stop()
			b.reopen()
		}
		posts, gets := b.arrivals()
		all := append(posts, gets...)
		slices.SortFunc(all, time.Time.Compare)
		if len(all) < restarts {
			b.t.Fatalf("%d requests in %d runs: the test tests nothing", len(all), restarts)
		}
		for i := range all {
			for j := i + 1; j < len(all); j++ {
				window := all[j].Sub(all[i])
				if n, most := j-i+1, window.Seconds()*perSecond+1; float64(n) > most+0.01 {
					b.t.Fatalf("%d requests within %v, want at most %.2f", n, window, most)
				}
			}
		}
	})
}

// A crash in a pause keeps the pause; so does a step of our clock, which the server's midnight does not follow.
func TestPauseOutlivesACrash(t *testing.T) {
	inBubble(t, 50, airtest.Config{Settings: airtest.Settings{DailyCap: 20}}, func(b *bubble) {
		begin := time.Now()
		midnight := ratelimit.NextMidnightUTC(begin)
		for range 3 {
			ctx, cancel := context.WithCancelCause(b.t.Context())
			timer := time.AfterFunc(time.Hour, func() { cancel(errCrash) })
			if err := b.pool(0, nil).Run(ctx); !errors.Is(err, errCrash) {
				b.t.Fatalf("the run ended with %v, want it to be killed in the pause", err)
			}
			timer.Stop()
			b.reopen()
		}
		posts, _ := b.arrivals()
		if last := posts[len(posts)-1]; last.Sub(begin) > time.Minute {
			b.t.Errorf("a POST %v after the start, in the pause", last.Sub(begin))
		}
		if err := b.run(0, nil); err != nil {
			b.t.Fatal(err)
		}
		posts, _ = b.arrivals()
		for _, at := range posts {
			if at.Sub(begin) > time.Minute && at.Before(midnight.Add(defaultGrace)) {
				b.t.Errorf("a POST at %v, in the pause until %v", at, midnight.Add(defaultGrace))
			}
		}
		b.want(queue.Counts{Submitted: 50})
	})
}

// Our clock an hour off either way: the pause ends at the server's midnight all the same.
func TestPauseFollowsTheServersClock(t *testing.T) {
	for name, skew := range map[string]time.Duration{"server an hour ahead": time.Hour, "server an hour behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{Settings: airtest.Settings{DailyCap: 20}, Clock: func() time.Time { return time.Now().Add(skew) }}
			inBubble(t, 30, c, func(b *bubble) {
				midnight := ratelimit.NextMidnightUTC(time.Now().Add(skew)).Add(-skew) // the server's, by our clock
				if err := b.run(0, nil); err != nil {
					b.t.Fatal(err)
				}
				posts, _ := b.arrivals()
				resumed := posts[len(posts)-10]
				if late := resumed.Sub(midnight); late < 0 || late > defaultGrace+31*time.Second {
					b.t.Errorf("resumed %v after the server's midnight, want just after it", late)
				}
			})
		})
	}
}

// What a kill may leave in doubt is bounded by what is in flight, and a few items claimed ahead at high rates.
func TestDoubtAfterAKillIsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		perSecond float64
		workers   int
		most      int64
	}{
		"5 a second, 8 workers":   {5, 8, 8},
		"100 a second, 8 workers": {100, 8, 8},
		"unlimited, 64 workers":   {0, 64, lookahead * 64},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			arrived := 0
			var copies []queue.Counts
			var b0 *bubble
			config := airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(300 * time.Millisecond)}}
			config.OnRequest = func(r airtest.Request) {
				mu.Lock()
				defer mu.Unlock()
				if arrived++; r.Method == "POST" && arrived%50 == 0 {
					copies = append(copies, b0.counts()) // what a kill would leave now: sending becomes in doubt
				}
			}
			inBubble(t, 600, config, func(b *bubble) {
				b0 = b
				if err := b.run(c.perSecond, func(cfg *Config) { cfg.Workers = c.workers }); err != nil {
					b.t.Fatal(err)
				}
				if len(copies) < 10 {
					b.t.Fatalf("looked %d times only", len(copies))
				}
				for _, at := range copies {
					if at.Sending+at.InDoubt > c.most {
						b.t.Errorf("a kill would leave %d in doubt, want at most %d", at.Sending+at.InDoubt, c.most)
					}
				}
			})
		})
	}
}
