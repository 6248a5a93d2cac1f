package plan

import (
	"time"

	"airlift/queue/forecast"
)

const (
	// stoppedText and HeldText say why nothing is forecast, and what to do.
	stoppedText = "nothing is forecast while stopped: the next run begins with a single request, and goes on if AiR takes it"
	HeldText    = "nothing is forecast before `airlift resume`"
)

// Input returns what a forecast of items unclaimed items rests on. now is the time by AiR's clock.
func (l Limits) Input(items int64, now time.Time) forecast.Input {
	in := forecast.Input{Now: now, Items: items, Rate: l.Rate, Pace: l.Pace, UsedToday: l.UsedToday, PausedUntil: l.PausedUntil}
	switch {
	case l.Stopped:
		in.None = stoppedText
	case l.Held:
		in.None = HeldText
	}
	if l.PerDayFrom == OwnLimit {
		in.Daily = l.PerDay
	}
	in.Monthly, in.UsedThisMonth = l.PerMonth, l.UsedThisMonth
	in.RateAt = l.Hours.RateAt()
	in.Learn(l.AiR)
	return in
}
