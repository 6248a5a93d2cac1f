package worker

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

func waitOnQuota(c *Config) { c.Workers, c.WaitOnQuota = 1, true }

// midnights returns the instants a grace after each midnight, from the next one on, so many.
func midnights(n int) (all []time.Time) {
	for at := time.Now().UTC().Truncate(24 * time.Hour); len(all) < n; {
		at = at.AddDate(0, 0, 1)
		all = append(all, at.Add(defaultGrace))
	}
	return all
}

// sameInstants fails the test unless what was sent at is what is wanted, to half a minute.
func sameInstants(t *testing.T, got, want []time.Time) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d requests, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if late := got[i].Sub(want[i]); late < -time.Second || late > 31*time.Second {
			t.Errorf("request %d: at %v, want %v", i+1, got[i].UTC(), want[i])
		}
	}
}

// With WaitOnQuota a run sleeps to the first of the month, with one canary a day, and lookups go on meanwhile.
func TestTheMonthlyQuotaIsWaitedFor(t *testing.T) {
	c := onPost(airtest.ResetAfter, func(n int64) bool { return n == 15 })
	c.Settings = airtest.Settings{MonthlyQuota: 20}
	inBubble(t, 30, c, func(b *bubble) {
		want := midnights(31) // of January, the last one is the first of February
		done := make(chan error)
		p := b.pool(0, waitOnQuota)
		go func() { done <- p.Run(b.t.Context()) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		b.want(queue.Counts{Submitted: 20, Pending: 10}) // what was in doubt was looked up
		s := p.Progress()
		if s.Activity != Paused || !strings.Contains(s.Reason, "monthly quota") || !strings.Contains(s.Reason, "2000-02-01 00:00 UTC") {
			b.t.Errorf("got %+v", s)
		}
		if err := <-done; err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 30})
		posts, _ := b.arrivals()
		sameInstants(b.t, posts[21:21+31], want)
		if g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount); err != nil || g != (queue.Gate{}) {
			b.t.Errorf("the stored gate: %+v, %v, want it open", g, err)
		}
	})
}

// The wait goes on over restarts. A run that does not wait sends one request and stops, and what it has stored is a stop.
func TestTheWaitForTheMonthSurvivesRestarts(t *testing.T) {
	inBubble(t, 30, airtest.Config{Settings: airtest.Settings{MonthlyQuota: 20}}, func(b *bubble) {
		want := midnights(3)
		for i := range 4 {
			ctx, cancel := context.WithTimeout(b.t.Context(), []time.Duration{26 * time.Hour, time.Hour, 3 * time.Hour, 20 * time.Hour}[i])
			if err := b.pool(0, waitOnQuota).Run(ctx); ctx.Err() == nil {
				b.t.Fatalf("run %d ended by itself: %v", i, err)
			}
			cancel()
			b.reopen()
		}
		posts, _ := b.arrivals()
		sameInstants(b.t, posts[21:], want[:2])
		g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount)
		if err != nil || !g.QuotaUntil.Equal(time.Date(2000, 2, 1, 0, 0, 5, 0, time.UTC)) {
			b.t.Errorf("stored: %+v, %v", g, err)
		}
		for range 2 {
			wantStop(b.t, b.run(0, func(c *Config) { c.Workers = 1 }), stop.Quota)
			b.reopen()
		}
		if posts, _ := b.arrivals(); len(posts) != 21+2+2 {
			b.t.Errorf("%d requests, want one for each run that does not wait", len(posts))
		}
		if g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount); err != nil || !g.Stopped || !g.QuotaUntil.IsZero() || !g.PausedUntil.IsZero() {
			b.t.Errorf("stored: %+v, %v, want a stop", g, err)
		}
	})
}

// An operator ends the wait, and a quota that was raised is used at once.
func TestResumeEndsTheWaitForTheMonth(t *testing.T) {
	inBubble(t, 30, airtest.Config{Settings: airtest.Settings{MonthlyQuota: 20}}, func(b *bubble) {
		done := make(chan error)
		p := b.pool(0, waitOnQuota)
		go func() { done <- p.Run(b.t.Context()) }()
		time.Sleep(time.Hour)
		b.ok(b.air.Change(func(s *airtest.Settings) { s.MonthlyQuota = 100 }))
		resumed := time.Now()
		p.Resume()
		b.ok(<-done)
		if took := time.Since(resumed); took > time.Minute {
			b.t.Errorf("it took %v", took)
		}
		b.want(queue.Counts{Submitted: 30})
	})
}

// A 403 that may be something else ends the run, also one that would wait for the month.
func TestOtherRefusalsAreNotWaitedFor(t *testing.T) {
	for kind, want := range map[airtest.Kind]stop.Reason{airtest.HTML403: stop.Quota, airtest.Access403: stop.Credentials} {
		t.Run(string(kind), func(t *testing.T) {
			inBubble(t, 5, onPost(kind, func(int64) bool { return true }), func(b *bubble) {
				wantStop(b.t, b.run(0, waitOnQuota), want)
				if posts, _ := b.arrivals(); len(posts) != 1 {
					b.t.Errorf("%d requests", len(posts))
				}
			})
		})
	}
}
