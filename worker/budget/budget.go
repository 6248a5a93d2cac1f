package budget

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
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
	if l.Daily.Known() && !l.Outgrown(now) {
		lower(&out.Daily, &out.DailyWhy, l.Daily.Value-s.Reserve.of(l.Daily.Value)-l.Others.Value,
			fmt.Sprintf("the rest of AiR's daily cap of about %d is left to others (--reserve %v)", l.Daily.Value, s.Reserve))
	}
	if l.Monthly.High > 0 { // else it was raised, and is no bound
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

// Reached returns when the limit ends for which a claim at a time was refused with an error, and what it is; false: for none.
func (l Limits) Reached(err error, now time.Time) (end time.Time, why string, is bool) {
	switch {
	case errors.Is(err, queue.ErrMonthlyLimit):
		return ratelimit.NextMonthUTC(now), l.MonthlyWhy, true
	case errors.Is(err, queue.ErrDailyLimit):
		return ratelimit.NextMidnightUTC(now), l.DailyWhy, true
	}
	return end, "", false
}

// Book reckons the limits of an account. It is safe for concurrent use.
type Book struct {
	// Learned returns what was learned of AiR's limits. It is asked once a minute, and only if something is reserved.
	Learned func(context.Context, time.Time) (caps.Learned, error)

	mu   sync.Mutex
	last caps.Learned // guarded by mu, as is read
	read time.Time
}

// learnedFor is how long what was learned is used before it is read again.
const learnedFor = time.Minute

// Limits returns the limits at a time by AiR's clock. After an error they do without what could not be read.
func (b *Book) Limits(s Set, now time.Time) (Limits, error) {
	if s.Reserve == (Reserve{}) {
		return s.Limits(caps.Learned{}, now), nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	if b.read.IsZero() || time.Since(b.read) > learnedFor {
		if b.last, err = b.Learned(context.Background(), now); err == nil {
			b.read = time.Now()
		}
	}
	return s.Limits(b.last, now), err
}
