package caps

import (
	"slices"
	"time"
)

// early are the waits for a canary after refusals soon after a reset: the reset, or what AiR counts, may be late. The day is
// given up after the last of them.
var early = []struct{ after, wait time.Duration }{
	{5 * time.Minute, 5 * time.Minute}, {20 * time.Minute, 15 * time.Minute}, {80 * time.Minute, time.Hour},
}

// soon and late bound how soon a canary follows a refused one, whatever was learned: clocks may be set, or stand still.
const (
	soon = 5 * time.Minute
	late = time.Hour
	// many refusals in a row are more than a probe, the reset and the early waits explain: from then on there is one canary a day.
	many = 6
)

// Refusal is a refusal for the daily cap.
type Refusal struct {
	// At is when the request was sent. InARow counts the refusals since a job was accepted, with this one.
	At     time.Time
	InARow int
	// Accepted is when a job was last accepted; zero: never, as far as is known.
	Accepted time.Time
}

// NextReset returns the first reset after an instant: that of midnight if none was learned.
func (l *Learned) NextReset(t time.Time) time.Time { return next(t, l.Reset.Value) }

// next returns the first time after t that is at a time of day.
func next(t time.Time, at time.Duration) time.Time {
	return t.UTC().Add(-at).Truncate(day).Add(day + at)
}

// Renewal returns when the month after an instant begins for AiR, and with it a new monthly quota.
func (l *Learned) Renewal(t time.Time) time.Time {
	y, m, _ := t.UTC().Add(-l.Reset.Value).Date()
	return time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC).Add(l.Reset.Value)
}

// Aim returns when the canary is due after a refusal; grace is added to resets. It is the next reset, or:
//
//   - the first time, while the reset is not known to the quarter of an hour, an earlier one that halves the span. If
//     that is refused too, the next one is the end of the span.
//   - soon after a reset, if nothing was accepted since: after the early waits, and not again on the days that follow.
func (l *Learned) Aim(r Refusal, grace time.Duration) time.Time {
	reset := l.NextReset(r.At)
	last := reset.Add(-day)
	aim := reset.Add(grace)
	since := r.At.Sub(last)
	nothing := r.Accepted.Before(last)
	switch {
	case nothing && r.InARow < many && since < early[len(early)-1].after:
		i := slices.IndexFunc(early, func(e struct{ after, wait time.Duration }) bool { return since < e.after })
		aim = earlier(aim, r.At.Add(early[i].wait))
	case r.InARow == 1 && l.Reset.Known() && !l.Reset.Exact():
		aim = earlier(aim, next(r.At, l.Reset.probe()).Add(grace))
	}
	if r.InARow > 1 {
		aim = later(aim, r.At.Add(soon))
	}
	if r.InARow >= many {
		aim = later(aim, r.At.Add(late))
	}
	return aim
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// likely are the times of day at which AiR may well begin a day: midnight, as documented, and the end of Wasabi's billing day.
var likely = []time.Duration{0, 30 * time.Minute}

// probe returns the time of day to try while the span has several quarters of an hour. If the last of them is a likely
// reset, it is the one before: a refusal there leaves nothing else. Else it is a likely one, or the middle.
func (r Reset) probe() time.Duration {
	n := r.span.quarters()
	nth := func(i int) time.Duration { return in(r.span.from + r.span.first() + time.Duration(i)*quarter) }
	for _, at := range likely {
		if at == nth(n-1) {
			return nth(n - 2)
		}
		if in(at-r.span.from) < r.span.length && at != r.span.from {
			return at
		}
	}
	return nth((n - 1) / 2)
}
