package plan

import (
	"math"
	"time"
)

// Forecast is when a number of items will be submitted.
type Forecast struct {
	// Days counts the UTC days on which something is sent.
	Days int64
	// Finish is when the last item is sent; zero: nobody can tell, because of a stop, or it is more than 200 years ahead.
	Finish time.Time
}

const (
	day = 24 * time.Hour
	// mostDays ends a forecast: 200 years.
	mostDays = 200 * 366
)

// Forecast says when so many items that are still to be claimed will be submitted. It goes from day to day by the UTC
// calendar: of each day as much is used as its limit and the rate allow.
func (l Limits) Forecast(items int64, now time.Time) Forecast {
	if l.Stopped {
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
	if !midnightAfter(now).Equal(midnightAfter(at)) {
		used = 0
	}
	days := int64(0)
	for range mostDays {
		midnight := midnightAfter(at)
		room := int64(math.MaxInt64)
		if !math.IsInf(l.Rate, 1) {
			room = int64(math.Ceil(l.Rate * midnight.Sub(at).Seconds()))
		}
		if l.PerDay > 0 {
			room = min(room, max(l.PerDay-used, 0))
		}
		if room > 0 {
			days++
		}
		if items <= room {
			took := time.Duration(0)
			if !math.IsInf(l.Rate, 1) {
				took = time.Duration(float64(items) / l.Rate * float64(time.Second))
			}
			return Forecast{days, at.Add(took)}
		}
		items, used, at = items-room, 0, midnight
	}
	return Forecast{Days: days}
}

// midnightAfter returns the first midnight UTC after an instant.
func midnightAfter(t time.Time) time.Time { return t.UTC().Truncate(day).Add(day) }
