package doctor

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"

	"airlift/cmd/airlift/term"
	"airlift/queue/forecast"
	"airlift/queue/plan"
)

const (
	secondsPerDay = 24 * 60 * 60
	// tooLong is a run that nobody means.
	tooLong = 366 * 24 * time.Hour
)

// limits forecasts the run with the limits of the settings.
func (e *exam) limits(context.Context) Finding {
	return judgeLimits(e.Rate, e.DailyLimit, e.firstRows().items, time.Now())
}

// judgeLimits judges a rate and a daily limit (0: none) for so many items; 0: it is not known how many.
func judgeLimits(perSecond float64, perDay, items int64, now time.Time) Finding {
	switch {
	case perSecond <= 0:
		return Finding{} // what is wrong with the rate is said with the settings
	case perDay > 0 && perSecond*secondsPerDay < float64(perDay):
		return notOK(fmt.Sprintf("set --rate to %s at least, or --daily-limit to %d at most", atLeast(perDay), int64(perSecond*secondsPerDay)),
			"a day at --rate %s has room for %s jobs, fewer than --daily-limit %s", perSecondText(perSecond), term.Number(int64(perSecond*secondsPerDay)), term.Number(perDay))
	case items == 0:
		return ok("--rate %s%s", perSecondText(perSecond), limitText(perDay))
	}
	f := plan.NewLimits(limitOf(perSecond), perDay).Input(items, now).Forecast()
	if f.Finish.IsZero() || f.Finish.Sub(now) > tooLong {
		return notOK("raise --rate or --daily-limit; AiR's own caps come on top", "about %s items at --rate %s%s take %s",
			term.Number(items), perSecondText(perSecond), limitText(perDay), durationText(f, now))
	}
	return ok("about %s items at --rate %s%s take %s, if AiR has no lower cap", term.Number(items), perSecondText(perSecond), limitText(perDay), durationText(f, now))
}

func limitText(perDay int64) string {
	if perDay == 0 {
		return ""
	}
	return " and --daily-limit " + term.Number(perDay)
}

func limitOf(perSecond float64) rate.Limit {
	if math.IsInf(perSecond, 1) {
		return rate.Inf
	}
	return rate.Limit(perSecond)
}

// atLeast returns a rate at which a day has room for so many jobs.
func atLeast(perDay int64) string {
	if perHour := (perDay + 23) / 24; perHour < 3600 {
		return fmt.Sprintf("%d/h", perHour)
	}
	return fmt.Sprintf("%d/s", (perDay+secondsPerDay-1)/secondsPerDay)
}

func perSecondText(perSecond float64) string {
	switch {
	case math.IsInf(perSecond, 1):
		return "unlimited"
	case perSecond < 1:
		return fmt.Sprintf("%.3g/h", perSecond*3600)
	}
	return fmt.Sprintf("%.3g/s", perSecond)
}

// durationText says how long a run takes.
func durationText(f forecast.Forecast, now time.Time) string {
	took := f.Finish.Sub(now)
	switch {
	case f.Finish.IsZero():
		return "more than 200 years"
	case took > tooLong:
		return fmt.Sprintf("%.1f years", took.Hours()/24/365.25)
	case took > 48*time.Hour:
		return fmt.Sprintf("%.0f days", took.Hours()/24)
	}
	return took.Round(time.Second).String()
}
