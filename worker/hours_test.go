package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/air/airtest"
)

// weekHours has a short fast time around two o'clock in the morning, and no POST in most of a weekend.
var weekHours = schedule.Config{
	Rate: "01:58 1/s, 02:03 6/h, Mon-Fri 12:00 30/h, 13:00 6/h", Windows: []string{"Mon-Fri 00:00-24:00", "Sat,Sun 01:30-03:00"}, Zone: "Europe/Berlin",
}

// weekRate is what weekHours says, by the clock on the wall.
func weekRate(local time.Time) (perSecond float64, open bool) {
	minute, weekend := local.Hour()*60+local.Minute(), local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	open = !weekend || minute >= 90 && minute < 180
	switch {
	case minute >= 118 && minute < 123:
		return 1, open
	case minute >= 720 && minute < 780 && !weekend:
		return 30.0 / 3600, open
	}
	return 6.0 / 3600, open
}

// Weeks with both changes of the clocks, 29 February and 31 December: no requests in any ten seconds are above the table, and
// none is a POST outside of the windows, however often the process is started again.
func TestRequestsKeepToTheTable(t *testing.T) {
	inBubble(t, 20000, airtest.Config{}, func(b *bubble) {
		zone, err := time.LoadLocation(weekHours.Zone)
		if err != nil {
			b.t.Fatal(err)
		}
		dice := rand.New(rand.NewPCG(1, 2))
		enough := errors.New("the process ends")
		for _, first := range []time.Time{
			time.Date(2000, 2, 26, 9, 0, 0, 0, zone), time.Date(2000, 3, 23, 9, 0, 0, 0, zone), time.Date(2000, 10, 26, 9, 0, 0, 0, zone), time.Date(2000, 12, 28, 9, 0, 0, 0, zone),
		} {
			time.Sleep(time.Until(first))
			for end := first.AddDate(0, 0, 7); time.Now().Before(end); {
				ctx, cancel := context.WithTimeoutCause(b.t.Context(), time.Duration(dice.Int64N(int64(20*time.Hour))), enough)
				if night := time.Now().In(zone); night.Hour() < 2 { // most often while the rate changes
					cancel()
					ctx, cancel = context.WithTimeoutCause(b.t.Context(), time.Duration(dice.Int64N(int64(15*time.Minute))), enough)
				}
				err := b.pool(0, func(c *Config) { c.Hours, c.Limiter = weekHours, ratelimit.NewLimiter(0.001, 1) }).Run(ctx)
				cancel()
				if !errors.Is(err, enough) {
					b.t.Fatalf("the run ended with %v", err)
				}
				b.reopen()
			}
		}
		posts, gets := b.arrivals()
		for _, at := range posts {
			if _, open := weekRate(at.In(zone)); !open {
				b.t.Errorf("a POST at %v, outside of the windows", at.In(zone))
			}
		}
		b.keepsTo(slices.Concat(posts, gets), func(at time.Time) float64 {
			perSecond, _ := weekRate(at.In(zone))
			return perSecond
		})
		b.sentAll(posts, zone)
	})
}

// keepsTo fails the test if more requests came in any ten seconds than rate, in requests a second, allows.
func (b *bubble) keepsTo(all []time.Time, rate func(time.Time) float64) {
	b.t.Helper()
	slices.SortFunc(all, time.Time.Compare)
	for i, first := range all {
		allowed, at := 0.0, first
		for j := i + 1; j < len(all) && all[j].Sub(first) <= 10*time.Second; j++ {
			for at.Before(all[j]) {
				next := at.Truncate(time.Second).Add(time.Second) // rates change at full minutes
				if next.After(all[j]) {
					next = all[j]
				}
				allowed += rate(at) * next.Sub(at).Seconds()
				at = next
			}
			if float64(j-i) > allowed+1e-6 {
				b.t.Fatalf("%d requests after the one at %v until %v, and the table allows %.3f", j-i, first, all[j], allowed)
			}
		}
	}
}

