package term

import (
	"time"

	"airlift/queue/forecast"
)

// leastRange is a range that is worth a line beside its middle.
const leastRange = time.Hour

// betweenText writes a range of times, in UTC: in days if it is more than a day.
func betweenText(low, high, now time.Time) string {
	low, high, now = low.UTC(), high.UTC(), now.UTC()
	const date, clock = "2 January", "15:04 UTC"
	from, to := date, date
	if low.Year() != now.Year() || high.Year() != now.Year() {
		from, to = "2 January 2006", "2 January 2006"
	}
	switch a, b := low.Truncate(time.Minute), high.Truncate(time.Minute); {
	case a.Equal(b):
		return low.Format(from + " " + clock)
	case low.YearDay() == high.YearDay() && low.Year() == high.Year():
		return low.Format(from+" 15:04") + " to " + high.Format(clock)
	case high.Sub(low) < 24*time.Hour:
		return low.Format(from+" 15:04") + " to " + high.Format(to+" "+clock)
	case low.Month() == high.Month() && low.Year() == high.Year():
		return low.Format("2") + " to " + high.Format(to)
	case low.Year() == high.Year():
		return low.Format(date) + " to " + high.Format(to)
	}
	return low.Format(from) + " to " + high.Format(to)
}

// rangeText says between which times something is done.
func rangeText(r *forecast.Range, now time.Time) string {
	if r.High == nil {
		return "not before " + betweenText(r.Low, r.Low, now) + ", and maybe not in 200 years"
	}
	return betweenText(r.Low, *r.High, now)
}

// isWide reports whether a range is worth to be shown beside its middle.
func isWide(r *forecast.Range) bool {
	return r != nil && (r.High == nil || r.High.Sub(r.Low) >= leastRange)
}

// forecastRange adds a line with a range and what it rests on, if the range is worth one.
func (b *lines) forecastRange(r *forecast.Range, now time.Time) {
	if isWide(r) {
		b.add("", "%s, %.0f %% likely: %s", rangeText(r, now), 100*r.Likelihood, r.Why)
	}
}
