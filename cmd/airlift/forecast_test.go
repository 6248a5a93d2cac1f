package main

import (
	"math"
	"testing"
	"time"
)

func TestForecast(t *testing.T) {
	noon := time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC)
	inf := math.Inf(1)
	day := func(d, hour, minute int) time.Time { return time.Date(2024, 2, d, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name  string
		pace  pace
		items int64
		days  int64
		at    time.Time
	}{
		{"nothing", pace{rate: 5}, 0, 0, noon},
		{"no limit at all", pace{rate: inf}, 1e9, 1, noon},
		{"rate alone", pace{rate: 1}, 3600, 1, day(28, 13, 0)},
		{"rate over midnight", pace{rate: 1}, 12*3600 + 60, 2, day(29, 0, 1)},
		{"limit alone", pace{rate: inf, perDay: 100}, 250, 3, day(30, 0, 0)},
		{"limit just reached", pace{rate: inf, perDay: 100}, 200, 2, day(29, 0, 0)},
		{"some of today is used", pace{rate: inf, perDay: 100, usedToday: 60}, 41, 2, day(29, 0, 0)},
		{"all of today is used", pace{rate: inf, perDay: 100, usedToday: 160}, 100, 1, day(29, 0, 0)},
		{"rate and limit", pace{rate: 1, perDay: 60}, 180, 3, day(30, 0, 1)},
		{"paused until tomorrow", pace{rate: inf, perDay: 100, usedToday: 100, notBefore: day(29, 0, 5)}, 100, 1, day(29, 0, 5)},
		{"paused until later today", pace{rate: inf, perDay: 100, usedToday: 50, notBefore: day(28, 18, 0)}, 50, 1, day(28, 18, 0)},
		{"a pause that is over", pace{rate: 1, notBefore: day(27, 0, 0)}, 60, 1, day(28, 12, 1)},
	} {
		if got := c.pace.forecast(c.items, noon); got.Days != c.days || !got.Finish.Equal(c.at) {
			t.Errorf("%s: got %d days until %v, want %d until %v", c.name, got.Days, got.Finish, c.days, c.at)
		}
	}
	if got := (pace{rate: inf, perDay: 1}).forecast(1e6, noon); !got.Finish.IsZero() {
		t.Errorf("a million days: got %v, want no end", got.Finish)
	}
}