// sentAll fails the test if much less was sent than the table allows.
func (b *bubble) sentAll(posts []time.Time, zone *time.Location) {
	b.t.Helper()
	fast := map[string]int{}
	for _, at := range posts {
		if perSecond, _ := weekRate(at.In(zone)); perSecond == 1 {
			fast[at.In(zone).Format("01-02")]++
		}
	}
	if n := fast["03-26"]; n < 60 || n > 120 { // 02:03 does not exist: the fast time ends as the clocks change
		b.t.Errorf("on 26 March %d items were sent in two minutes at 1/s", n)
	}
	if n := fast["10-29"]; n < 250 || n > 481 { // from 01:58 to 03:00 and, once more, to 02:03
		b.t.Errorf("on 29 October %d items were sent in eight minutes at 1/s", n)
	}
	for _, day := range []string{"02-29", "12-31", "01-01"} {
		if n := fast[day]; n < 100 || n > 300 {
			b.t.Errorf("on %s %d items were sent in five minutes at 1/s", day, n)
		}
	}
}

// A window ends with a canary before the others, lookups go on outside of it, and neither a cap nor an operator's resume opens it.
func TestOutsideOfTheWindow(t *testing.T) {
	inBubble(t, 4000, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{Seed: 1, Post: airtest.Odds{airtest.Err500After: 0.2}}}}, func(b *bubble) {
		hours := schedule.Config{Windows: []string{"22:00-06:00"}, Zone: "UTC"} // and it is noon
		p := b.pool(1, func(c *Config) { c.Hours = hours })
		ended := make(chan error, 1)
		go func() { ended <- p.Run(b.t.Context()) }()
		time.Sleep(time.Hour)
		begin := time.Date(2000, 1, 1, 22, 0, 0, 0, time.UTC)
		if s := p.Progress(); s.Activity != Paused || s.ByHand || !s.PausedUntil.Equal(begin) || s.Reason != "outside of --window 22:00-06:00" {
			b.t.Errorf("at 13:00: got %+v", s)
		}
		p.Resume()
		time.Sleep(time.Minute)
		if posts, _ := b.arrivals(); len(posts) > 0 {
			b.t.Errorf("%d POSTs outside of the window", len(posts))
		}
		if err := <-ended; err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 4000})
		posts, _ := b.arrivals()
		if posts[0].Before(begin) || posts[0].After(begin.Add(time.Minute)) {
			b.t.Errorf("the first POST came at %v, want %v", posts[0], begin)
		}
		for _, at := range posts {
			if h := at.Hour(); h >= 6 && h < 22 {
				b.t.Errorf("a POST at %v", at)
			}
		}
	})
}

// An operator's setting replaces the table or the windows of the run at once, and also for the next run.
func TestSetHours(t *testing.T) {
	inBubble(t, 500, airtest.Config{}, func(b *bubble) {
		p := b.pool(1, func(c *Config) { c.Hours = schedule.Config{Windows: []string{"22:00-06:00"}, Zone: "UTC"} })
		ctx, cancel := context.WithCancel(b.t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(time.Minute)
		if err := p.Apply(ctx, queue.Control{RateTable: "12:00 1/s, 25:00 2/s"}); err == nil || !strings.Contains(err.Error(), `"25:00" is no time`) {
			b.t.Errorf("a bad table: %v", err)
		}
		if err := p.Apply(ctx, queue.Control{Windows: &[]string{}, RateTable: "12:00 30/m, 12:03 2/s", TimeZone: "UTC"}); err != nil {
			b.t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if posts, _ := b.arrivals(); len(posts) < 26 || len(posts) > 31 {
			b.t.Errorf("%d POSTs in a minute at 30 a minute", len(posts))
		}
		cancel()
		<-ended
		b.reopen()
		time.Sleep(time.Minute) // it is 12:03
		before, _ := b.arrivals()
		p = b.pool(1, func(c *Config) { c.Hours = schedule.Config{Windows: []string{"22:00-06:00"}, Zone: "UTC"} })
		ctx, cancel = context.WithCancel(b.t.Context())
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(time.Minute)
		if posts, _ := b.arrivals(); len(posts)-len(before) < 115 {
			b.t.Errorf("the next run sent %d in a minute at 2/s", len(posts)-len(before))
		}
		if err := p.Apply(ctx, queue.Control{}); err != nil { // --reset: the window of the run counts again
			b.t.Fatal(err)
		}
		if s := p.Progress(); s.Activity != Paused || s.Reason != "outside of --window 22:00-06:00" {
			b.t.Errorf("after the reset: %+v", s)
		}
		cancel()
		<-ended
	})
}
