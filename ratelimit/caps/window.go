package caps

import (
	"slices"
	"time"
)

// capRaised reports whether jobs were accepted after the refusal of the day and before AiR's next day, so that it proves no cap.
func (d *Day) capRaised(end time.Time) bool {
	if d.CappedAt.IsZero() || d.CappedClaims == 0 {
		return false
	}
	for _, r := range d.Resets {
		if r.Resumed.After(d.CappedAt) {
			return false // they are of the next day
		}
	}
	whole := min(max(int(end.Sub(d.Start)/quarter), 0), Quarters)
	return sum(d.Accepted[:whole]) > d.CappedClaims
}

// noteCap notes that the cap was met, with the window of that instant.
func (d *Day) noteCap(at func(time.Time) *Window, reset time.Duration) {
	switch {
	case !d.CappedAt.IsZero():
		if w := at(d.CappedAt); !d.capRaised(w.End) {
			w.Capped, w.CappedAt = true, d.CappedAt
		}
	case d.Capped:
		at(d.Start.Add(reset)).Capped = true
	}
}

// windows returns the windows between resets that begin at that time of day.
func windows(days []Day, reset time.Duration) []Window {
	found := map[time.Time]*Window{}
	at := func(t time.Time) *Window {
		start := t.UTC().Add(-reset).Truncate(day).Add(reset)
		if found[start] == nil {
			found[start] = &Window{Start: start, End: start.Add(day)}
		}
		return found[start]
	}
	for i := range days {
		d := &days[i]
		for q, n := range d.Accepted {
			if n > 0 {
				at(d.Start.Add(time.Duration(q) * quarter)).Accepted += n
			}
		}
		d.noteCap(at, reset)
		if !d.QuotaAt.IsZero() {
			at(d.QuotaAt).Quota = true
		}
	}
	all := make([]Window, 0, len(found))
	for i := range days {
		d := &days[i]
		if d.OthersUntil.IsZero() {
			continue
		}
		// A span of another reset tells nothing of this window.
		if w := at(d.OthersUntil); w.Start.Sub(d.OthersFrom).Abs() <= time.Hour {
			w.Others, w.OthersKnown = d.Others, true
		}
	}
	for _, w := range found {
		if w.Accepted > 0 || w.Capped || w.Quota {
			all = append(all, *w)
		}
	}
	slices.SortFunc(all, func(a, b Window) int { return a.Start.Compare(b.Start) })
	return all
}
