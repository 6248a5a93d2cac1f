package main

import (
	"math"

	"golang.org/x/time/rate"

	queueplan "airlift/queue/plan"
	"airlift/ratelimit"
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
