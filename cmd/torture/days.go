package main

import "time"

const day = 24 * time.Hour

// shortDays returns a clock on which midnight UTC comes every d: after each it skips to d before the next. So a daily
// cap costs a round seconds. airlift believes no such clock, so the Date is left out, a cap ends the process, and the rig
// lifts the pause. A job that a list does not show yet is shown once the clock skips, never the other way.
func shortDays(d time.Duration) func() time.Time {
	began := time.Now()
	first := began.UTC().Truncate(day).Add(day)
	return func() time.Time {
		gone := time.Since(began)
		n := gone / d
		return first.Add(n*day - d + gone%d)
	}
}

// midnightPassed reports whether an instant lies on a later day of the sandbox's clock than the first of the round.
func (r *round) midnightPassed(at time.Time) bool { return at.Truncate(day).After(r.firstDay) }
