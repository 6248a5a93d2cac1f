package forecast

import (
	"airlift/ratelimit/caps"
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
	// Quota is AiR's monthly quota, of which UsedOfQuota is used, also by others; 0: it is not known.
	Quota, UsedOfQuota int64
	// PausedUntil is when the pause in force ends; zero: there is none.
	PausedUntil time.Time
	// None says why nothing can be forecast, and what to do; empty: it can.
	None string

	// hours are the rates of RateAt, each with the instant from which it holds.
	hours []hour
}

// Cap is what is known of AiR's daily cap. The zero Cap is not known.
type Cap struct {
	// Value is the most likely cap, and Low to High the range that it is in; Value 0: it is not known.
	Value, Low, High int64
	// Reset is when AiR's day begins, after midnight UTC.
	Reset time.Duration
	// Accepted and Others are the jobs since the latest reset: ours, and those of other users as far as they were seen.
	Accepted, Others int64
	// Days are the latest days on which the cap was reached, oldest first.
	Days []CappedDay
	// Of so many of the latest days that reached it, Agreeing agree on Value.
	Agreeing, Of int
	// Assumed says that what others took was never seen, and is assumed.
	Assumed bool
}

// CappedDay is a day on which the cap was reached, with what was accepted of us and of others until then.
type CappedDay struct{ Accepted, Others int64 }

// hour is a rate from an instant on.
type hour struct {
	from instant
	rate float64
}

// prepare fills in what forecasts share: the bounds of the cap that are not given, and the hours.
func (in *Input) prepare() {
	if in.Cap.Low <= 0 || in.Cap.Low > in.Cap.Value {
		in.Cap.Low = in.Cap.Value
	}
	in.Cap.High = max(in.Cap.High, in.Cap.Value)
	if in.RateAt == nil || in.hours != nil {
		return
	}
	for at := in.Now; len(in.hours) < mostSteps; {
		rate, until := in.RateAt(at)
		in.hours = append(in.hours, hour{at.UnixNano(), rate})
		if !until.After(at) {
			return
		}
		at = until
	}
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

// at returns the cap at a part of its range. Half of the range is Value: what contradicts it may be a single odd day.
func (c Cap) at(part float64) float64 {
	if part < 0.5 {
		return float64(c.Value)
	}
	return float64(c.Low) + float64(c.High-c.Low)*(2*part-1)
}

// grace is how long after AiR's reset a run goes on.
const grace = 5 * time.Second

// Learn takes over what was learned of AiR's limits.
func (in *Input) Learn(l caps.Learned) {
	in.Cap = Cap{Reset: l.Reset.Value + grace}
	if l.Monthly.High > 0 { // else it was raised, and is no bound
		in.Quota, in.UsedOfQuota = l.Monthly.Value, usedSince(l.Windows, time.Date(in.Now.UTC().Year(), in.Now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC))
	}
	if !l.Daily.Known() || l.Outgrown(in.Now) {
		return
	}
	d := l.Daily
	in.Cap.Value, in.Cap.Low, in.Cap.High, in.Cap.Agreeing, in.Cap.Of = d.Value, d.Low, d.High, d.Agreeing, d.Days
	if d.High == 0 {
		in.Cap.High = 2 * d.Value // no bound is known, and a range needs one
	}
	in.Cap.Days = cappedDays(l.Windows, &in.Cap)
	for _, w := range l.Windows {
		if in.Now.Before(w.Start) || !in.Now.Before(w.End) {
			continue
		}
		in.Cap.Accepted, in.Cap.Others = w.Accepted, w.Others
		if w.Capped {
			in.Cap.Accepted = in.Cap.High // nothing is left of this day
		}
	}
}

// usedSince counts the jobs of all users, as far as they are known.
func usedSince(windows []caps.Window, first time.Time) (total int64) {
	for _, w := range windows {
		if !w.Start.Before(first) {
			total += w.Accepted + w.Others
		}
	}
	return total
}

// cappedDays returns the days that show how much of the cap others take. If AiR's list never told their jobs, what is missing to the best
// of the days in the range of the cap is taken to be theirs.
func cappedDays(windows []caps.Window, c *Cap) []CappedDay {
	var known, all []CappedDay
	best := int64(0)
	for _, w := range windows {
		switch {
		case w.Capped && w.OthersKnown:
			known = append(known, CappedDay{w.Accepted, w.Others})
		case w.Capped && w.Accepted >= c.Low && w.Accepted <= c.High:
			all = append(all, CappedDay{Accepted: w.Accepted})
			best = max(best, w.Accepted)
		}
	}
	if len(known) > 0 || best == 0 {
		return known
	}
	c.Value, c.High = best, best
	if c.Low >= best/2 {
		c.Low = best
	}
	var like []CappedDay
	for _, d := range all {
		if d.Accepted >= best/2 { // a day of less had another cap
			like = append(like, CappedDay{d.Accepted, best - d.Accepted})
		}
	}
	if len(like) == 1 { // it does not tell how much others have taken: assume the usual
		theirs := int64(math.Round(float64(best) * usualShare / 2 / (1 - usualShare/2)))
		c.Value, c.Low, c.High, c.Assumed = c.Value+theirs, c.Low+theirs, c.High+theirs, true
		like[0].Others = theirs
	}
	return like
}
