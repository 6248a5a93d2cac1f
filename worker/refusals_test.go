package worker

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// limited answers the POSTs whose number, from 1, is chosen with a rate limit that asks for a wait.
func limited(after func() string, chosen func(n int64) bool) airtest.Config {
	c := onPost(airtest.StatusBefore, chosen)
	plain := c.Script
	c.Script = func(r airtest.Request) airtest.Fault {
		f := plain(r)
		if f.Kind != airtest.None {
			f.Status, f.Header = http.StatusTooManyRequests, map[string]string{}
			if text := after(); text != "" {
				f.Header["Retry-After"] = text
			}
		}
		return f
	}
	return c
}

func always(text string) func() string { return func() string { return text } }

// A rate limit is waited out for as long as it asks, at most 15 minutes; then one canary goes.
func TestRateLimitIsWaitedOut(t *testing.T) {
	for name, tt := range map[string]struct {
		after func() string
		least time.Duration
		most  time.Duration
	}{
		"90 seconds": {always("90"), 90 * time.Second, 90 * time.Second},
		"a date": {func() string { return time.Now().Add(4 * time.Minute).UTC().Format(http.TimeFormat) },
			4*time.Minute - time.Second, 4 * time.Minute},
		"two hours":         {always("7200"), maxRetryAfter, maxRetryAfter},
		"a date of 9999":    {always("Fri, 31 Dec 9999 23:59:59 GMT"), maxRetryAfter, maxRetryAfter},
		"a date gone by":    {always("Fri, 31 Dec 1999 23:59:59 GMT"), time.Second / 2, time.Second},
		"nothing":           {always(""), time.Second / 2, time.Second},
		"what is no number": {always("soon"), time.Second / 2, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 30, limited(tt.after, func(n int64) bool { return n == 11 }), func(b *bubble) {
				if err := b.run(5, func(c *Config) { c.Workers = 1 }); err != nil {
					b.t.Fatal(err)
				}
				posts, _ := b.arrivals()
				if waited := posts[11].Sub(posts[10]); waited < tt.least || waited > tt.most+time.Second {
					b.t.Errorf("a canary after %v, want %v to %v", waited, tt.least, tt.most)
				}
				b.want(queue.Counts{Submitted: 30})
				if len(posts) != 31 {
					b.t.Errorf("%d POSTs, want 31", len(posts))
				}
			})
		})
	}
}

// Nothing but a rate limit for half an hour is taken for the daily cap, and said so; a success in between begins anew.
func TestRateLimitOfHalfAnHourIsTheCap(t *testing.T) {
	for name, tt := range map[string]struct {
		after string
		most  int // POSTs in that half hour
	}{"no wait is asked for": {"", 20}, "15 minutes each": {"900", 4}, "a second each": {"1", 20}} {
		t.Run(name, func(t *testing.T) {
			limited := limited(always(tt.after), func(n int64) bool { return n > 10 && n < 1000 })
			var ended atomic.Bool
			script := limited.Script
			limited.Script = func(r airtest.Request) airtest.Fault {
				if ended.Load() {
					return airtest.Fault{}
				}
				return script(r)
			}
			inBubble(t, 20, limited, func(b *bubble) {
				begin := time.Now()
				midnight := ratelimit.NextMidnightUTC(begin).Add(defaultGrace)
				time.AfterFunc(2*time.Hour, func() { ended.Store(true) })
				var log bytes.Buffer
				if err := b.run(5, func(c *Config) { c.Workers, c.Log = 1, zerolog.New(zerolog.SyncWriter(&log)) }); err != nil {
					b.t.Fatal(err)
				}
				posts, _ := b.arrivals()
				early := 0
				for _, at := range posts {
					switch since := at.Sub(begin); {
					case since < rateAsCap+maxRetryAfter+time.Minute:
						early++
					case at.Before(midnight):
						b.t.Errorf("a POST %v after the start, in the pause until midnight", since)
					}
				}
				if early > 10+tt.most {
					b.t.Errorf("%d POSTs met the limit, want at most %d", early-10, tt.most)
				}
				if n := strings.Count(log.String(), "limited for 30 minutes, which counts as the daily cap"); n != 1 {
					b.t.Errorf("it is said %d times that this is taken for the cap, want once:\n%s", n, log.String())
				}
				b.want(queue.Counts{Submitted: 20})
			})
		})
	}
}

// After a pause that ended in another 429 the cap is probed 5, 15 and 60 minutes later, then once a day, and once a job is
// accepted all that is forgotten.
func TestCapThatOutlastsMidnight(t *testing.T) {
	for _, lost := range []int64{1, 2, 3, 4, 6} {
		t.Run(fmt.Sprintf("%d times", lost), func(t *testing.T) {
			// The 11th POST meets the cap, and so many canaries after the pause.
			inBubble(t, 15, onPost(airtest.Cap429, func(n int64) bool { return n > 10 && n <= 11+lost }), func(b *bubble) {
				at := ratelimit.NextMidnightUTC(time.Now()).Add(defaultGrace)
				day := at
				want := []time.Time{at}
				for n := range lost {
					if n < 3 {
						at = at.Add([]time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour}[n])
					} else {
						day = day.Add(24 * time.Hour)
						at = day
					}
					want = append(want, at)
				}
				if err := b.run(0, func(c *Config) { c.Workers = 1 }); err != nil {
					b.t.Fatal(err)
				}
				posts, _ := b.arrivals()
				for i, want := range want {
					if got := posts[11+i]; got.Sub(want).Abs() > time.Second {
						b.t.Errorf("canary %d: got %v, want %v", i+1, got.UTC(), want.UTC())
					}
				}
				b.want(queue.Counts{Submitted: 15})
				if g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount); err != nil || g != (queue.Gate{}) {
					b.t.Errorf("the stored gate: %+v, %v, want it open", g, err)
				}
			})
		})
	}
}

