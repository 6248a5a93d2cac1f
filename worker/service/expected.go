package service

import (
	"context"
	"time"

	"airlift/queue"
	"airlift/queue/forecast"
	"airlift/worker"
)

// settled is how long after the beginning of a run or of a day the forecast of the day is made: then the run has its pace.
const settled = time.Minute

// keepForecasts stores a forecast for each day that a run begins or sees, until ctx ends.
func (s *Service) keepForecasts(ctx context.Context, account string, pool *worker.Pool) {
	for wait := settled; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		now := pool.Now()
		if err := s.keepForecast(ctx, account, pool); err != nil && ctx.Err() == nil {
			s.c.Log.Warn().Err(err).Msg("the forecast of the day could not be stored, so later it cannot be compared with what came")
		}
		// The clock may be set meanwhile, and the machine may sleep: look every hour.
		wait = min(time.Hour, (queue.DayOf(now) + 1).Start().Add(settled).Sub(now))
	}
}

// keepForecast stores the forecast of the day, if there is none yet.
func (s *Service) keepForecast(ctx context.Context, account string, pool *worker.Pool) error {
	now := pool.Now()
	a, err := s.Account(ctx, account, queue.DayOf(now))
	if err != nil || !a.Day.Expected.At.IsZero() {
		return err
	}
	batches, err := s.Named(ctx, pool.Worked()...)
	if err != nil {
		return err
	}
	in, _, err := s.inputFor(ctx, ForecastQuery{}, account)
	if err != nil {
		return err
	}
	for _, b := range batches {
		if b.AccountName() == account && !b.Control.PausedAt(time.Now()) {
			in.Items += b.Counts.Pending
		}
	}
	f := in.Forecast()
	if f.None != "" || in.Items == 0 {
		return nil
	}
	e := queue.Expected{At: now.UTC().Round(0), Low: a.Day.Submitted, High: a.Day.Submitted, Left: in.Items, From: f.Low, To: f.High}
	if len(f.Days) > 0 && queue.DayOf(f.Days[0].Day) == queue.DayOf(now) {
		e.Low, e.High = e.Low+f.Days[0].Low, e.High+f.Days[0].High
	}
	return s.c.Store.Observe(ctx, account, queue.Observation{Kind: queue.MadeForecast, At: now, Expected: e})
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
