package worker

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPoolSubmitsEachItemOnce(t *testing.T) {
	for name, perSecond := range map[string]float64{"5 a second": 5, "500 a second": 500, "unlimited": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 500, airtest.Config{}, func(b *bubble) {
				if err := b.run(perSecond, nil); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: 500})
				if b.air.Posts() != 500 {
					b.t.Errorf("POSTs: got %d, want 500", b.air.Posts())
				}
			})
		})
	}
}

func TestPoolKeepsToTheRateLookupsIncluded(t *testing.T) {
	inBubble(t, 100, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{Seed: 1, Post: airtest.Odds{airtest.Err500After: 0.2, airtest.Err500Before: 0.2}}}}, func(b *bubble) {
		if err := b.run(5, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 100})
		posts, gets := b.arrivals()
		all := append(posts, gets...)
		slices.SortFunc(all, time.Time.Compare)
		for i := 1; i < len(all); i++ {
			if gap := all[i].Sub(all[i-1]); gap < 199*time.Millisecond {
				b.t.Errorf("requests %d and %d are %v apart, want 200 ms at 5 a second", i, i+1, gap)
			}
		}
	})
}

func TestPoolPausesUntilMidnight(t *testing.T) {
	inBubble(t, 300, airtest.Config{Settings: airtest.Settings{DailyCap: 100}}, func(b *bubble) {
		begin := time.Now()
		if err := b.run(0, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 300})
		posts, _ := b.arrivals()
		midnight := ratelimit.NextMidnightUTC(begin)
		for _, at := range posts {
			if at.After(begin.Add(time.Minute)) && at.Before(midnight.Add(defaultGrace)) {
				b.t.Errorf("a POST at %v, in the pause until %v", at, midnight.Add(defaultGrace))
			}
		}
		// Each day of the three: at most what was in flight beyond the cap; each new day begins with one canary. In the second
		// pause a single one shows that the day does not begin before midnight.
		if extra := len(posts) - 300; extra < 1 || extra > 2*8+1 {
			b.t.Errorf("%d POSTs beyond the cap in two days, want 1 to 17", extra)
		}
		second := slices.IndexFunc(posts, midnight.Before)
		if second < 0 || posts[second].Sub(midnight) > defaultGrace+31*time.Second {
			b.t.Errorf("resumed at %v, want within half a minute of %v", posts[second], midnight.Add(defaultGrace))
		}
		g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount)
		if err != nil || g != (queue.Gate{}) {
			b.t.Errorf("the stored gate after it all: %+v, %v, want it open", g, err)
		}
		// What the cap is can be learned from the days that it ended.
		for i, capped := range []bool{true, true, false} {
			d, err := queuetest.On(b.db).Day(b.t.Context(), queue.DefaultAccount, queue.DayOf(begin)+queue.Day(i))
			if err != nil || d.Capped != capped || d.Submitted != 100 {
				b.t.Errorf("day %d: %+v, %v, want 100 submitted and capped %v", i, d, err, capped)
			}
		}
	})
}

func TestPoolKeepsAStoredPause(t *testing.T) {
	inBubble(t, 10, airtest.Config{}, func(b *bubble) {
		until := time.Now().Add(3 * time.Hour)
		if err := b.db.SetGate(b.t.Context(), queue.DefaultAccount, queue.Gate{PausedUntil: until, Reason: "cap"}); err != nil {
			b.t.Fatal(err)
		}
		err := b.run(0, func(c *Config) { c.ExitOnCap = true })
		wantStop(b.t, err, stop.Limit)
		if posts, gets := b.arrivals(); len(posts)+len(gets) != 0 {
			b.t.Errorf("%d POSTs and %d lists in the pause, want none", len(posts), len(gets))
		}
		if err := b.run(0, nil); err != nil {
			b.t.Fatal(err)
		}
		if posts, _ := b.arrivals(); posts[0].Before(until) {
			b.t.Errorf("the first POST was at %v, before the pause ended at %v", posts[0], until)
		}
	})
}

