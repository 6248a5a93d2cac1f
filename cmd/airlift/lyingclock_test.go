package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// withDates puts a server before the rig's AiR that writes other Dates: that of the n-th answer, from 1.
func (r *rig) withDates(date func(n int, method string) time.Time) {
	r.t.Helper()
	var answers tally
	r.before(func(resp *http.Response, body []byte) []byte {
		resp.Header.Set("Date", date(answers.add(), resp.Request.Method).UTC().Format(http.TimeFormat))
		return body
	})
}

// A clock that goes on a day with each answer does not multiply a daily limit.
func TestDateThatCreepsKeepsTheDailyLimit(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"a day an answer": 24 * time.Hour, "six hours": 6 * time.Hour, "backwards": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			begin := time.Now()
			r.withDates(func(n int, _ string) time.Time { return begin.Add(time.Duration(n-1) * step) })
			args := []string{"run", r.manifest("m.csv", 200), "--batch", "b", "--daily-limit", "10", "--on-daily-cap", "exit"}
			r.run(args...).want(t, exit.WorkLeft).says(t, "AiR's Date header is not plausible")
			r.run(args...).want(t, exit.WorkLeft)
			if got := r.air.Accepted(); got != 10 {
				t.Errorf("%d jobs with --daily-limit 10", got)
			}
		})
	}
}

// A clock that tells each run of another day does not multiply a daily limit: what the first run learned is stored.
func TestDateThatJumpsBetweenRunsKeepsTheDailyLimit(t *testing.T) {
	t.Parallel()
	for name, hours := range map[string][]int{
		"from right":    {0, 24, -24, 0, 24, -24, 12, 0},
		"from a day on": {24, 0, -24, 24, 0, 12},
		"from 13 back":  {-13, 13, 0, -13, 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			var off atomic.Int64 // changed while no command runs
			r.withDates(func(int, string) time.Time { return time.Now().Add(time.Duration(off.Load())) })
			args := []string{"run", r.manifest("m.csv", 60), "--batch", "b", "--daily-limit", "10", "--on-daily-cap", "exit"}
			for i, h := range hours {
				off.Store(int64(time.Duration(h) * time.Hour))
				got := r.run(args...).want(t, exit.WorkLeft)
				if h != hours[0] {
					got.says(t, "jumped since an earlier run")
				} else if i > 0 {
					got.lacks(t, "jumped since an earlier run")
				}
			}
			if got := r.air.Accepted(); got != 10 {
				t.Errorf("%d jobs with --daily-limit 10", got)
			}
		})
	}
}

// A Date in 9999, or of 1970, neither ends a pause nor makes one of years.
func TestDateFarOffInAPauseChangesNothing(t *testing.T) {
	t.Parallel()
	for name, far := range map[string]time.Time{"9999": time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), "1970": time.Unix(0, 0)} {
		for _, from := range []int{1, 5} { // the first, or an early answer
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var posts tally
				r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 10}, Script: func(q airtest.Request) airtest.Fault {
					if isPost(q) && posts.add() == 10 {
						return airtest.Fault{Kind: airtest.ResetAfter} // its lookup comes in the pause
					}
					return airtest.Fault{}
				}})
				r.withDates(func(n int, method string) time.Time {
					if n >= from || method == http.MethodGet {
						return far
					}
					return time.Now()
				})
				args := []string{"run", r.manifest("m.csv", 30), "--batch", "b", "--workers", "1"}
				p := r.start(args...)
				s := r.awaitStatus("a pause, and the lookup's end", func(s summary) bool {
					return s.State == "paused" && s.InDoubt == 0 && s.Submitted == 10
				})
				if s.PausedUntil == nil || time.Until(*s.PausedUntil) > 24*time.Hour+5*time.Second {
					t.Errorf("paused until %v, want by our next midnight", s.PausedUntil)
				}
				p.signal(syscall.SIGTERM)
				p.wait().want(t, exit.WorkLeft)
				before := r.air.Posts()
				if got := r.run(append(args, "--on-daily-cap", "exit")...); got.code != exit.WorkLeft || r.air.Posts() != before {
					t.Errorf("in the pause: exit code %d and %d POSTs, want %d and none", got.code, r.air.Posts()-before, exit.WorkLeft)
				}
			})
		}
	}
}

// A clock that stands still two seconds before midnight is probed once then, and five minutes later.
func TestDateThatStandsStillIsProbedAFewTimes(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 10}})
	still := time.Now().UTC().Truncate(24 * time.Hour).Add(24*time.Hour - 2*time.Second)
	r.withDates(func(int, string) time.Time { return still })
	p := r.start("run", r.manifest("m.csv", 30), "--batch", "b", "--workers", "1", "--grace", "0s")
	s := r.awaitStatus("the second pause", func(s summary) bool { return s.State == "paused" && r.air.Posts() == 12 })
	if s = r.awaitStatus("its end", func(s summary) bool { return s.PausedUntil != nil && time.Until(*s.PausedUntil) > time.Minute }); time.Until(*s.PausedUntil) > 5*time.Minute {
		t.Errorf("paused until %v, want 5 minutes from the probe", s.PausedUntil)
	}
	p.signal(syscall.SIGTERM)
	got := p.wait().want(t, exit.WorkLeft)
	if n := strings.Count(got.stderr, "paused: nothing is sent until then"); n != 2 || r.air.Posts() != 12 {
		t.Errorf("%d pauses and %d POSTs, want 2 and 12: a job each, the cap, a probe", n, r.air.Posts())
	}
}
