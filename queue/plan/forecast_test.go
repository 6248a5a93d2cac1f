package plan

import (
	"math"
	"testing"
	"time"
)

var (
	noon = time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC)
	inf  = math.Inf(1)
)

func at(d, hour, minute int) time.Time { return time.Date(2024, 2, d, hour, minute, 0, 0, time.UTC) }

func TestForecast(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
		items  int64
		days   int64
		at     time.Time
	}{
		{"nothing", Limits{Rate: 5}, 0, 0, noon},
		{"no limit at all", Limits{Rate: inf}, 1e9, 1, noon},
		{"rate alone", Limits{Rate: 1}, 3600, 1, at(28, 13, 0)},
		{"rate over midnight", Limits{Rate: 1}, 12*3600 + 60, 2, at(29, 0, 1)},
		{"rate below one a day", Limits{Rate: 1. / (48 * 3600)}, 3, 3, time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)},
		{"rate of a part of an item", Limits{Rate: 5. / 3600 / 24}, 8, 3, at(30-1, 12, 0).Add(14*time.Hour + 24*time.Minute)},
		{"limit alone", Limits{Rate: inf, PerDay: 100}, 250, 3, at(30, 0, 0)},
		{"limit just reached", Limits{Rate: inf, PerDay: 100}, 200, 2, at(29, 0, 0)},
		{"a thousand at 50 a day, of which 50 are sent", Limits{Rate: 5, PerDay: 50, UsedToday: 50}, 950, 19, at(28+19, 0, 0).Add(10 * time.Second)},
		{"some of today is used", Limits{Rate: inf, PerDay: 100, UsedToday: 60}, 41, 2, at(29, 0, 0)},
		{"all of today is used", Limits{Rate: inf, PerDay: 100, UsedToday: 160}, 100, 1, at(29, 0, 0)},
		{"rate and limit", Limits{Rate: 1, PerDay: 60}, 180, 3, at(30, 0, 1)},
		{"paused until tomorrow", Limits{Rate: inf, PerDay: 100, UsedToday: 100, PausedUntil: at(29, 0, 5)}, 100, 1, at(29, 0, 5)},
		{"paused until later today", Limits{Rate: inf, PerDay: 100, UsedToday: 50, PausedUntil: at(28, 18, 0)}, 50, 1, at(28, 18, 0)},
		{"paused with nothing to claim", Limits{Rate: 5, PausedUntil: at(28, 18, 0)}, 0, 0, at(28, 18, 0)},
		{"a pause that is over", Limits{Rate: 1, PausedUntil: at(27, 0, 0)}, 60, 1, at(28, 12, 1)},
		{"stopped", Limits{Rate: 1, Stopped: true}, 60, 0, time.Time{}},
		{"stopped with nothing to claim", Limits{Rate: 1, Stopped: true}, 0, 0, time.Time{}},
		{"stopped in a pause", Limits{Rate: 1, Stopped: true, PausedUntil: at(29, 0, 5)}, 60, 0, time.Time{}},
	} {
		if got := c.limits.Forecast(c.items, noon); got.Days != c.days || !got.Finish.Equal(c.at) {
			t.Errorf("%s: got %d days until %v, want %d until %v", c.name, got.Days, got.Finish, c.days, c.at)
		}
	}
	if got := (Limits{Rate: inf, PerDay: 1}).Forecast(1e6, noon); !got.Finish.IsZero() {
		t.Errorf("a million days: got %v, want no end", got.Finish)
	}
	for _, rate := range []float64{1e-9 / 3600, 1e-300, 5e-324} {
		for _, limit := range []int64{0, 1, 50} {
			if got := (Limits{Rate: rate, PerDay: limit}).Forecast(5, noon); !got.Finish.IsZero() {
				t.Errorf("%g a second, %d a day: got %v, want no end", rate, limit, got.Finish)
			}
		}
	}
	// A clock east of Greenwich has its midnight elsewhere; AiR counts by UTC.
	east := noon.In(time.FixedZone("", 9*3600))
	if got := (Limits{Rate: inf, PerDay: 10}).Forecast(11, east); !got.Finish.Equal(at(29, 0, 0)) {
		t.Errorf("in another zone: got %v, want midnight UTC", got.Finish)
	}
}