func TestPoolIgnoresAPauseThatNoCapCanCause(t *testing.T) {
	inBubble(t, 10, airtest.Config{}, func(b *bubble) {
		if err := b.db.SetGate(b.t.Context(), queue.DefaultAccount, queue.Gate{PausedUntil: time.Now().Add(25 * time.Hour)}); err != nil {
			b.t.Fatal(err)
		}
		begin := time.Now()
		if err := b.run(0, nil); err != nil || time.Since(begin) > time.Hour {
			b.t.Errorf("ended after %v with %v, want at once", time.Since(begin), err)
		}
	})
}

func TestPoolOutageOfTwentyMinutes(t *testing.T) {
	const items = 3000
	var begin time.Time
	outage := func(at time.Time) bool {
		since := at.Sub(begin)
		return since > time.Minute && since < 21*time.Minute
	}
	meanwhile := 0
	c := airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		switch {
		case !outage(time.Now()):
			return airtest.Fault{}
		case r.Method != "POST":
			return airtest.Fault{Kind: airtest.HTML502Before}
		}
		meanwhile++
		if meanwhile%2 == 0 {
			return airtest.Fault{Kind: airtest.HTML502After}
		}
		return airtest.Fault{Kind: airtest.HTML502Before}
	}}
	inBubble(t, items, c, func(b *bubble) {
		begin = time.Now()
		if err := b.run(20, nil); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: items})
		if meanwhile >= 100 {
			b.t.Errorf("%d POSTs during the outage, want under 100", meanwhile)
		}
	})
}

func TestPoolGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		kind     airtest.Kind
		postOnly bool
		items    int
		after    time.Duration
	}{
		"nobody answers at all":              {airtest.Unsent, false, 300, time.Minute},
		"a night of 500s":                    {airtest.Err500Before, false, 300, 12 * time.Hour},
		"a night of 500s, but lookups work":  {airtest.Err500Before, true, 300, 12 * time.Hour},
		"the same with no more than 8 items": {airtest.Err500Before, true, 8, 12 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			script := func(r airtest.Request) airtest.Fault {
				if c.postOnly && r.Method != "POST" {
					return airtest.Fault{}
				}
				return airtest.Fault{Kind: c.kind}
			}
			inBubble(t, c.items, airtest.Config{Script: script}, func(b *bubble) {
				begin := time.Now()
				wantStop(b.t, b.run(5, nil), stop.Unexpected)
				if took := time.Since(begin); took < c.after || took > c.after+c.after/10+time.Minute {
					b.t.Errorf("gave up after %v, want %v", took, c.after)
				}
				if got := b.counts(); got.Failed != 0 {
					b.t.Errorf("%d items failed in the outage, want none", got.Failed)
				}
				if posts, _ := b.arrivals(); len(posts) > 200 {
					b.t.Errorf("%d POSTs, want a few", len(posts))
				}
			})
		})
	}
}

func TestPoolDailyLimitCountsOverRestarts(t *testing.T) {
	inBubble(t, 100, airtest.Config{}, func(b *bubble) {
		limited := func(c *Config) { c.DailyLimit, c.ExitOnCap = 30, true }
		wantStop(b.t, b.run(0, limited), stop.Limit)
		if got := b.air.Accepted(); got != 30 {
			b.t.Fatalf("jobs on the first day: got %d, want 30", got)
		}
		b.reopen()
		wantStop(b.t, b.run(0, limited), stop.Limit)
		if got := b.air.Accepted(); got != 30 {
			b.t.Errorf("jobs on the first day after a restart: got %d, want 30", got)
		}
		begin := time.Now()
		if err := b.run(0, func(c *Config) { c.DailyLimit = 30 }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 100})
		if took := time.Since(begin); took < 60*time.Hour || took > 61*time.Hour {
			b.t.Errorf("100 items at 30 a day took %v more, want until the third midnight", took)
		}
	})
}

func TestPoolMaxItems(t *testing.T) {
	for name, perSecond := range map[string]float64{"one at a time": 50, "claimed ahead": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 100, airtest.Config{}, func(b *bubble) {
				wantStop(b.t, b.run(perSecond, func(c *Config) { c.MaxItems = 37 }), stop.Limit)
				b.want(queue.Counts{Submitted: 37, Pending: 63})
			})
		})
	}
}
