package caps

import "time"

// Quarters is how many quarters of an hour a day has.
const Quarters = 96

const day = 24 * time.Hour

// Day is what was seen on a UTC day.
type Day struct {
	// Start is the midnight at which it begins.
	Start time.Time
	// Accepted are our accepted jobs by quarter of an hour since Start.
	Accepted [Quarters]int64
	// Capped says that the daily cap was met, and CappedAt when; zero: that is not known.
	Capped   bool
	CappedAt time.Time
	// QuotaAt is when the monthly quota was met.
	QuotaAt time.Time
	// CappedClaims and QuotaClaims are how many jobs of the day were accepted or on their way then; 0: that is not known.
	CappedClaims, QuotaClaims int64
	// Resets are the ends of pauses for the cap, in order.
	Resets []Resumption
	// Others are the jobs that others made from OthersFrom until OthersUntil; a zero OthersUntil: that is not known.
	OthersFrom, OthersUntil time.Time
	Others                  int64
}

// Resumption is the end of a pause for the cap. The zero value tells nothing.
type Resumption struct {
	// Refused is the last of Refusals refusals, and Resumed the first acceptance after it.
	Refused, Resumed time.Time
	Refusals         int64
}

// Estimate is a number that was learned.
type Estimate struct {
	// Value is the best guess. The truth is likely from Low to High; a High of 0 is no bound.
	Value, Low, High int64
	// Seen is the last day (its midnight) that shows it; zero: nothing does.
	Seen time.Time
	// Agreeing is how many of the latest Days days that tell something agree with Value.
	Agreeing, Days int
}

// Known reports whether anything was learned.
func (e Estimate) Known() bool { return e.Agreeing > 0 }

// Window is the time from one reset to the next, which is a day for AiR.
type Window struct {
	Start, End time.Time
	// Accepted are our jobs, and Others those of others, if OthersKnown.
	Accepted, Others int64
	OthersKnown      bool
	// Capped says that AiR refused more; CappedAt is when, zero if that is not known.
	Capped   bool
	CappedAt time.Time
	// Quota says that AiR refused more because of the monthly quota.
	Quota bool
}

// total returns the jobs of the account, as far as they are known.
func (w *Window) total() int64 { return w.Accepted + w.Others }

// Learned is what was learned of an account.
type Learned struct {
	// Daily is the account's daily cap, of which others may use a part.
	Daily Estimate
	// Ours is how many jobs we were allowed on a capped day.
	Ours Estimate
	// Others is how many jobs others make until the cap is met.
	Others Estimate
	// Monthly is the account's monthly quota. Others' jobs are counted as far as they were seen.
	Monthly Estimate
	// Reset is when a new day begins for AiR.
	Reset Reset
	// Windows are AiR's days, the latest last; the last may not be over. Days on which nothing was accepted or refused are left out.
	Windows []Window
	// LastAccepted is the quarter of an hour in which a job was last accepted; zero: none was.
	LastAccepted time.Time
}

// Learn learns from days, which are in order; those without anything to tell may be left out. now is by AiR's clock.
func Learn(days []Day, now time.Time) Learned {
	l := Learned{Reset: learnReset(days)}
	l.Windows = windows(days, l.Reset.at())
	l.LastAccepted = lastAccepted(days)
	known := othersKnown(l.Windows)
	var totals, ours, others []sample
	for i := len(l.Windows) - 1; i >= 0; i-- {
		w := &l.Windows[i]
		seen := w.Start.Truncate(day)
		tells := w.Capped && (w.Accepted > 0 || w.OthersKnown) // else others used it up, before we began
		totals = append(totals, sample{w.total(), tells && (w.OthersKnown || !known), seen})
		ours = append(ours, sample{w.Accepted, tells, seen})
		if w.Capped && w.OthersKnown {
			others = append(others, sample{w.Others, true, seen})
		}
	}
	l.Daily, l.Ours, l.Others = estimate(totals), estimate(ours), typical(others)
	l.Monthly = learnMonthly(days, l.Windows, now)
	return l
}

// Outgrown reports whether the daily cap is no more than what was accepted in the present window, so that it limits nothing.
func (l *Learned) Outgrown(now time.Time) bool {
	for i := range l.Windows {
		if w := &l.Windows[i]; !now.Before(w.Start) && now.Before(w.End) {
			return l.Daily.High == 0 && !w.Capped && w.total() >= l.Daily.Value
		}
	}
	return false
}

// othersKnown reports whether the jobs of others were counted in one of the latest capped windows: then one in which they were
// not is no more than a lower bound.
func othersKnown(windows []Window) bool {
	capped := 0
	for i := len(windows) - 1; i >= 0 && capped < recent; i-- {
		if windows[i].Capped {
			capped++
		}
		if windows[i].OthersKnown {
			return true
		}
	}
	return false
}

// lastAccepted returns the latest quarter of an hour with an accepted job.
func lastAccepted(days []Day) time.Time {
	for i := len(days) - 1; i >= 0; i-- {
		for q := Quarters - 1; q >= 0; q-- {
			if days[i].Accepted[q] > 0 {
				return days[i].Start.Add(time.Duration(q) * quarter)
			}
		}
	}
	return time.Time{}
}
