package service

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/forecast"
	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/pace"
)

// ForecastSchema is the version of [Forecasts]' form.
const ForecastSchema = 1

// ForecastQuery asks when batches are done.
type ForecastQuery struct {
	// Batches are the ids; none: all.
	Batches []string
	// Limits are assumed of accounts that no run works, beside what the queue has stored.
	Limits AssumedLimits
	// WhatIf replaces what is so.
	WhatIf WhatIf
	// By asks what it takes to be done by then; zero: that is not asked.
	By time.Time
}

// WhatIf is what a forecast assumes instead of what is so.
type WhatIf struct {
	// Rate is in requests a second; 0: as it is.
	Rate rate.Limit
	// Daily is our own daily limit, 0 for none, and Items how many items are left; nil: as it is.
	Daily, Items *int64
}

// Forecasts are forecasts of accounts.
type Forecasts struct {
	Schema int `json:"schema"`
	// Time is when they were made.
	Time time.Time `json:"time"`
	// Accounts are those of the batches that were asked for, by name.
	Accounts []AccountForecast `json:"accounts"`
}

// AccountForecast is when batches of an account are done. All times are by our clock.
type AccountForecast struct {
	Account string `json:"account"`
	// Batches are those that the forecast is of, and Paused those that are not sent because an operator has paused them.
	Batches []string `json:"batches"`
	Paused  []string `json:"paused_by_hand,omitempty"`
	// Items is how many are sent until the batches are done, items of others that take turns with them included.
	Items int64 `json:"items"`
	// ETA is the middle of what is expected; nil: it cannot be forecast.
	ETA      *time.Time      `json:"eta"`
	ETARange *forecast.Range `json:"eta_range"`
	// None says why nothing is forecast, and what to do; empty: there is a forecast.
	None string `json:"none,omitempty"`
	// Missed says that the latest forecasts did not hold; empty: they did, or there were none.
	Missed string `json:"missed,omitempty"`
	// Days are the UTC days until the end of the range.
	Days []DayForecast `json:"days"`
	// Need is what it takes to be done by a time; nil: that was not asked.
	Need *Need `json:"need,omitempty"`
}

// DayForecast is what is sent on a UTC day.
type DayForecast struct {
	// Day is the day, like 2026-03-14.
	Day string `json:"day"`
	// Low to High is the range of the jobs of the day, Expected the middle, and Left what is left after it then.
	Low      int64 `json:"low"`
	Expected int64 `json:"expected"`
	High     int64 `json:"high"`
	Left     int64 `json:"left"`
}

// Need is what it takes to be done by a time.
type Need struct {
	By time.Time `json:"by"`
	// Already says that it will be done by then as things are.
	Already bool `json:"already"`
	// Rate is the lowest rate in requests a second, and Daily the lowest daily limit; nil if it cannot be done.
	Rate  *float64 `json:"rate"`
	Daily *int64   `json:"daily"`
	// Cannot says why it cannot be done, and what to do.
	Cannot string `json:"cannot,omitempty"`
}

// NothingLeft says why there is no forecast of batches that are done.
const NothingLeft = "nothing is left to send"

// Forecast returns when batches are done. It reads only stored counters, so its cost does not depend on the number of items.
func (s *Service) Forecast(ctx context.Context, q ForecastQuery) (Forecasts, error) {
	all := Forecasts{Schema: ForecastSchema, Time: time.Now().UTC().Truncate(time.Second), Accounts: []AccountForecast{}}
	asked, err := s.Named(ctx, q.Batches...)
	if err != nil {
		return all, err
	}
	batches, err := s.Batches(ctx)
	if err != nil {
		return all, err
	}
	byAccount := map[string][]queue.Batch{}
	for _, b := range asked {
		byAccount[b.AccountName()] = append(byAccount[b.AccountName()], b)
	}
	for _, name := range s.accountNames(batches) {
		if len(byAccount[name]) == 0 && (len(asked) > 0 || q.WhatIf.Items == nil) {
			continue
		}
		one, err := s.forecastOf(ctx, q, name, byAccount[name], batches)
		if err != nil {
			return all, err
		}
		all.Accounts = append(all.Accounts, one)
	}
	return all, nil
}

