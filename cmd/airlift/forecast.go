package main

import (
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
	"golang.org/x/time/rate"

	queueplan "airlift/queue/plan"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/service"
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

// basis says below a forecast what it is reckoned from; empty: from the rate alone.
func basis(s *service.Status) string {
	switch {
	case s.AssumedRate != nil && s.State == string(worker.Idle):
		return "if it is worked from now on, " + paceText(*s.AssumedRate, s.PerDay, s.PerDayFrom)
	case s.AssumedRate != nil:
		return paceText(*s.AssumedRate, s.PerDay, s.PerDayFrom)
	case s.PerDay != nil:
		return "at " + perDayText(*s.PerDay, s.PerDayFrom)
	}
	return ""
}
