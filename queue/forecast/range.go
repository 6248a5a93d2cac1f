package forecast

import (
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
