package service

import (
	"slices"
	"time"

	"airlift/queue/forecast"
	"airlift/queue/learned"
	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/service/hours"
)

// outlooks collects forecasts of batches, so that those of the same account share the work.
type outlooks struct {
	// now is the time by AiR's clock, which is skew ahead of ours.
	now    time.Time
	skew   time.Duration
	limits map[string]plan.Limits // by account
	groups []outlookGroup
}

// outlookGroup has the batches of an account that are paused until the same time.
type outlookGroup struct {
	account string
	paused  time.Time
	// batches are places in a list, and numbers how many items are sent until each of them is done.
	batches []int
	numbers []int64
}

// add asks for the forecast of a batch, the one at a place of a list, if ahead items of others are sent first. It sets what the forecast assumes.
func (o *outlooks) add(account string, s *Status, place int, ahead int64) {
	l := o.limits[account]
	s.Learned = learned.Summarize(l.AiR)
	if s.Left() == 0 {
		return
	}
	if l.PerDayFrom != plan.NoDailyLimit {
		s.PerDay, s.PerDayFrom = &l.PerDay, l.PerDayFrom
	}
	if s.State == string(worker.Running) && s.Reason != "" && s.Rate == 0 || s.ByHand && s.PausedUntil == nil {
		return // it waits for something that has no known end
	}
	if s.State != string(worker.Running) && s.Rate == 0 {
		assumed := min(l.Rate, UnlimitedRate) // JSON has no infinity
		s.AssumedRate, s.Hours = &assumed, hours.Of(l.Hours, o.now.Add(-o.skew))
	}
	g := outlookGroup{account: account}
	if s.PausedUntil != nil && s.PausedUntil.After(l.PausedUntil) {
		g.paused = *s.PausedUntil
	}
	at := slices.IndexFunc(o.groups, func(other outlookGroup) bool { return other.account == account && other.paused.Equal(g.paused) })
	if at < 0 {
		at, o.groups = len(o.groups), append(o.groups, g)
	}
	o.groups[at].batches = append(o.groups[at].batches, place)
	o.groups[at].numbers = append(o.groups[at].numbers, ahead+s.Pending)
}

// set sets the forecasts that were asked for.
func (o *outlooks) set(all []Status) {
	for _, g := range o.groups {
		l := o.limits[g.account]
		if g.paused.After(l.PausedUntil) {
			l.PausedUntil = g.paused
		}
		for i, f := range inputOf(l, o.now, o.skew).Each(g.numbers) {
			s := &all[g.batches[i]]
			s.ETA, s.ETARange = f.In(o.skew).Range()
		}
	}
}

// inputOf returns what forecasts rest on. The pause of the limits is by our clock.
func inputOf(l plan.Limits, now time.Time, skew time.Duration) forecast.Input {
	l.PausedUntil = l.PausedUntil.Add(skew)
	return l.Input(0, now)
}

// Month is what counts against the user's monthly limit.
type Month struct {
	Limit int64 `json:"limit"`
	Used  int64 `json:"used"`
}

// monthOf returns the use of a monthly limit; nil: there is none.
func monthOf(l plan.Limits) *Month {
	if l.PerMonth <= 0 {
		return nil
	}
	return &Month{l.PerMonth, l.UsedThisMonth}
}
