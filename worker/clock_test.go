package worker

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dated lets the n-th answer, from 1, carry another Date.
func (b *bubble) dated(date func(n int, r *http.Request) time.Time) func(*Config) {
	b.t.Helper()
	n := 0
	client, err := air.New(air.Config{
		BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("access-key", "secret-key"),
		Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
			resp, err := b.air.RoundTrip(r)
			if err == nil {
				n++
				resp.Header.Set("Date", date(n, r).UTC().Format(http.TimeFormat))
			}
			return resp, err
		}),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return func(c *Config) { c.Workers, c.API = 1, client }
}

// A clock that runs faster than time does not multiply a daily limit.
func TestDateThatCreepsDoesNotRaiseTheDailyLimit(t *testing.T) {
	for name, step := range map[string]time.Duration{"a day an answer": 24 * time.Hour, "an hour": time.Hour, "a minute": time.Minute, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 100, airtest.Config{}, func(b *bubble) {
				var log bytes.Buffer
				faulty := b.dated(func(n int, _ *http.Request) time.Time { return time.Now().Add(time.Duration(n-1) * step) })
				begin := time.Now()
				for range 2 { // a second run in the same day changes nothing
					err := b.run(5, func(c *Config) {
						faulty(c)
						c.DailyLimit, c.ExitOnCap, c.Log = 10, true, zerolog.New(zerolog.SyncWriter(&log))
					})
					wantStop(b.t, err, stop.Limit)
				}
				if took := time.Since(begin); took > time.Hour {
					b.t.Fatalf("took %v, want both runs within a day", took)
				}
				if got := b.air.Accepted(); got != 10 {
					b.t.Errorf("%d jobs in a day with a limit of 10", got)
				}
				if step.Abs() > 5*time.Minute && strings.Count(log.String(), "is not plausible") == 0 {
					b.t.Errorf("no warning:\n%s", log.String())
				}
			})
		})
	}
}

// An implausible Date ends no pause, and makes none of years: our midnight counts.
func TestDateFarOffInAPause(t *testing.T) {
	far := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for name, date := range map[string]func(n int, r *http.Request) time.Time{
		"from the 429 on": func(n int, _ *http.Request) time.Time {
			if n > 10 {
				return far
			}
			return time.Now()
		},
		"of lookups in the pause": func(_ int, r *http.Request) time.Time {
			if r.Method == http.MethodGet {
				return far
			}
			return time.Now()
		},
		"of 1970, always": func(int, *http.Request) time.Time { return time.Unix(0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{Settings: airtest.Settings{DailyCap: 20}, Script: once(20, airtest.ResetAfter)}
			inBubble(t, 30, c, func(b *bubble) {
				begin := time.Now()
				midnight := ratelimit.NextMidnightUTC(begin)
				if err := b.run(0, b.dated(date)); err != nil {
					b.t.Fatal(err)
				}
				posts, gets := b.arrivals()
				for _, at := range posts {
					if at.Sub(begin) > time.Minute && at.Before(midnight.Add(defaultGrace)) {
						b.t.Errorf("a POST %v after the start, in the pause", at.Sub(begin))
					}
				}
				if last := posts[len(posts)-1]; last.After(midnight.Add(time.Hour)) {
					b.t.Errorf("the last POST came at %v, want it just after %v", last.UTC(), midnight)
				}
				if len(gets) == 0 {
					b.t.Error("no lookup in the pause: the test tests nothing")
				}
				b.want(queue.Counts{Submitted: 30})
			})
		})
	}
}

// A clock that stands still just before midnight makes no probe every two seconds.
func TestDateThatStandsStillBeforeMidnight(t *testing.T) {
	for name, away := range map[string]time.Duration{"two seconds": 2 * time.Second, "a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{Settings: airtest.Settings{DailyCap: 10}}
			inBubble(t, 15, c, func(b *bubble) {
				begin := time.Now()
				midnight := ratelimit.NextMidnightUTC(begin)
				still := midnight.Add(-away)
				if err := b.run(0, b.dated(func(int, *http.Request) time.Time { return still })); err != nil {
					b.t.Fatal(err)
				}
				posts, _ := b.arrivals()
				early := 0
				for _, at := range posts {
					if at.Before(midnight) {
						early++
					}
				}
				// 10 jobs, the 429, a probe at the midnight that was told, then 5, 15, 60 minutes, and one an hour at most.
				if most := 10 + 1 + 1 + 3 + 12; early > most {
					b.t.Errorf("%d POSTs before midnight, want at most %d", early, most)
				}
				b.want(queue.Counts{Submitted: 15})
			})
		})
	}
}

// An offset that has held for ten minutes outlives a single odd Date: midnight is still the server's.
func TestOddDateLeavesAProvenOffset(t *testing.T) {
	const dailyCap, items, skew = 680, 690, time.Hour
	for name, odd := range map[string]time.Time{"9999": time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), "1970": time.Unix(0, 0)} {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{Settings: airtest.Settings{DailyCap: dailyCap}, Clock: func() time.Time { return time.Now().Add(skew) }}
			inBubble(t, items, c, func(b *bubble) {
				midnight := ratelimit.NextMidnightUTC(time.Now().Add(skew)).Add(-skew)
				faulty := b.dated(func(n int, _ *http.Request) time.Time {
					if n == dailyCap-50 { // after more than ten minutes at 1 a second
						return odd
					}
					return time.Now().Add(skew)
				})
				if err := b.run(1, faulty); err != nil {
					b.t.Fatal(err)
				}
				b.want(queue.Counts{Submitted: items})
				posts, _ := b.arrivals()
				if late := posts[dailyCap+1].Sub(midnight); late < 0 || late > defaultGrace+2*time.Second {
					b.t.Errorf("resumed %v after the server's midnight, want just after it", late)
				}
			})
		})
	}
}
