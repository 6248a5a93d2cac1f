package worker

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// limitedRun runs with a daily limit of 10 and Dates that are off by so much, and returns what it logged.
func (b *bubble) limitedRun(off time.Duration) string {
	b.t.Helper()
	return b.limitedRunAt(func() time.Time { return time.Now().Add(off) })
}

func (b *bubble) limitedRunAt(date func() time.Time) string {
	b.t.Helper()
	var log bytes.Buffer
	dated := b.dated(func(int, *http.Request) time.Time { return date() })
	err := b.run(50, func(c *Config) {
		dated(c)
		c.DailyLimit, c.ExitOnCap, c.Log = 10, true, zerolog.New(zerolog.SyncWriter(&log))
	})
	wantStop(b.t, err, stop.Limit)
	b.reopen()
	return log.String()
}

// Each run is told of another day: the limit is that of one all the same.
func TestRunsThatAreToldOtherDaysKeepTheDailyLimit(t *testing.T) {
	const h = time.Hour
	for name, offs := range map[string][]time.Duration{
		"days":             {0, 24 * h, -24 * h, 0, 24 * h, -24 * h, 12 * h, 0},
		"wrong from first": {24 * h, 0, -24 * h, 0, 24 * h, 12 * h},
		"half days":        {-13 * h, 13 * h, 0, -13 * h, 6 * h},
		"ahead and back":   {0, 24 * h, 24 * h, 0, 24 * h, 24 * h},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 100, airtest.Config{}, func(b *bubble) {
				for i, off := range offs {
					log := b.limitedRun(off)
					if n, want := strings.Count(log, "jumped since an earlier run"), map[bool]int{true: 1, false: 0}[off != offs[0]]; n != want {
						b.t.Errorf("run %d: %d warnings, want %d:\n%s", i, n, want, log)
					}
					time.Sleep(5 * time.Minute / time.Duration(len(offs)))
				}
				if got := b.air.Accepted(); got != 10 {
					b.t.Errorf("%d jobs in a day with a limit of 10", got)
				}
			})
		})
	}
}

// A Date that no run can believe leaves what an earlier run learned: AiR is thirteen hours ahead, in its next day.
func TestImplausibleDateLeavesTheStoredOffset(t *testing.T) {
	inBubble(t, 100, airtest.Config{}, func(b *bubble) {
		b.limitedRun(13 * time.Hour)
		for _, date := range []time.Time{time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
			if log := b.limitedRunAt(func() time.Time { return date }); !strings.Contains(log, "is not plausible") {
				b.t.Errorf("no warning:\n%s", log)
			}
		}
		if got := b.air.Accepted(); got != 10 {
			b.t.Errorf("%d jobs in AiR's day with a limit of 10", got)
		}
		d, err := queuetest.On(b.db).Day(b.t.Context(), queue.DefaultAccount, queue.DayOf(time.Now().Add(13*time.Hour)))
		if err != nil || d.Claimed != 10 {
			b.t.Errorf("AiR's day has %+v, %v, want the 10 claims", d, err)
		}
	})
}

// Our own clock was a day behind and is set right: AiR's day is the same as before, and its limit is used up.
func TestClockSetRightKeepsTheDailyLimit(t *testing.T) {
	for name, off := range map[string]time.Duration{"a day": 24 * time.Hour, "half a day": 12*time.Hour - time.Minute} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 100, airtest.Config{}, func(b *bubble) {
				b.limitedRun(off)
				time.Sleep(off) // what our clock goes forward by as it is set
				for range 3 {
					b.limitedRun(0)
				}
				if got := b.air.Accepted(); got != 10 {
					b.t.Errorf("%d jobs in AiR's day with a limit of 10", got)
				}
			})
		})
	}
}

// A machine whose own clock was wrong and is set right is not held for ever: once the new offset has held for ten minutes
// it counts, and each day has its jobs.
func TestClockSetRightIsBelievedAfterTenMinutes(t *testing.T) {
	for name, off := range map[string]time.Duration{"a day behind": 24 * time.Hour, "a day ahead": -24 * time.Hour, "half a day": 12 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 100, airtest.Config{}, func(b *bubble) {
				b.limitedRun(off)
				begin := time.Now()
				for time.Since(begin) < 9*time.Minute {
					b.limitedRun(0)
					time.Sleep(time.Minute)
				}
				if got := b.air.Accepted(); got != 10 {
					b.t.Errorf("%d jobs before the new offset has held, want 10", got)
				}
				time.Sleep(2 * time.Minute)
				if log := b.limitedRun(0); strings.Contains(log, "is not plausible") {
					b.t.Error(log)
				}
				known, err := queuetest.On(b.db).Server(b.t.Context(), queue.DefaultAccount)
				if err != nil || known.Clock.Offset != 0 || !known.NextClock.Since.IsZero() {
					b.t.Errorf("stored: %+v, %v, want no offset", known, err)
				}
				before := b.air.Accepted()
				for day := range 3 {
					time.Sleep(24 * time.Hour)
					if log := b.limitedRun(0); strings.Contains(log, "jumped") {
						b.t.Error(log)
					}
					if got := b.air.Accepted() - before; got < 10*day || got > 10*(day+1) {
						b.t.Errorf("%d jobs after %d days", got, day+1)
					}
				}
			})
		})
	}
}

// A pause that begins before it is clear whose clock is right ends after both midnights.
func TestPauseAfterAJumpEndsAfterBothMidnights(t *testing.T) {
	for name, off := range map[string]time.Duration{"later by the stored": -3 * time.Hour, "later by the new": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 30, airtest.Config{Settings: airtest.Settings{DailyCap: 15}}, func(b *bubble) {
				b.limitedRun(off)
				latest := ratelimit.NextMidnightUTC(time.Now())
				if midnight := ratelimit.NextMidnightUTC(time.Now().Add(off)).Add(-off); midnight.After(latest) {
					latest = midnight
				}
				dated := b.dated(func(int, *http.Request) time.Time { return time.Now() })
				wantStop(b.t, b.run(50, func(c *Config) { dated(c); c.ExitOnCap = true }), stop.Limit)
				g, err := queuetest.On(b.db).Gate(b.t.Context(), queue.DefaultAccount)
				if want := latest.Add(defaultGrace); err != nil || g.PausedUntil.Sub(want).Abs() > 2*time.Second {
					b.t.Errorf("paused until %v, %v, want %v", g.PausedUntil, err, want.UTC())
				}
			})
		})
	}
}
