package doctor

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

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
	return judgeLimits(e.Limits, e.firstRows().items, time.Now())
}

// judgeLimits judges limits for so many items; 0: it is not known how many.
func judgeLimits(l plan.Limits, items int64, now time.Time) Finding {
	if l.Rate <= 0 {
		return Finding{} // what is wrong with the rate is said with the settings
	}
	if day := bestDay(l, now); l.PerDay > 0 && day < float64(l.PerDay) {
		return notOK(fmt.Sprintf("send at %s at least, for longer, or set --daily-limit to %d at most", atLeast(l.PerDay), int64(day)),
			"a day at %s has room for %s jobs, fewer than --daily-limit %s", rateText(l), term.Number(int64(day)), term.Number(l.PerDay))
	}
	with := rateText(l)
	if l.PerDay > 0 {
		with += " and --daily-limit " + term.Number(l.PerDay)
	}
	if items == 0 {
		return ok("%s", with)
	}
	f := l.Input(items, now).Forecast()
	if f.Finish.IsZero() || f.Finish.Sub(now) > tooLong {
		return notOK("raise --rate or --daily-limit; AiR's own caps come on top", "about %s items at %s take %s", term.Number(items), with, durationText(f, now))
	}
	return ok("about %s items at %s take %s, if AiR has no lower cap", term.Number(items), with, durationText(f, now))
}

// bestDay returns how many requests the best UTC day of a week has room for.
func bestDay(l plan.Limits, now time.Time) (best float64) {
	rateAt := l.Hours.RateAt()
	if rateAt == nil {
		return l.Rate * secondsPerDay
	}
	for day := range 7 {
		at := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, day+1)
		end, room := at.AddDate(0, 0, 1), 0.0
		for at.Before(end) {
			perSecond, until := rateAt(at)
			if !until.After(at) || until.After(end) {
				until = end
			}
			room += min(perSecond, l.Rate) * until.Sub(at).Seconds()
			at = until
		}
		best = max(best, room)
	}
	return best
}

// atLeast returns a rate at which a day has room for so many jobs.
func atLeast(perDay int64) string {
	if perHour := (perDay + 23) / 24; perHour < 3600 {
		return fmt.Sprintf("%d/h", perHour)
	}
	return fmt.Sprintf("%d/s", (perDay+secondsPerDay-1)/secondsPerDay)
}

// rateText says which rate the settings ask for.
func rateText(l plan.Limits) string {
	text := fmt.Sprintf("--rate %.3g/s", l.Rate)
	switch hours := l.Hours.Config(); {
	case hours.Rate != "":
		text = fmt.Sprintf("--rate %q", hours.Rate)
	case math.IsInf(l.Rate, 1):
		text = "--rate unlimited"
	case l.Rate < 1:
		text = fmt.Sprintf("--rate %.3g/h", l.Rate*3600)
	}
	if windows := l.Hours.Config().Windows; len(windows) > 0 {
		text += " in --window " + strings.Join(windows, ", ")
	}
	return text
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
