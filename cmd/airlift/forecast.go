package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/time/rate"

	"airlift/queue"
	queueplan "airlift/queue/plan"
	"airlift/ratelimit"
	"airlift/worker"
)

// limitsOf returns the limits that --rate and --daily-limit set.
func limitsOf(text string, dailyLimit int64) (queueplan.Limits, error) {
	r, err := ratelimit.ParseRate(text)
	if err != nil {
		return queueplan.Limits{}, usagef("--rate: %v", err)
	}
	if dailyLimit < 0 {
		return queueplan.Limits{}, usagef("--daily-limit %d is no number of jobs", dailyLimit)
	}
	return ownLimits(r, dailyLimit), nil
}

// ownLimits is limitsOf for flags that were checked.
func ownLimits(r rate.Limit, dailyLimit int64) queueplan.Limits {
	l := queueplan.Limits{Rate: float64(r), PerDay: dailyLimit}
	if r == ratelimit.Unlimited {
		l.Rate = math.Inf(1)
	}
	if dailyLimit > 0 {
		l.PerDayFrom = queueplan.OwnLimit
	}
	return l
}

// underway changes the limits, as learned, to those of a run as it stands: it may pause for reasons that are not stored,
// and submit more slowly than it may.
func underway(l queueplan.Limits, p worker.Snapshot) queueplan.Limits {
	l.PausedUntil = time.Time{}
	if p.Activity == worker.Paused {
		l.PausedUntil = p.PausedUntil
	} else if p.Rate > 0 {
		l.Rate = min(l.Rate, p.Rate)
	}
	return l
}

// forecast fills in when the batch will be done, if ahead items of other batches go first. now is the time by AiR's
// clock, which is skew ahead of ours.
func (s *summary) forecast(l queueplan.Limits, ahead int64, now time.Time, skew time.Duration) {
	s.ETA, s.PerDay, s.PerDayFrom = nil, nil, ""
	if s.left() == 0 {
		return
	}
	if l.PerDayFrom != queueplan.Nobody {
		s.PerDay, s.PerDayFrom = &l.PerDay, l.PerDayFrom
	}
	if s.State == string(worker.Running) && s.Reason != "" && s.Rate == 0 {
		return // it does not get on, and nobody knows until when
	}
	l.PausedUntil = l.PausedUntil.Add(skew)
	if f := l.Forecast(ahead+s.Pending, now); !f.Finish.IsZero() {
		eta := f.Finish.Add(-skew).UTC().Truncate(time.Second)
		s.ETA = &eta
	}
	if s.State == string(worker.Running) || s.Rate > 0 {
		return
	}
	s.pace = paceText(l.Rate, s.PerDay, s.PerDayFrom)
}

// paceText says what a forecast is reckoned from. A rate without a limit is infinite.
func paceText(rate float64, perDay *int64, from string) string {
	text := "at an unlimited rate"
	if !math.IsInf(rate, 1) {
		text = fmt.Sprintf("at %s requests a second (--rate)", humanize.Ftoa(math.Round(rate*1000)/1000))
	}
	if perDay == nil {
		return text + "; AiR's daily cap is not known yet"
	}
	return text + " and " + perDayText(*perDay, from)
}

func perDayText(perDay int64, from string) string {
	if from == queueplan.OwnLimit {
		return n(perDay) + " jobs a day (--daily-limit)"
	}
	return n(perDay) + " jobs a day (AiR's cap on the best of the last days)"
}

// noForecast says why there is none while a stop is in force.
const noForecast = "nothing is forecast while stopped: the next run begins with a single request, and goes on if AiR takes it"

// gateState returns the state, in the words of `airlift status`, of what is stored.
func gateState(l queueplan.Limits) (state worker.Activity, until *time.Time) {
	state = worker.Idle
	if !l.PausedUntil.IsZero() {
		end := l.PausedUntil.UTC()
		state, until = worker.Paused, &end
	}
	if l.Stopped {
		state = worker.Stopped
	}
	return state, until
}

// basis says below a forecast what it is reckoned from; empty: from the rate alone.
func (s summary) basis() string {
	switch {
	case s.pace != "" && s.State == string(worker.Idle):
		return "if it is worked from now on, " + s.pace
	case s.pace != "":
		return s.pace
	case s.PerDay != nil:
		return "at " + perDayText(*s.PerDay, s.PerDayFrom)
	}
	return ""
}

// learned returns the limits with what the queue has stored.
func learned(ctx context.Context, db store, l queueplan.Limits, now time.Time) (queueplan.Limits, error) {
	err := l.Learn(ctx, db, queue.DefaultAccount, now)
	return l, err
}
