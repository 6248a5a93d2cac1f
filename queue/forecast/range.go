package forecast

import (
	"slices"
	"strings"
	"time"
)

// Range is between which times something is done.
type Range struct {
	// Low and High are the bounds; a High of nil: it may be more than 200 years ahead.
	Low  time.Time  `json:"low"`
	High *time.Time `json:"high"`
	// Likelihood is how likely it is that the range holds the truth.
	Likelihood float64 `json:"likelihood"`
	// Why says in words what the range rests on.
	Why string `json:"why"`
}

// In returns the forecast by a clock that is behind AiR's.
func (f Forecast) In(behind time.Duration) Forecast {
	for _, t := range []*time.Time{&f.Low, &f.Finish, &f.High} {
		if !t.IsZero() {
			*t = t.Add(-behind)
		}
	}
	return f
}

// Range returns the middle and the range in whole seconds; nil: there is none.
func (f Forecast) Range() (middle *time.Time, r *Range) {
	if f.None != "" || f.Low.IsZero() {
		return nil, nil
	}
	return seconds(f.Finish), &Range{*seconds(f.Low), seconds(f.High), Likelihood, strings.Join(f.Why, "; ")}
}

// seconds returns a time in whole seconds; nil: it is zero.
func seconds(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Round(time.Second)
	return &t
}

// setRange sets the range from the ends at one of every few; those of the middle are the last.
func (f *Forecast) setRange(ends []instant, at, every int) {
	var all []instant
	for ; at < len(ends); at += every {
		all = append(all, ends[at])
	}
	finish := all[len(all)-1]
	all = all[:len(all)-1]
	slices.Sort(all)
	low, high := quantile(all, (1-Likelihood)/2), quantile(all, (1+Likelihood)/2)
	f.Low, f.Finish, f.High = timeOf(min(low, finish)), timeOf(finish), timeOf(max(high, finish))
}

// quantile returns the value of a sorted list below which such a part of the list is.
func quantile[T any](sorted []T, part float64) T {
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
