package plan

import (
	"math"
	"time"

	"airlift/ratelimit"
)

// Forecast is when a number of items will be submitted.
type Forecast struct {
	// Days counts the UTC days on which something is sent.
	Days int64
	// Finish is when the last item is sent; zero: a stop or a pause without an end is in force, or it is more than 200 years ahead.
	Finish time.Time
}

const (
	// mostDays ends a forecast: 200 years.
	mostDays = 200 * 366
	// roundingError exceeds the rounding error of a day's items, in items.
	roundingError = 1e-6
	// maxItems is more than any queue has.
	maxItems = 1e15
)

// Forecast returns when items unclaimed items will be submitted. It steps through the days of the UTC
// calendar and sends on each day as many as its limit and the rate allow. A fraction of an item at the end of a
// day carries over to the next, so that rates below one item a day work.
func (l Limits) Forecast(items int64, now time.Time) Forecast {
	if l.Stopped || l.Held {
		return Forecast{}
	}
	at := now
	if l.PausedUntil.After(at) {
		at = l.PausedUntil
	}
	if items <= 0 {
		return Forecast{Finish: at}
	}
	used := l.UsedToday
	if !ratelimit.NextMidnightUTC(now).Equal(ratelimit.NextMidnightUTC(at)) {
		used = 0
	}
	days, part := int64(0), 0.0
	for range mostDays {
		midnight := ratelimit.NextMidnightUTC(at)
		room := int64(math.MaxInt64)
		before := part
		if !math.IsInf(l.Rate, 1) {
			allowed := part + l.Rate*midnight.Sub(at).Seconds()
			whole := math.Floor(allowed + roundingError)
			room, part = int64(min(whole, maxItems)), max(allowed-whole, 0)
		}
		if l.PerDay > 0 && l.PerDay-used < room {
			room, part = max(l.PerDay-used, 0), 0
		}
		if room > 0 {
			days++
		}
		if items <= room {
			took := time.Duration(0)
			if !math.IsInf(l.Rate, 1) {
				took = time.Duration(max(float64(items)-before, 0) / l.Rate * float64(time.Second))
			}
			return Forecast{days, at.Add(took)}
		}
		items, used, at = items-room, 0, midnight
	}
	return Forecast{Days: days}
}
