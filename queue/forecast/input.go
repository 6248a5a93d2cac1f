package forecast

import (
	"math"
	"time"
)

// Input is what a forecast rests on.
type Input struct {
	// Now is the time by AiR's clock.
	Now time.Time
	// Items is how many are to be sent until the last one that is asked about.
	Items int64
	// Rate is the most requests a second, +Inf for no limit. Pace is how many a run sends now; 0: that is not known.
	Rate, Pace float64
	// RateAt, if not nil, returns the most requests a second at an instant, 0 if nothing may be sent, and until when that
	// holds; zero: for ever. It limits beside Rate.
	RateAt func(at time.Time) (perSecond float64, until time.Time)
	// Daily and Monthly are the most jobs a UTC day and a UTC month; 0: there is no limit. UsedToday and UsedThisMonth count against them.
	Daily, Monthly           int64
	UsedToday, UsedThisMonth int64
	// Cap is AiR's daily cap as it was learned.
	Cap Cap
	// PausedUntil is when the pause in force ends; zero: there is none.
	PausedUntil time.Time
	// None says why nothing can be forecast, and what to do; empty: it can.
	None string
}

// Cap is what is known of AiR's daily cap. The zero Cap is not known.
type Cap struct {
	// Value is the most likely cap, and Low to High the range that it is in; Value 0: it is not known.
	Value, Low, High int64
	// Reset is when AiR's day begins, after midnight UTC, within ResetLow to ResetHigh.
	Reset, ResetLow, ResetHigh time.Duration
	// Accepted and Others are the jobs since the latest reset: ours, and those of other users as far as they were seen.
	Accepted, Others int64
	// Days are the latest days on which the cap was reached, oldest first.
	Days []CappedDay
	// Agreeing is how many of the latest days agree on Value.
	Agreeing int
}

// CappedDay is a day on which the cap was reached, with what was accepted of us and of others until then.
type CappedDay struct{ Accepted, Others int64 }

// usable fills in the bounds that are not given.
func (c Cap) usable() Cap {
	if c.Low <= 0 || c.Low > c.Value {
		c.Low = c.Value
	}
	c.High = max(c.High, c.Value)
	if c.ResetLow > c.Reset || c.ResetHigh < c.Reset {
		c.ResetLow, c.ResetHigh = c.Reset, c.Reset
	}
	return c
}

// pace returns the rate that a run is expected to keep if nothing else limits it, and the range that it is in.
func (in *Input) pace() (low, middle, high float64) {
	if math.IsInf(in.Rate, 1) && in.Pace <= 0 {
		return in.Rate, in.Rate, in.Rate
	}
	middle = in.Rate
	if in.Pace > 0 {
		middle = min(in.Rate, in.Pace)
	}
	return middle * (1 - paceSpread), middle, min(in.Rate, middle*(1+paceSpread))
}

// paceSpread is how far the pace of a run is expected to differ from its rate: lookups and pauses take a part of it.
const paceSpread = 0.05
