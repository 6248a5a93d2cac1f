package caps

import (
	"slices"
	"time"
)

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
		switch {
		case !d.CappedAt.IsZero():
			w := at(d.CappedAt)
			w.Capped, w.CappedAt = true, d.CappedAt
		case d.Capped:
			at(d.Start.Add(reset)).Capped = true
		}
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