// forecastOf returns when the asked batches of an account are done, of all batches of the queue.
func (s *Service) forecastOf(ctx context.Context, q ForecastQuery, account string, asked, batches []queue.Batch) (AccountForecast, error) {
	out := AccountForecast{Account: account, Batches: []string{}, Days: []DayForecast{}}
	in, skew, err := s.inputFor(ctx, q, account)
	if err != nil {
		return out, err
	}
	out.count(asked, batches)
	if len(asked) == 1 && asked[0].Control.PausedAt(time.Now()) && asked[0].Control.PausedUntil.Add(skew).After(in.PausedUntil) {
		in.PausedUntil = asked[0].Control.PausedUntil.Add(skew)
	}
	if q.WhatIf.Items != nil {
		out.Items = *q.WhatIf.Items
	}
	if out.Missed, err = s.missed(ctx, account, in.Now); err != nil {
		return out, err
	}
	in.Items = out.Items
	switch {
	case out.Items == 0 && len(out.Paused) > 0:
		in.None = plan.HeldText
	case out.Items == 0:
		in.None = NothingLeft
	}
	f := in.Forecast()
	out.ETA, out.ETARange = f.In(skew).Range()
	out.None = f.None
	for _, d := range f.Days {
		out.Days = append(out.Days, DayForecast{d.Day.Format(time.DateOnly), d.Low, d.Middle, d.High, d.Left})
	}
	if !q.By.IsZero() {
		out.Need = needOf(in, q.By, skew)
	}
	return out, nil
}

// count sets of which batches the forecast is, and how many items are sent until they are done.
func (a *AccountForecast) count(asked, batches []queue.Batch) {
	for _, b := range asked {
		if b.Control.PausedAt(time.Now()) && b.Control.PausedUntil.IsZero() {
			a.Paused = append(a.Paused, b.ID)
			continue
		}
		a.Batches = append(a.Batches, b.ID)
		if b.Counts.Pending > 0 {
			a.Items = max(a.Items, b.Counts.Pending+sentMeanwhile(b, batches))
		}
	}
}

// needOf returns what it takes to be done by a time by our clock.
func needOf(in forecast.Input, by time.Time, skew time.Duration) *Need {
	n := in.Need(by.Add(skew))
	out := &Need{By: by.UTC(), Already: n.Already, Cannot: n.Cannot}
	if n.Cannot == "" {
		out.Rate, out.Daily = &n.Rate, &n.Daily
	}
	return out
}

// inputFor returns what a forecast of an account rests on, and how far AiR's clock is ahead of ours.
func (s *Service) inputFor(ctx context.Context, q ForecastQuery, account string) (in forecast.Input, skew time.Duration, err error) {
	now := time.Now()
	of := StatusQuery{Limits: q.Limits.limits()}
	waiting := ""
	if run := s.c.Host.Running(account); run != nil && !run.Pool.LookupsOnly {
		p := run.Pool.Progress()
		limits := runLimits(run.Pool)
		of.Limits, of.Run = &limits, &p
		at := run.Pool.Now()
		now, skew = at, at.Sub(now)
		if p.Activity == worker.Running && p.Reason != "" && p.Rate == 0 {
			waiting = p.Reason + ": nothing is forecast until that ends"
		}
	}
	limits, err := s.assumed(ctx, of, account, now)
	if err != nil {
		return in, skew, err
	}
	if r := q.WhatIf.Rate; r > 0 {
		limits.ReplaceRate(r)
	}
	if d := q.WhatIf.Daily; d != nil {
		limits.PerDay, limits.PerDayFrom = *d, plan.NoDailyLimit
		if *d > 0 {
			limits.PerDayFrom = plan.OwnLimit
		}
	}
	in = inputOf(limits, now, skew)
	if in.None == "" {
		in.None = waiting
	}
	return in, skew, nil
}

// overviewDays is how many days of a forecast an overview has.
const overviewDays = 31

// runForecast returns when the batches that a run works are done.
func (s *Service) runForecast(ctx context.Context, run *Running) (*AccountForecast, error) {
	worked := []queue.Batch{}
	for _, id := range run.Pool.Worked() {
		b, err := s.Batch(ctx, id)
		if err != nil {
			return nil, err
		}
		worked = append(worked, b)
	}
	f, err := s.forecastOf(ctx, ForecastQuery{}, run.Account, worked, worked)
	f.Days = f.Days[:min(len(f.Days), overviewDays)]
	return &f, err
}

// runLimits returns the limits of a run, which an operator may have changed since it was started.
func runLimits(p *worker.Pool) plan.Limits {
	set := p.Limits()
	perSecond := set.Rate
	if set.AutoRate {
		perSecond = min(set.MaxRate, p.Pace().Of(pace.Auto))
	}
	l := plan.NewLimits(perSecond, set.DailyLimit)
	l.Hours, l.PerMonth = set.Hours, set.MonthlyLimit
	return l
}
