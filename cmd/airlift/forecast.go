package main

import (
	"context"
	"math"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
)

// learnedFrom is how many days back a daily cap is looked for that AiR has told: caps change.
const learnedFrom = 90

// pace is how fast items can be submitted.
type pace struct {
	// rate is in requests a second, infinite without a limit.
	rate float64
	// perDay is the most jobs a UTC day, 0 for no limit that is known; limit says where it comes from.
	perDay int64
	limit  string
	// usedToday counts against perDay; notBefore is when a stored pause ends.
	usedToday int64
	notBefore time.Time
}

// The values of pace.limit.
const (
	limitNone    = ""
	limitFlag    = "daily-limit"
	limitLearned = "learned"
)

// forecast is when a number of items will be submitted.
type forecast struct {
	// Days counts the UTC days on which something is sent.
	Days int64
	// Finish is when the last item is sent; zero: beyond all calendars.
	Finish time.Time
}

// mostDays ends a forecast: 200 years.
const mostDays = 200 * 366

// forecast goes from day to day by the UTC calendar: of each day as much is used as its limit and the rate allow.
func (p pace) forecast(items int64, now time.Time) forecast {
	if items <= 0 {
		return forecast{Finish: now}
	}
	at := now
	if p.notBefore.After(at) {
		at = p.notBefore
	}
	used := p.usedToday
	if !ratelimit.NextMidnightUTC(now).Equal(ratelimit.NextMidnightUTC(at)) {
		used = 0
	}
	days := int64(0)
	for range mostDays {
		midnight := ratelimit.NextMidnightUTC(at)
		room := int64(math.MaxInt64)
		if !math.IsInf(p.rate, 1) {
			room = int64(math.Ceil(p.rate * midnight.Sub(at).Seconds()))
		}
		if p.perDay > 0 {
			room = min(room, max(p.perDay-used, 0))
		}
		if room > 0 {
			days++
		}
		if items <= room {
			took := time.Duration(0)
			if !math.IsInf(p.rate, 1) {
				took = time.Duration(float64(items) / p.rate * float64(time.Second))
			}
			return forecast{days, at.Add(took)}
		}
		items, used, at = items-room, 0, midnight
	}
	return forecast{Days: days}
}

// learn fills what the queue has stored of the account: what was used today, a pause, and, unless a limit is given, the
// cap: the most jobs that were accepted on a day which ended in AiR's 429.
func (p *pace) learn(ctx context.Context, db store, account string, now time.Time) error {
	g, err := db.Gate(ctx, account)
	if err != nil {
		return err
	}
	p.notBefore = g.PausedUntil
	today := queue.DayOf(now)
	for d := today + 1; d > today-learnedFrom; d-- { // AiR may be a day ahead of our clock
		used, err := db.Day(ctx, account, d)
		if err != nil {
			return err
		}
		if d == today {
			p.usedToday = used.Claimed
		}
		if p.limit != limitFlag && used.Capped && used.Submitted > p.perDay {
			p.perDay, p.limit = used.Submitted, limitLearned
		}
	}
	return nil
}
