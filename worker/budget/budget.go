// Package budget answers: how many jobs may be claimed today and this month, and which limit says so?
//
// Invariants:
//
//  1. A limit counts every claim of the account that is not proven to be refused, over all runs of a queue.
//  2. What is reserved is taken from AiR's limits as they were learned. Before one is learned there is nothing to take it from.
//
// Outside: the check itself, which is a part of the claim's transaction (package queue), and what AiR's limits are
// (ratelimit/caps).
package budget

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"airlift/queue"
	"airlift/ratelimit/caps"
)

// Set is what users set. The zero value sets nothing.
type Set struct {
	// Daily and Monthly are the most jobs a UTC day and a calendar month by AiR's clock; 0: no limit.
	Daily, Monthly int64
	Reserve        Reserve
}

// Reserve is what is left to other users of an account: so many jobs of a day and of a month, or a part of AiR's limits. The
// zero value leaves nothing.
type Reserve struct {
	Jobs    int64
	Percent float64
}

// ParseReserve reads N or P%.
func ParseReserve(text string) (r Reserve, err error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	switch {
	case text == "":
		return r, nil
	case percent:
		r.Percent, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
	default:
		r.Jobs, err = strconv.ParseInt(number, 10, 64)
	}
	if err != nil || r.Jobs < 0 || r.Jobs > 1e15 || !(r.Percent >= 0 && r.Percent < 100) {
		return Reserve{}, fmt.Errorf("%q: write a number of jobs like 500, or a part of AiR's limits like 10%%", text)
	}
	return r, nil
}

// String writes the reserve for [ParseReserve].
func (r Reserve) String() string {
	switch {
	case r.Percent > 0:
		return strconv.FormatFloat(r.Percent, 'g', -1, 64) + "%"
	case r.Jobs > 0:
		return strconv.FormatInt(r.Jobs, 10)
	}
	return ""
}

// of returns how many of a limit are reserved.
func (r Reserve) of(limit int64) int64 { return r.Jobs + int64(float64(limit)*r.Percent/100) }

// Limits are the most claims of a day and of a month, 0 for no limit, and why.
type Limits struct {
	Daily, Monthly       int64
	DailyWhy, MonthlyWhy string
}

const (
	dailyWhy   = "our own daily limit is reached (--daily-limit)"
	monthlyWhy = "our own monthly limit is reached (--monthly-limit)"
)

// Limits returns the limits at a time by AiR's clock. What others use is taken from AiR's limits too: a usual day's jobs from
// the daily cap, and what was seen of them this month from the monthly quota. At least one job remains.
func (s Set) Limits(l caps.Learned, now time.Time) Limits {
	out := Limits{Daily: s.Daily, Monthly: s.Monthly, DailyWhy: dailyWhy, MonthlyWhy: monthlyWhy}
	if s.Reserve == (Reserve{}) {
		return out
	}
	if l.Daily.Known() {
		lower(&out.Daily, &out.DailyWhy, l.Daily.Value-s.Reserve.of(l.Daily.Value)-l.Others.Value,
			fmt.Sprintf("the rest of AiR's daily cap of about %d is left to others (--reserve %v)", l.Daily.Value, s.Reserve))
	}
	if l.Monthly.Known() {
		others, month := int64(0), queue.DayOf(now).MonthStart()
		for i := range l.Windows {
			if w := &l.Windows[i]; queue.DayOf(w.Start) >= month {
				others += w.Others
			}
		}
		lower(&out.Monthly, &out.MonthlyWhy, l.Monthly.Value-s.Reserve.of(l.Monthly.Value)-others,
			fmt.Sprintf("the rest of AiR's monthly quota of about %d is left to others (--reserve %v)", l.Monthly.Value, s.Reserve))
	}
	return out
}

// lower replaces a limit if another is lower.
func lower(limit *int64, why *string, other int64, because string) {
	if other = max(other, 1); *limit <= 0 || other < *limit {
		*limit, *why = other, because
	}
}
