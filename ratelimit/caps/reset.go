package caps

import (
	"slices"
	"time"
)

// Reset is the time of day at which a new day begins for AiR.
type Reset struct {
	// Value is the best guess; Low and High are the span in which it must lie (it may go past midnight: then High is less).
	Value, Low, High time.Duration
	// Seen is the last acceptance that showed it; zero: nothing did, and midnight is assumed.
	Seen time.Time
	// Agreeing is how many days agree.
	Agreeing int
	// span is what the spans that agree have in common.
	span arc
}

// Known reports whether a reset was seen, however wide the span is.
func (r Reset) Known() bool { return r.Agreeing > 0 }

// Exact reports whether the span has a single quarter of an hour, or nothing is left to find out.
func (r Reset) Exact() bool { return r.Known() && r.span.quarters() <= 1 }

// at returns the time of day at which windows begin.
func (r Reset) at() time.Duration { return r.Value }

// arc is a span of times of day: after from, and up to from+length.
type arc struct{ from, length time.Duration }

// in returns the time of day from 0 to 24 h.
func in(d time.Duration) time.Duration { return ((d % day) + day) % day }

// timeOfDay returns the time since midnight UTC.
func timeOfDay(t time.Time) time.Duration {
	t = t.UTC()
	return t.Sub(t.Truncate(day))
}

const quarter = 15 * time.Minute

// first returns the first quarter of an hour that is after the arc's start, as a distance from it.
func (a arc) first() time.Duration { return quarter - a.from%quarter }

// quarters returns how many quarters of an hour the arc has.
func (a arc) quarters() int {
	if a.length < a.first() {
		return 0
	}
	return int((a.length-a.first())/quarter) + 1
}

// and returns what two arcs have in common; if that is nothing, or two pieces, ok is false.
func (a arc) and(b arc) (both arc, ok bool) {
	shift := in(b.from - a.from)
	pieces := 0
	for _, begin := range []time.Duration{shift - day, shift} {
		low, high := max(0, begin), min(a.length, begin+b.length)
		if low < high {
			both = arc{in(a.from + low), high - low}
			pieces++
		}
	}
	return both, pieces == 1
}

// meets reports whether two arcs have anything in common.
func (a arc) meets(b arc) bool {
	return in(b.from-a.from) < a.length || in(a.from-b.from) < b.length
}

// spanOf returns in which span the reset lies; ok is false if the end of the pause does not tell.
func (e Resumption) spanOf() (span arc, ok bool) {
	length := e.Resumed.Sub(e.Refused)
	if e.Resumed.IsZero() || e.Refused.IsZero() || length <= 0 || length >= day {
		return arc{}, false
	}
	return arc{timeOfDay(e.Refused), length}, true
}

// mostRefusals is how many refusals a pause has while what was learned before holds: the one that begins it, and a probe. If there
// were more, the reset has moved.
const mostRefusals = 2

// learnReset intersects the spans of the days, the newest first, until one contradicts.
func learnReset(days []Day) (r Reset) {
	for _, e := range newestFirst(days) {
		span, ok := e.spanOf()
		if !ok {
			continue
		}
		if !r.Known() {
			r.span, r.Seen = span, e.Resumed
		} else if !r.span.meets(span) {
			break // it is of an earlier reset
		} else if both, ok := r.span.and(span); ok {
			r.span = both
		}
		r.Agreeing++
		if e.Refusals > mostRefusals {
			break
		}
	}
	if !r.Known() {
		return Reset{}
	}
	r.Low, r.High = r.span.from, in(r.span.from+r.span.length)
	r.Value = r.span.last()
	return r
}

// newestFirst returns the ends of pauses of all days.
func newestFirst(days []Day) (ends []Resumption) {
	for i := range days {
		ends = append(ends, days[i].Resets...)
	}
	slices.Reverse(ends)
	return ends
}

// last returns the last quarter of an hour of the arc, or its end if it has none.
func (a arc) last() time.Duration {
	n := a.quarters()
	if n == 0 {
		return in(a.from + a.length)
	}
	return in(a.from + a.first() + time.Duration(n-1)*quarter)
}
