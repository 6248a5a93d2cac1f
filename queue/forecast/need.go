package forecast

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// Need is what it takes to be done by a date with the certainty of a range's upper end.
type Need struct {
	By time.Time
	// Already says that it will be done by then as things are.
	Already bool
	// Rate is the lowest rate in requests a second, rounded up; 0: no rate does. Daily is the lowest daily limit with the
	// higher of that and the rate in force.
	Rate  float64
	Daily int64
	// Cannot says why it cannot be done, and what to do; empty: it can.
	Cannot string
}

// Need returns what it takes to be done by a date. Our own rate and daily limit may change, and nothing else.
func (in Input) Need(by time.Time) Need {
	n := Need{By: by}
	in.prepare()
	switch {
	case in.None != "":
		n.Cannot = in.None
		return n
	case !by.After(in.Now):
		n.Cannot = "that date is past: give a later one"
		return n
	}
	n.Already = in.holds(by, futures)
	free := in
	free.Rate, free.Pace, free.Daily = math.Inf(1), 0, 0
	if !free.holds(by, futures) {
		n.Cannot = free.cannot(by)
		return n
	}
	// Between the rates of one item a year and of all at once.
	n.Rate = lowest(1./(366*24*3600), max(float64(in.Items), 1), func(r float64, futures int) bool {
		try := free
		try.Rate = r
		return try.holds(by, futures)
	})
	limited := free
	limited.Rate = max(in.Rate, n.Rate)
	n.Daily = int64(math.Ceil(lowest(1, max(float64(in.Items), 1), func(d float64, futures int) bool {
		try := limited
		try.Daily = int64(math.Ceil(d))
		return try.holds(by, futures)
	})))
	return n
}

// searched is how many futures are followed for each attempt of a search.
const searched = 48

// holds reports whether the upper end of the range is not after a date, as far as so many futures tell.
func (in Input) holds(by time.Time, n int) bool {
	late, end := 0.0, by.UnixNano()-instant(in.slack())
	all := in.futures(n)
	for i := range all {
		if all[i].finish(nil) <= end {
			continue
		}
		if late++; late > float64(len(all))*(1-Likelihood)/2 {
			return false
		}
	}
	return true
}

// lowest returns about the lowest value in a range, rounded up to two digits, for which ok returns true; it does for all higher ones.
// Few futures are followed for each attempt, and all of them for the result.
func lowest(low, high float64, ok func(v float64, futures int) bool) float64 {
	most := high
	for high/low > 1.01 {
		if middle := math.Sqrt(low * high); ok(middle, searched) {
			high = middle
		} else {
			low = middle
		}
	}
	for high = roundUp2(high); high < most && !ok(high, futures); {
		high = roundUp2(high * 1.01)
	}
	return high
}

// roundUp2 rounds a number up to two digits.
func roundUp2(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	up, _ := strconv.ParseFloat(strconv.FormatFloat(math.Ceil(v/unit-1e-9)*unit, 'g', 2, 64), 64) // it is a number
	return up
}

// cannot says why it cannot be done by a date, whatever our rate and daily limit.
func (in Input) cannot(by time.Time) string {
	switch {
	case in.PausedUntil.After(by):
		return fmt.Sprintf("nothing is sent before %s: a pause is in force", in.PausedUntil.UTC().Format("2 January 15:04 UTC"))
	case in.RateAt != nil && in.Cap.Value == 0 && in.Monthly == 0:
		return "the times at which something may be sent do not suffice: widen them, or raise the rates of the table"
	}
	all := in.futures(futures)
	most := make([]float64, len(all))
	for i := range all {
		_ = all[i].finish(func(at instant, n float64) {
			if at < by.UnixNano() {
				most[i] += n
			}
		})
	}
	slices.Sort(most)
	limit := "the limit of a month"
	if in.Cap.Assumed {
		limit = "AiR's daily cap"
	} else if in.Cap.Value > 0 {
		limit = fmt.Sprintf("AiR's daily cap of %s, less what others use,", humanize.Comma(in.Cap.Value))
	}
	return fmt.Sprintf("%s allows about %s of the %s items by then: ask for a higher cap, or give a later date",
		limit, humanize.Comma(roundTo2(whole(quantile(most, (1-Likelihood)/2)))), humanize.Comma(in.Items))
}