// The steps are kept over restarts: each start in the pause would else begin with a canary at the first of them.
func TestCapThatOutlastsMidnightAndRestarts(t *testing.T) {
	inBubble(t, 15, onPost(airtest.Cap429, func(n int64) bool { return n > 10 && n <= 14 }), func(b *bubble) {
		for range 3 {
			wantStop(b.t, b.run(0, func(c *Config) { c.Workers, c.ExitOnCap = 1, true }), stop.Limit)
			g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount)
			if err != nil || g.PausedUntil.IsZero() {
				b.t.Fatalf("the stored gate: %+v, %v, want a pause", g, err)
			}
			b.reopen()
			time.Sleep(time.Until(g.PausedUntil))
		}
		posts, _ := b.arrivals()
		if got := posts[12].Sub(posts[11]); got != 5*time.Minute {
			b.t.Errorf("the second canary came %v after the first, want 5 minutes", got)
		}
		if err := b.run(0, func(c *Config) { c.Workers = 1 }); err != nil {
			b.t.Fatal(err)
		}
		posts, _ = b.arrivals()
		if got := posts[13].Sub(posts[12]); got != 15*time.Minute {
			b.t.Errorf("the third canary came %v after the second, want 15 minutes", got)
		}
		b.want(queue.Counts{Submitted: 15})
	})
}

// An answer that AiR does not give is one item's own, once this run has had a success: the others go on, it is tried again
// last and fails.
func TestPoisonousObjectFailsAlone(t *testing.T) {
	for _, status := range []int{400, 404, 410, 451} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			var order []string
			inBubble(t, 30, airtest.Config{Script: func(r airtest.Request) airtest.Fault {
				if r.Method != "POST" {
					return airtest.Fault{}
				}
				order = append(order, r.Job.Source.ObjectKey)
				if r.Job.Source.ObjectKey == "clip-00007.mov" {
					return airtest.Fault{Kind: airtest.StatusBefore, Status: status}
				}
				return airtest.Fault{}
			}}, func(b *bubble) {
				if err := b.run(50, func(c *Config) { c.Workers = 1 }); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 29, Failed: 1})
				if len(order) != 29+defaultMaxAttempts {
					b.t.Errorf("%d POSTs, want one each and %d for the poisonous one", len(order), defaultMaxAttempts)
				}
				for i, key := range order {
					if key == "clip-00007.mov" && i > 7 && i < 30 {
						b.t.Errorf("it was tried again as POST %d, before the others had their turn", i+1)
					}
				}
				e, _, err := b.db.Find(b.t.Context(), batch, queue.Object{Bucket: "archive", Key: "clip-00007.mov"})
				if err != nil || e.HTTPStatus != status || !strings.Contains(e.Message, "the answer is not AiR's") {
					b.t.Errorf("got %+v, %v, want what came", e.Record, err)
				}
			})
		})
	}
}

// Three items in a row with the same foreign answer stop the run and are named; with one between that AiR decides, or with
// another answer, they are no row.
func TestForeignAnswersInARowStopTheRun(t *testing.T) {
	for name, tt := range map[string]struct {
		status map[string]int
		stops  bool
	}{
		"three":            {map[string]int{"05": 451, "06": 451, "07": 451}, true},
		"all that follow":  {map[string]int{"1": 404}, true},
		"two and two":      {map[string]int{"05": 451, "06": 451, "08": 451, "09": 451}, false},
		"two kinds in row": {map[string]int{"05": 451, "06": 451, "07": 404, "08": 404}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 20, airtest.Config{Script: func(r airtest.Request) airtest.Fault {
				for part, status := range tt.status {
					if r.Method == "POST" && strings.HasPrefix(r.Job.Source.ObjectKey, "clip-000"+part) {
						return airtest.Fault{Kind: airtest.StatusBefore, Status: status}
					}
				}
				return airtest.Fault{}
			}}, func(b *bubble) {
				err := b.run(50, func(c *Config) { c.Workers, c.MaxAttempts = 1, 1 })
				if !tt.stops {
					if err != nil {
						b.t.Fatal(err)
					}
					b.want(queue.Counts{Submitted: 16, Failed: 4})
					return
				}
				wantStop(b.t, err, stop.Setup)
				if n := strings.Count(err.Error(), `"clip-000`); n != 3 {
					b.t.Errorf("%d items are named, want 3: %v", n, err)
				}
			})
		})
	}
}
