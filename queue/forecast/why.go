package forecast

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	xrate "golang.org/x/time/rate"

	"airlift/ratelimit"
)

// why says in words what the forecast rests on.
func (in *Input) why() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if in.PausedUntil.After(in.Now) {
		add("paused until %s", in.PausedUntil.UTC().Format("2 January 15:04 UTC"))
	}
	if c := in.Cap; c.Value > 0 {
		add("%s", c.seen())
		add("%s", c.othersUse())
		if c.Reset >= time.Minute {
			add("AiR's day begins at %s UTC", time.Time{}.Add(c.Reset).Format("15:04"))
		}
	} else {
		add("AiR's daily cap is not known yet")
	}
	if in.Quota > 0 {
		add("AiR's monthly quota is %s, and what is left after it waits for the first of the month", humanize.Comma(in.Quota))
	}
	if in.Daily > 0 {
		add("our own limit is %s a day", humanize.Comma(in.Daily))
	}
	if in.Monthly > 0 {
		add("our own limit is %s a month", humanize.Comma(in.Monthly))
	}
	switch {
	case in.Pace > 0 && in.Pace < in.Rate:
		add("the run sends %s", PerSecond(in.Pace))
	case !math.IsInf(in.Rate, 1):
		add("the rate is %s", PerSecond(in.Rate))
	}
	return all
}

// PerSecond writes a rate to three digits.
func PerSecond(rate float64) string {
	unit := 1.0 // of FormatRate
	for _, per := range [...]float64{1, 60, 3600} {
		if unit = per; rate*per >= 1 {
			break
		}
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(rate*unit, 'g', 3, 64), 64) // it is a number
	return ratelimit.FormatRate(xrate.Limit(rounded / unit))
}

// seen says on how many days the cap was seen.
func (c Cap) seen() string {
	value := humanize.Comma(c.Value)
	if c.Low < c.Value || c.High > c.Value {
		value = fmt.Sprintf("between %s and %s", humanize.Comma(c.Low), humanize.Comma(c.High))
	}
	switch {
	case c.Assumed:
		return humanize.Comma(c.Days[0].Accepted) + " accepted on the one day that reached AiR's cap"
	case c.Of == 0:
		return "cap " + value
	case c.Of == 1:
		return "cap " + value + " seen on one day"
	}
	return fmt.Sprintf("cap %s seen on %d of the last %d days that reached it", value, c.Agreeing, c.Of)
}

// othersUse says how much of the cap others use.
func (c Cap) othersUse() string {
	if c.Assumed {
		return "what others use is not known yet"
	}
	days := c.Days[max(len(c.Days)-latestDays, 0):]
	sum := int64(0)
	for _, d := range days {
		sum += d.Others
	}
	if sum == 0 {
		return "nobody else was seen to use it"
	}
	mean := (sum + int64(len(days))/2) / int64(len(days))
	if mean == 0 {
		return "others use less than 1 a day"
	}
	return fmt.Sprintf("others use about %s a day", humanize.Comma(roundTo2(mean)))
}

// roundTo2 rounds a number to two digits.
func roundTo2(n int64) int64 {
	unit := int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit/2) / unit * unit
}
