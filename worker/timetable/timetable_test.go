package timetable

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/pace"
)

func keeper(t *testing.T, c schedule.Config) (*Keeper, *ratelimit.Gate, *pace.Pace, *int) {
	t.Helper()
	s, err := schedule.Parse(c)
	if err != nil {
		t.Fatal(err)
	}
	g, p, times := ratelimit.NewGate(nil), pace.New(ratelimit.NewLimiter(ratelimit.Unlimited, 1), nil), 0
	return New(g, p, s, func() { times++ }), g, p, &times
}

// The gate and the rate follow the clock, and a pause for another cause stays.
func TestKeeperFollowsTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is midnight
		k, g, p, shut := keeper(t, schedule.Config{Rate: "00:00 5/s, 08:00 2/s", Windows: []string{"22:00-06:00"}, Zone: "UTC"})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { k.Run(ctx); close(done) }()
		for _, step := range []struct {
			sleep  time.Duration
			rate   float64
			paused bool
		}{{time.Second, 5, false}, {6 * time.Hour, 5, true}, {2 * time.Hour, 2, true}, {14 * time.Hour, 2, false}, {2 * time.Hour, 5, false}} {
			time.Sleep(step.sleep)
			synctest.Wait()
			if got := p.InForce().Rate; float64(got) != step.rate || g.State().Paused != step.paused {
				t.Errorf("at %v: rate %v, paused %v", time.Now().UTC(), got, g.State().Paused)
			}
		}
		if *shut != 1 {
			t.Errorf("told of %d pauses, want 1", *shut)
		}
		g.Close(ratelimit.Hand, time.Time{}, "by hand")
		time.Sleep(26 * time.Hour)
		if s := g.State(); !s.ByHand {
			t.Errorf("after a window: %+v, want the pause by hand", s)
		}
		cancel()
		<-done
		if got := p.InForce().Rate; got != 2 {
			t.Errorf("after the run the rate is %v, want the lowest", got)
		}
	})
}

// A clock that is set is noticed before the next request: windows are about the clock on the wall.
func TestKeeperNoticesThatTheClockWasSet(t *testing.T) {
	// The clock of the gate is the real one: the day must be to come.
	k, g, p, _ := keeper(t, schedule.Config{Rate: "00:00 5/s, 08:00 2/s", Windows: []string{"22:00-06:00"}, Zone: "UTC"})
	for _, c := range []struct {
		clock  string
		rate   float64
		paused bool
	}{{"05:59", 5, false}, {"09:00", 2, true}, {"05:00", 5, false}, {"06:00", 5, true}, {"22:00", 2, false}, {"21:00", 2, true}} {
		at, err := time.Parse(time.RFC3339, "2126-03-02T"+c.clock+":00Z")
		if err != nil {
			t.Fatal(err)
		}
		k.wall = func() time.Time { return at }
		k.Update()
		if got := p.InForce().Rate; float64(got) != c.rate || g.PauseState(ratelimit.Window).Reason != "" != c.paused {
			t.Errorf("at %s: rate %v, %+v", c.clock, got, g.PauseState(ratelimit.Window))
		}
	}
}
