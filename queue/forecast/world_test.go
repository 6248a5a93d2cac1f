package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"airlift/ratelimit/caps"
)

// others is how the other users of an account behave: on each day they take a share of the cap between two bounds, which
// are between 0 and 30 %.
type others string

const (
	// between: the bounds differ from account to account.
	between others = "any two bounds"
	// anyShare: they take any share from 0 to 30 %, anew each day.
	anyShare others = "0 to 30 % each day"
	// around: they take about the same each day, at most 5 % of the cap more or less.
	around others = "a level, 5 % up or down"
	// steady: they take the same share each day.
	steady others = "the same each day"
	// weekly: they take one share from Monday to Friday and nothing at the weekend.
	weekly others = "working days only"
)

// world is an AiR with a daily cap, others that use it too, and a run of ours that sends as fast as it may, observes
// AiR's limits and learns from them as a run does.
type world struct {
	r         *rand.Rand
	kind      others
	cap       int64
	low, high float64
	reset     time.Duration
	rate      float64

	now      time.Time // of the next request that AiR may accept
	refused  time.Time // the last refusal before it; zero: none
	items    int64     // left
	capped   int       // windows in which the cap was met, the last at cappedAt
	cappedAt time.Time
	days     map[time.Time]*caps.Day
	known    *time.Duration // the reset, once the run knows it exactly
}

// newWorld returns a world before its first request.
func newWorld(seed uint64, kind others) *world {
	r := rand.New(rand.NewPCG(seed, 13))
	w := &world{r: r, kind: kind, cap: int64(1000 * math.Exp(4*r.Float64())), reset: time.Duration(r.IntN(96)) * 15 * time.Minute, days: map[time.Time]*caps.Day{}}
	switch kind {
	case between:
		w.low, w.high = usualShare*r.Float64(), usualShare*r.Float64()
		w.low, w.high = min(w.low, w.high), max(w.low, w.high)
	case anyShare:
		w.high = usualShare
	case around:
		level := usualShare * r.Float64()
		w.low, w.high = max(0, level-0.05), min(usualShare, level+0.05)
	case steady, weekly:
		w.low = usualShare * r.Float64()
		w.high = w.low
	}
	w.rate = float64(w.cap) / 86400 * (5 + 20*r.Float64())
	w.now = noon.AddDate(0, 0, r.IntN(365)).Add(time.Duration(r.Float64() * float64(24*time.Hour)))
	w.items = int64(float64(w.cap) * (20 + 70*r.Float64()))
	return w
}

// day returns the observations of a UTC day.
func (w *world) day(at time.Time) *caps.Day {
	start := at.Truncate(24 * time.Hour)
	if w.days[start] == nil {
		w.days[start] = &caps.Day{Start: start}
	}
	return w.days[start]
}

// learned returns what a run has learned at an instant.
func (w *world) learned(now time.Time) caps.Learned {
	var all []caps.Day
	for start, d := range w.days {
		if now.Sub(start) > 24*24*time.Hour { // a run looks further back, but it would take long
			delete(w.days, start)
			continue
		}
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b caps.Day) int { return a.Start.Compare(b.Start) })
	return caps.Learn(all, now)
}

// resetAt returns the reset that a run knows at an instant.
func (w *world) resetAt(now time.Time) time.Duration {
	if w.known != nil {
		return *w.known
	}
	l := w.learned(now)
	if l.Reset.Exact() {
		w.known = &l.Reset.Value
	}
	return l.Reset.Value
}

// begin returns when the AiR's day begins that an instant is in, if it begins at that time of day.
func begin(at time.Time, reset time.Duration) time.Time {
	return at.Add(-reset).Truncate(24 * time.Hour).Add(reset)
}

// share is what others take of the cap on the AiR's day that begins then.
func (w *world) share(start time.Time) float64 {
	if d := start.Weekday(); w.kind == weekly && (d == time.Saturday || d == time.Sunday) {
		return 0
	}
	return w.low + (w.high-w.low)*w.r.Float64()
}

// window plays one of AiR's days from the next request on until the cap is met and the run knows when it goes on. It returns when
// all is sent; zero: not yet.
func (w *world) window() time.Time {
	start := begin(w.now, w.reset)
	theirs := int64(math.Round(w.share(start) * float64(w.cap)))
	if !w.refused.IsZero() {
		d := w.day(w.now)
		d.Resets = append(d.Resets, caps.Resumption{Refused: w.refused, Resumed: w.now, Refusals: 1})
	}
	pace := w.rate * (1 - 0.03*w.r.Float64())
	n := min(w.items, w.cap-theirs)
	end := w.send(n, pace)
	if w.items -= n; w.items == 0 {
		return end
	}
	d := w.day(end)
	d.Capped, d.CappedAt = true, end
	d.OthersFrom, d.OthersUntil, d.Others = begin(end, w.resetAt(end)), end, theirs
	w.capped, w.cappedAt = w.capped+1, end
	w.pause(start.Add(24*time.Hour), end)
	return time.Time{}
}

// send records n accepted jobs from now on, and returns when the last one was.
func (w *world) send(n int64, pace float64) time.Time {
	end := w.now.Add(time.Duration(float64(n) / pace * float64(time.Second)))
	for at, done := w.now, int64(0); done < n; {
		next := at.Truncate(15 * time.Minute).Add(15 * time.Minute)
		until := min(n, int64(math.Round(next.Sub(w.now).Seconds()*pace)))
		w.day(at).Accepted[at.Hour()*4+at.Minute()/15] += until - done
		at, done = next, until
	}
	return end
}

// pause goes on at the next reset as it is known; if AiR's new day has not begun by then, AiR is asked every hour.
func (w *world) pause(next, refused time.Time) {
	w.refused = refused
	w.now = begin(refused, w.resetAt(refused)).Add(24 * time.Hour)
	for w.now.Before(next) {
		w.refused, w.now = w.now, w.now.Add(time.Hour)
	}
}

// toCapped plays until the cap was met on n more days; it reports whether something is left then.
func (w *world) toCapped(n int) bool {
	for end := w.capped + n; w.capped < end; {
		if !w.window().IsZero() {
			return false
		}
	}
	return true
}

// toEnd plays until all is sent, and returns when that is.
func (w *world) toEnd() time.Time {
	for {
		if end := w.window(); !end.IsZero() {
			return end
		}
	}
}

// forecast returns the forecast that the run makes when it is refused for the cap, and when that is.
func (w *world) forecast() (f Forecast, made time.Time) {
	l := w.learned(w.cappedAt)
	in := Input{Now: w.cappedAt, Items: w.items, Rate: w.rate, PausedUntil: begin(w.cappedAt, l.Reset.Value).Add(24 * time.Hour)}
	in.Learn(l)
	return in.Each([]int64{w.items})[0], w.cappedAt
}
