package forecast

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

// Said is what was forecast for a day at its beginning, and how many jobs were sent on it.
type Said struct {
	Day       time.Time
	Low, High int64
	Sent      int64
}

// Missed says that on the latest two days more was sent than was forecast, or on both less; empty: that is not so. A single day is
// outside the range one time in five.
func Missed(before, last Said) string {
	side := before.side()
	if side == 0 || side != last.side() || last.Day.Sub(before.Day) != 24*time.Hour {
		return ""
	}
	what := "too early"
	if side > 0 {
		what = "too late"
	}
	return fmt.Sprintf("the forecast was %s on the last two days: %s; %s", what, before, last)
}

// side is below 0 if less was sent than was forecast, and above 0 if more was: by more than 1 %, and by more than one.
func (s Said) side() int {
	slack := max(1, s.High/100)
	switch {
	case s.Sent < s.Low-slack:
		return -1
	case s.Sent > s.High+slack:
		return 1
	}
	return 0
}

// String compares the day with its forecast.
func (s Said) String() string {
	said := humanize.Comma(s.Low)
	if s.High != s.Low {
		said += " to " + humanize.Comma(s.High)
	}
	return fmt.Sprintf("%s sent on %s instead of %s", humanize.Comma(s.Sent), s.Day.Format("2 January"), said)
}
