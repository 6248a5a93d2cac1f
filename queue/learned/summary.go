package learned

import (
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"airlift/ratelimit/caps"
)

// Summary is what was learned of an account's limits, as it is shown. What is nil was not seen.
type Summary struct {
	// Cap is the daily cap of the account, and Others how much of it others use. Monthly is the monthly quota.
	Cap     *Estimate `json:"cap,omitempty"`
	Others  *Estimate `json:"others,omitempty"`
	Monthly *Estimate `json:"monthly,omitempty"`
	// Reset is when AiR's day begins.
	Reset *Reset `json:"reset,omitempty"`
}

// Estimate is a number that was learned.
type Estimate struct {
	// Value is the best guess, from Low to High the range; a High of 0 is no bound.
	Value int64 `json:"value"`
	Low   int64 `json:"low"`
	High  int64 `json:"high"`
	// Seen is the last day (for Monthly: of a month) that showed it. Days of the latest Of days agree with Value.
	Seen string `json:"seen"`
	Days int    `json:"days"`
	Of   int    `json:"of"`
}

// Reset is a time of day, in UTC by AiR's clock.
type Reset struct {
	// Value is the best guess; the reset is after Low and not after High.
	Value string `json:"value"`
	Low   string `json:"low"`
	High  string `json:"high"`
	// Seen is the last day that showed it, Days how many agree. Exact says that nothing is left to find out.
	Seen  string `json:"seen"`
	Days  int    `json:"days"`
	Exact bool   `json:"exact"`
}

// Summarize returns what is to be shown; nil: nothing was learned.
func Summarize(l caps.Learned) *Summary {
	s := Summary{Cap: estimate(l.Daily), Others: estimate(l.Others), Monthly: estimate(l.Monthly)}
	if r := l.Reset; r.Known() {
		s.Reset = &Reset{timeOfDay(r.Value), timeOfDay(r.Low), timeOfDay(r.High), r.Seen.Format(time.DateOnly), r.Agreeing, r.Exact()}
	}
	if s == (Summary{}) {
		return nil
	}
	return &s
}

func estimate(e caps.Estimate) *Estimate {
	if !e.Known() {
		return nil
	}
	return &Estimate{e.Value, e.Low, e.High, e.Seen.Format(time.DateOnly), e.Agreeing, e.Days}
}

// timeOfDay returns hours and minutes, with seconds if there are any.
func timeOfDay(d time.Duration) string {
	t := time.Time{}.Add(d.Truncate(time.Second))
	if t.Second() != 0 {
		return t.Format(time.TimeOnly)
	}
	return t.Format("15:04")
}

// Lines says it in sentences, one a line.
func (s *Summary) Lines() (lines []string) {
	if s == nil {
		return nil
	}
	if c := s.Cap; c != nil {
		text := fmt.Sprintf("daily cap about %s, seen on %d of the last %s", humanize.Comma(c.Value), c.Days, count(c.Of, "capped day"))
		if c.Of == 1 {
			text = fmt.Sprintf("daily cap about %s, seen on 1 day", humanize.Comma(c.Value))
		}
		switch {
		case c.High == 0:
			text = fmt.Sprintf("daily cap at least %s: so many were accepted on %s, above the cap of before", humanize.Comma(c.Value), c.Seen)
		case c.Low != c.High:
			text += fmt.Sprintf(" (range %s to %s)", humanize.Comma(c.Low), humanize.Comma(c.High))
		}
		lines = append(lines, text)
	}
	if o := s.Others; o != nil && o.Value > 0 {
		lines = append(lines, fmt.Sprintf("others use about %s of it a day", humanize.Comma(o.Value)))
	}
	if r := s.Reset; r != nil {
		text := fmt.Sprintf("resets at %s UTC by AiR's clock, seen on %s", r.Value, count(r.Days, "day"))
		if !r.Exact {
			text = fmt.Sprintf("resets after %s and not after %s UTC by AiR's clock; a request a day narrows that", r.Low, r.High)
		}
		lines = append(lines, text)
	}
	if m := s.Monthly; m != nil && m.High == 0 {
		lines = append(lines, fmt.Sprintf("monthly quota at least %s: so many were accepted after it was met on %s", humanize.Comma(m.Value), m.Seen))
	} else if m != nil {
		lines = append(lines, fmt.Sprintf("monthly quota about %s, last met on %s", humanize.Comma(m.Value), m.Seen))
	}
	return lines
}

// count returns a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
