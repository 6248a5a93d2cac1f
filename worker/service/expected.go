package service

import (
	"context"
	"slices"
	"time"

	"airlift/queue"
	"airlift/queue/forecast"
	"airlift/worker"
)

// settled is how long after the beginning of a run the forecast of its first day is made: then the run has its pace. Those of later
// days are made as long before they begin: on the day itself AiR's cap may be met within a minute.
const settled = time.Minute

// keepForecasts stores a forecast for each day that a run begins on or sees, until ctx ends.
func (s *Service) keepForecasts(ctx context.Context, account string, pool *worker.Pool) {
	var warned queue.Day
	for wait := settled; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		now := pool.Now()
		today := queue.DayOf(now)
		left := (today + 1).Start().Sub(now)
		err := s.keepForecast(ctx, account, pool, today)
		if err == nil && left <= settled {
			err = s.keepForecast(ctx, account, pool, today+1)
		}
		if err == nil && today != warned {
			warned = today
			err = s.warnOfMiss(ctx, account, now)
		}
		if err != nil && ctx.Err() == nil {
			s.c.Log.Warn().Err(err).Msg("the forecast of the day could not be stored, so later it cannot be compared with what came")
		}
		if wait = left - settled; wait <= 0 {
			wait = left + settled
		}
		wait = min(wait, time.Hour) // the clock may be set meanwhile, and the machine may sleep
	}
}

// keepForecast stores the forecast of a day, today or tomorrow, if it has none yet.
func (s *Service) keepForecast(ctx context.Context, account string, pool *worker.Pool, day queue.Day) error {
	now := pool.Now()
	a, err := s.Account(ctx, account, day)
	if err != nil || !a.Day.Expected.At.IsZero() {
		return err
	}
	in, _, err := s.inputFor(ctx, ForecastQuery{}, account)
	if err != nil {
		return err
	}
	for _, id := range pool.Worked() {
		b, err := s.Batch(ctx, id)
		if err != nil {
			return err
		}
		if !b.Control.PausedAt(time.Now()) {
			in.Items += b.Counts.Pending
		}
	}
	f := in.Forecast()
	if f.None != "" || in.Items == 0 {
		return nil
	}
	e := queue.Expected{At: slices.MaxFunc([]time.Time{now.UTC().Round(0), day.Start()}, time.Time.Compare), Low: a.Day.Submitted, High: a.Day.Submitted, Left: in.Items, From: f.Low, To: f.High}
	for _, d := range f.Days {
		if queue.DayOf(d.Day) == day {
			e.Low, e.High = e.Low+d.Low, e.High+d.High
		}
	}
	return s.c.Store.Observe(ctx, account, queue.Observation{Kind: queue.MadeForecast, At: e.At, Expected: e})
}

// warnOfMiss logs that the forecasts of the last two days did not hold.
func (s *Service) warnOfMiss(ctx context.Context, account string, now time.Time) error {
	text, err := s.missed(ctx, account, now)
	if text != "" {
		s.c.Log.Warn().Str("account", account).Msg(text + "; `airlift forecast` shows the present one")
	}
	return err
}

// missed says whether the forecasts of the last two days did not hold. now is the time by AiR's clock.
func (s *Service) missed(ctx context.Context, account string, now time.Time) (string, error) {
	today := queue.DayOf(now)
	days, err := s.Days(ctx, account, today-2, today-1)
	if err != nil || len(days) != 2 || days[0].Expected.At.IsZero() || days[1].Expected.At.IsZero() {
		return "", err
	}
	said := func(i int) forecast.Said {
		return forecast.Said{Day: (today - 2 + queue.Day(i)).Start(), Low: days[i].Expected.Low, High: days[i].Expected.High, Sent: days[i].Submitted}
	}
	return forecast.Missed(said(0), said(1)), nil
}
