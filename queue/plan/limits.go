package plan

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/learned"
	"airlift/ratelimit/caps"
	"airlift/ratelimit/schedule"
)

// The values of Limits.PerDayFrom: the source of the limit.
const (
	// NoDailyLimit: no daily limit is known.
	NoDailyLimit = ""
	// OwnLimit: the user, by --daily-limit.
	OwnLimit = "daily-limit"
	// Learned: AiR, by a 429; see [Limits.Learn].
	Learned = "learned"
)

// longestPause is the longest pause of a daily cap: a day, the grace after midnight, and some slack. A forecast
// ignores a stored pause that is longer, as a run does with its own grace.
const longestPause = 25 * time.Hour

// Limits are the limits on submitting: rate, daily limit, pause and stop.
type Limits struct {
	// Rate is in requests a second, infinite without a limit.
	Rate float64
	// PerDay is the most jobs a UTC day, 0 if none is known; PerDayFrom says who says so.
	PerDay     int64
	PerDayFrom string
	// UsedToday counts against PerDay.
	UsedToday int64
	// PerMonth is the most jobs a calendar month by AiR's clock, 0 for no limit; UsedThisMonth counts against it.
	PerMonth, UsedThisMonth int64
	// Hours are the rates and the times at which something may be sent.
	Hours schedule.Schedule
	// AiR has what was learned of AiR's limits.
	AiR caps.Learned
	// Pace is how many requests a second a run sends now; 0: that is not known.
	Pace float64
	// PausedUntil is when the pause in force ends; zero: there is none.
	PausedUntil time.Time
	// Stopped says that a stop is in force (a 403): until it is lifted nothing can be forecast.
	Stopped bool
	// Held says that an operator has paused the account until it is resumed, so that nothing can be forecast either.
	Held bool
	// Reason says in words why there is a pause or a stop; Since is when it began, zero if that is not known.
	Reason string
	Since  time.Time
}

// NewLimits returns the limits that the user sets: a rate, and the most jobs a UTC day, 0 for none.
func NewLimits(r rate.Limit, perDay int64) Limits {
	l := Limits{Rate: float64(r), PerDay: perDay}
	if r == rate.Inf {
		l.Rate = math.Inf(1)
	}
	if perDay > 0 {
		l.PerDayFrom = OwnLimit
	}
	return l
}

// ReplaceRate sets a rate in place of the one before, of a table and of the pace of a run.
func (l *Limits) ReplaceRate(r rate.Limit) {
	l.Rate, l.Pace, l.Hours = NewLimits(r, 0).Rate, 0, l.Hours.WithoutTable()
}

// InForce returns the limits of a stored gate that apply now. Pauses that are over, or longer than a daily cap can cause, do not.
func InForce(g queue.Gate, now time.Time) Limits {
	l := Limits{Stopped: g.Stopped}
	if g.PausedUntil.After(now) && !g.PausedUntil.After(now.Add(longestPause)) {
		l.PausedUntil = g.PausedUntil
	}
	if g.QuotaUntil.After(now) && !l.PausedUntil.IsZero() {
		l.PausedUntil = g.QuotaUntil // the canaries until then are not expected to be accepted
	}
	if l.Stopped || !l.PausedUntil.IsZero() {
		l.Reason, l.Since = g.Reason, g.Since
	}
	return l
}

// State returns the state of an account without a run, as `airlift status` shows it, and when a pause ends.
func (l Limits) State() (state string, until *time.Time) {
	state = "idle"
	if l.Held {
		state = "paused"
	}
	if !l.PausedUntil.IsZero() && !l.Held {
		end := l.PausedUntil.UTC()
		state, until = "paused", &end
	}
	if l.Stopped {
		state = "stopped"
	}
	return state, until
}

// unlimitedRate is a stored rate that never limits, in requests a second.
const unlimitedRate = 1e9

// Load fills in what a run would have from the queue: what operators have set, and what [Limits.Learn] finds.
func (l *Limits) Load(ctx context.Context, db queue.Reader, account string, now time.Time) error {
	a, err := db.Account(ctx, account, queue.DayOf(now))
	if err != nil {
		return err
	}
	set := a.Control
	if set.Rate > 0 {
		l.Rate = set.Rate
	}
	if err := l.setHours(set); err != nil {
		return fmt.Errorf("what was set for account %q: %w", account, err)
	}
	if set.Rate >= unlimitedRate {
		l.Rate = math.Inf(1)
	}
	if set.DailyLimit != nil {
		l.PerDay, l.PerDayFrom = *set.DailyLimit, NoDailyLimit
		if l.PerDay > 0 {
			l.PerDayFrom = OwnLimit
		}
	}
	l.PerMonth = *cmp.Or(set.MonthlyLimit, &l.PerMonth)
	if err := l.Learn(ctx, db, account, now); err != nil {
		return err
	}
	if set.PausedAt(now) {
		l.Pause(set.PausedUntil, set.Reason)
	}
	return nil
}

// setHours applies what an operator has set: a rate or a table replaces a table.
func (l *Limits) setHours(set queue.Control) (err error) {
	if set.RateTable != "" {
		l.Rate = math.Inf(1)
	}
	l.Hours, err = schedule.Parse(l.Hours.Config().Set(set.Rate > 0, set.RateTable, set.Windows, set.TimeZone))
	return err
}

// Pause adds a pause by an operator; until zero: until it is resumed.
func (l *Limits) Pause(until time.Time, reason string) {
	l.Held = l.Held || until.IsZero()
	if until.After(l.PausedUntil) {
		l.PausedUntil = until
	}
	if !l.Stopped {
		l.Reason, l.Since = cmp.Or(reason, "paused by hand"), time.Time{}
	}
}

// Learn fills in what the queue stores about the account: today's use, a pause or a stop in force, what was learned of AiR's
// limits and, unless the user has set a limit, AiR's daily cap as PerDay. now is the time by AiR's clock as far as it is known.
func (l *Limits) Learn(ctx context.Context, db queue.Reader, account string, now time.Time) error {
	a, err := db.Account(ctx, account, queue.DayOf(now))
	if err != nil {
		return err
	}
	if l.AiR, err = learned.Read(ctx, db, account, now); err != nil {
		return err
	}
	in := InForce(a.Gate, now)
	l.PausedUntil, l.Stopped, l.Reason, l.Since = in.PausedUntil, in.Stopped, in.Reason, in.Since
	l.UsedToday = a.Day.Claimed
	if l.PerDayFrom != OwnLimit && l.AiR.Daily.Known() && !l.AiR.Outgrown(now) {
		l.PerDay, l.PerDayFrom = l.AiR.Daily.Value, Learned
	}
	if l.PerMonth > 0 {
		return l.countMonth(ctx, db, account, queue.DayOf(now))
	}
	return nil
}

// countMonth counts the claims of the month until today.
func (l *Limits) countMonth(ctx context.Context, db queue.Reader, account string, today queue.Day) error {
	days, err := db.Days(ctx, account, today.MonthStart(), today)
	l.UsedThisMonth = 0
	for i := range days {
		l.UsedThisMonth += days[i].Claimed
	}
	return err
}
