package airclock

import (
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// show shows a clock Dates of an offset, one a minute over some minutes from an instant.
func show(c *Clock, from time.Time, offset time.Duration, minutes int) (plausible bool) {
	plausible = true
	for i := range minutes + 1 {
		at := from.Add(time.Duration(i) * time.Minute)
		plausible = c.Observe(at.Add(offset), at, at) && plausible
	}
	return plausible
}

// After an implausible Date the offset stays if ten minutes had confirmed it, else that of earlier runs counts.
func TestAnImplausibleDateEndsLearning(t *testing.T) {
	for name, c := range map[string]struct {
		minutes int
		want    time.Duration
	}{"proven": {10, 3 * time.Hour}, "not proven": {9, time.Hour}} {
		t.Run(name, func(t *testing.T) {
			var clock Clock
			clock.Load(queue.ClockOffset{Offset: time.Hour, Since: start})
			if !show(&clock, start, 3*time.Hour, c.minutes) {
				t.Fatal("a steady clock is not plausible")
			}
			at := start.Add(time.Hour)
			if clock.Observe(at.Add(26*time.Hour), at, at) || !clock.Observe(at, at, at) {
				t.Error("want exactly one report of an implausible Date")
			}
			if got, learned := clock.Current(); got != c.want || learned {
				t.Errorf("offset %v, learned %v; want %v", got, learned, c.want)
			}
		})
	}
}

// A pause that begins after a jump ends after the later one of both midnights.
func TestResumeAtTheLaterMidnight(t *testing.T) {
	const grace = 5 * time.Second
	midnight := func(sent time.Time) time.Time { return ratelimit.NextMidnightUTC(sent).Add(grace) }
	for name, c := range map[string]struct{ stored, now, want time.Duration }{
		"no jump":                 {0, 0, 12 * time.Hour},
		"the stored one is later": {-time.Hour, 2 * time.Hour, 13 * time.Hour},
		"the new one is later":    {2 * time.Hour, -time.Hour, 13 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			var clock Clock
			clock.Load(queue.ClockOffset{Offset: c.stored, Since: start})
			show(&clock, start, c.now, 0)
			got := clock.ResumeAt(air.Outcome{Date: start.Add(c.now), Sent: start, Ended: start}, midnight)
			if off := got.Sub(start.Add(c.want + grace)).Abs(); off > time.Second {
				t.Errorf("resumes at %v, want %v", got, start.Add(c.want+grace))
			}
		})
	}
}

func TestKeep(t *testing.T) {
	var s queue.Server
	step := func(offset, after time.Duration, changed, replaced bool, stored time.Duration) {
		t.Helper()
		c, r := Keep(&s, offset, start.Add(after))
		if c != changed || r != replaced || s.Clock.Offset != stored {
			t.Errorf("%v after %v: changed %v, replaced %v, stored %v; want %v, %v, %v", offset, after, c, r, s.Clock.Offset, changed, replaced, stored)
		}
	}
	step(time.Hour, 0, true, false, time.Hour) // the first at once
	step(time.Hour+time.Second, time.Minute, false, false, time.Hour)
	step(0, 2*time.Minute, true, false, time.Hour) // another one: noted
	step(0, 11*time.Minute, false, false, time.Hour)
	step(time.Hour, 11*time.Minute, true, false, time.Hour) // the stored one again: the other must begin anew
	step(0, 13*time.Minute, true, false, time.Hour)
	step(0, 22*time.Minute, false, false, time.Hour)
	step(0, 23*time.Minute, true, true, 0)
}

// What is not proven is stored no longer, unless an earlier run had it.
func TestForgetUnproven(t *testing.T) {
	offset := queue.ClockOffset{Offset: 3 * time.Hour, Since: start}
	for name, earlier := range map[string]bool{"of this run": false, "of an earlier run": true} {
		t.Run(name, func(t *testing.T) {
			var clock Clock
			s := queue.Server{Clock: offset, NextClock: offset}
			if earlier {
				clock.Load(offset)
			}
			show(&clock, start, 0, 10) // this run proves another one
			clock.Observe(start.Add(48*time.Hour), start, start)
			if !clock.ForgetUnproven(&s) || s.NextClock != (queue.ClockOffset{}) || (s.Clock == offset) != earlier {
				t.Errorf("stored: %+v", s)
			}
			if clock.ForgetUnproven(&s) {
				t.Error("a second time changed it again")
			}
		})
	}
}
