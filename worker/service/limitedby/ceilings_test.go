package limitedby

import (
	"testing"

	"airlift/ratelimit/adaptive"
	"airlift/worker"
	"airlift/worker/bottleneck"
	"airlift/worker/pace"
)

// The sentence says which rate limits a run: the operator's, that of the hour, or what AiR bears.
func TestLimitNamesTheCeiling(t *testing.T) {
	for _, c := range []struct {
		by   pace.Ceiling
		auto *adaptive.State
		want string
	}{
		{pace.Fixed, nil, "4.1/s of 4.2/s: limited by the rate"},
		{pace.Table, nil, "4.1/s of 4.2/s: limited by the rate, 4.2/s until 20:00"},
		{pace.Table, &adaptive.State{Ceiling: 9, Why: adaptive.Throttles}, "4.1/s of 4.2/s: limited by the rate, 4.2/s until 20:00"},
		{pace.Fixed, &adaptive.State{}, "4.1/s of 4.2/s: limited by the highest rate (--max-rate)"},
		{pace.Auto, &adaptive.State{}, "4.1/s of 4.2/s: limited by the rate, which is raised until AiR throttles"},
		{pace.Auto, &adaptive.State{Ceiling: 4.33, Why: adaptive.Throttles}, "4.1/s of 4.2/s: limited by AiR, which throttles above about 4.33/s"},
		{pace.Auto, &adaptive.State{Ceiling: 10, Why: adaptive.Slows}, "4.1/s of 4.2/s: limited by AiR, which answers more slowly above about 10/s"},
		{pace.Auto, &adaptive.State{Ceiling: 4.3}, "4.1/s of 4.2/s: limited by the rate, which begins below the 4.3/s that AiR bore before"},
	} {
		limit := 4.2
		r := Run{Snapshot: worker.Snapshot{Rate: 4.1, LimitedBy: bottleneck.Rate, Pace: pace.InForce{Rate: 4.2, By: c.by}, Bears: c.auto}, Limit: &limit, Pending: 1}
		if c.by == pace.Table {
			r.Hours = "4.2/s until 20:00"
		}
		if _, sentence := r.Explain(); sentence != c.want {
			t.Errorf("%+v: got %q, want %q", c, sentence, c.want)
		}
	}
}
