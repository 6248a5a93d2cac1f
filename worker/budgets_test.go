package worker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/worker/air/airtest"
	"airlift/worker/budget"
	"airlift/worker/stop"
)

// No month gets more than the limit, over restarts, with items claimed ahead and with refused ones, and each gets all of it. The
// run sleeps to the first of the month.
func TestMonthlyLimit(t *testing.T) {
	for name, perSecond := range map[string]float64{"claimed one by one": 50, "claimed ahead": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 250, airtest.Config{Settings: airtest.Settings{DailyCap: 70}}, func(b *bubble) {
				time.Sleep(27 * 24 * time.Hour)
				enough := errors.New("the process ends")
				for first := true; ; first = false {
					limit := 70 * time.Hour
					if first {
						limit = 2 * time.Second
					}
					ctx, cancel := context.WithTimeoutCause(b.t.Context(), limit, enough)
					p := b.pool(perSecond, func(c *Config) { c.MonthlyLimit = 150 })
					ended := make(chan error, 1)
					go func() { ended <- p.Run(ctx) }()
					time.Sleep(limit - time.Second)
					if s := p.Progress(); time.Now().Month() == time.January && time.Now().Day() > 30 &&
						(s.Reason != "our own monthly limit is reached (--monthly-limit)" || !s.PausedUntil.Equal(time.Date(2000, 2, 1, 0, 0, 5, 0, time.UTC))) {
						b.t.Errorf("on %v: %+v", time.Now(), s)
					}
					err := <-ended
					cancel()
					if err == nil {
						break
					}
					if !errors.Is(err, enough) {
						b.t.Fatal(err)
					}
					b.reopen()
				}
				b.want(queue.Counts{Submitted: 250})
				for month, want := range map[time.Month]int64{time.January: 150, time.February: 100} {
					days, err := b.db.Days(b.t.Context(), queue.DefaultAccount, queue.DayOf(time.Date(2000, month, 1, 0, 0, 0, 0, time.UTC)), queue.DayOf(time.Date(2000, month+1, 0, 0, 0, 0, 0, time.UTC)))
					if err != nil {
						b.t.Fatal(err)
					}
					got := int64(0)
					for _, d := range days {
						got += d.Submitted
					}
					if got != want {
						b.t.Errorf("in %v %d jobs were accepted, want %d", month, got, want)
					}
				}
			})
		})
	}
}

// With exit the run ends at the month's limit, and a higher limit that is set carries on.
func TestExitAtTheMonthlyLimit(t *testing.T) {
	inBubble(t, 100, airtest.Config{}, func(b *bubble) {
		err := b.run(50, func(c *Config) { c.MonthlyLimit, c.ExitOnCap = 30, true })
		wantStop(b.t, err, stop.Limit)
		if !strings.Contains(err.Error(), "--monthly-limit") || !strings.Contains(err.Error(), "2000-02-01T00:00:05Z") {
			b.t.Errorf("it ended with %v", err)
		}
		b.want(queue.Counts{Submitted: 30, Pending: 70})
		p := b.pool(50, func(c *Config) { c.MonthlyLimit = 30 })
		var run sync.WaitGroup
		run.Go(func() { err = p.Run(b.t.Context()) })
		time.Sleep(time.Hour)
		b.want(queue.Counts{Submitted: 30, Pending: 70})
		limit := int64(100)
		if err := p.Apply(b.t.Context(), queue.Control{MonthlyLimit: &limit}); err != nil {
			b.t.Fatal(err)
		}
		run.Wait()
		b.want(queue.Counts{Submitted: 100})
		if err != nil || time.Now().Month() != time.January {
			b.t.Errorf("%v, on %v", err, time.Now())
		}
	})
}

// Once AiR's cap was met, a part of it is left to others, and none of our requests meets it again.
func TestReserveIsLeft(t *testing.T) {
	inBubble(t, 500, airtest.Config{Settings: airtest.Settings{DailyCap: 100}}, func(b *bubble) {
		if err := b.run(50, func(c *Config) { c.Reserve = budget.Reserve{Percent: 30} }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 500})
		first := queue.DayOf(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
		for i := range queue.Day(6) {
			d, err := queuetest.On(b.db).Day(b.t.Context(), queue.DefaultAccount, first+i)
			if err != nil {
				b.t.Fatal(err)
			}
			want := int64(70)
			if i == 0 {
				want = 100 // it is not known yet
			}
			if d.Submitted > want || i < 5 && d.Submitted < want-1 || d.Capped != (i == 0) {
				b.t.Errorf("day %d: %d jobs, capped %v; want %d", i, d.Submitted, d.Capped, want)
			}
		}
	})
}

// Items in doubt count against a limit of our own until AiR's list shows that they have no job. What is given back then is used,
// by a run that waits for the next month and by one that ends at the limit.
func TestDoubtsAtALimitAreGivenBack(t *testing.T) {
	for name, exits := range map[string]bool{"waits": false, "exits": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 100, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{Seed: 3, Post: airtest.Odds{airtest.Err500Before: 0.3}}}}, func(b *bubble) {
				p := b.pool(50, func(c *Config) { c.MonthlyLimit, c.ExitOnCap = 30, exits })
				ctx, cancel := context.WithCancel(b.t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- p.Run(ctx) }()
				time.Sleep(time.Hour)
				if got := b.air.Accepted(); got != 30 {
					b.t.Errorf("%d jobs of the month's 30 within an hour: %+v", got, p.Progress())
				}
				if !exits {
					cancel()
					<-ended
					return
				}
				select {
				case err := <-ended:
					wantStop(b.t, err, stop.Limit)
				default:
					b.t.Error("the run has not ended at its limit")
					cancel()
					<-ended
				}
			})
		})
	}
}
