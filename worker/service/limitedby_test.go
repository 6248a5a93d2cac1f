package service

import (
	"testing"
	"time"

	"airlift/worker"
	"airlift/worker/bottleneck"
)

// Each limit has its sentence. What the workers wait for is told together with what the batches have left.
func TestLimitsInSentences(t *testing.T) {
	left := func(pending, sending, doubts int64) []Status {
		return []Status{{Pending: 1, Sending: 1}, {Pending: pending - 1, Sending: sending - 1, InDoubt: doubts}}
	}
	rate := 5.
	for _, c := range []struct {
		by     bottleneck.Cause
		reason string
		answer time.Duration
		left   []Status
		by2    string
		want   string
	}{
		{bottleneck.Rate, "", 0, left(9, 1, 0), "rate", "4.1/s of 5/s: limited by the rate"},
		{bottleneck.Workers, "", 312_400 * time.Microsecond, left(9, 8, 0), "workers", "4.1/s of 5/s: limited by the number of workers: all 8 wait for answers, of 312ms each"},
		{bottleneck.Latency, "", 2_312 * time.Millisecond, left(9, 8, 0), "latency", "4.1/s of 5/s: limited by AiR's latency: an answer takes 2.3s, and all 8 workers wait for one"},
		{bottleneck.AiR, "", 0, left(9, 1, 0), "air", "4.1/s of 5/s: limited by AiR, which throttles or gives no answer"},
		{bottleneck.AiR, "AiR does not answer: reset", 0, left(9, 1, 0), "air", "4.1/s of 5/s: limited by AiR: AiR does not answer: reset"},
		{bottleneck.Gate, "daily cap", 0, left(9, 1, 0), "gate", "paused: daily cap"},
		{bottleneck.Canary, "", 0, left(9, 1, 0), "canary", "4.1/s of 5/s: limited by the canary: a single request goes first"},
		{bottleneck.Settling, "", 0, left(9, 1, 0), "settle window", "4.1/s of 5/s: limited by the settle window: what may have been sent is looked up first (--settle)"},
		{bottleneck.Lookups, "", 0, left(9, 1, 0), "lookups", "4.1/s of 5/s: limited by lookups of items that may have been sent"},
		{bottleneck.Items, "", 0, left(9, 1, 0), "items", "4.1/s of 5/s: limited by the queue: its commits take as long as the requests"},
		{bottleneck.Items, "", 0, []Status{{InDoubt: 1}}, "settle window", "4.1/s of 5/s: limited by the settle window: what may have been sent is looked up first (--settle)"},
		{bottleneck.Items, "", 0, []Status{{Sending: 3}}, "nothing pending", "nothing is pending, and the last 3 answers are awaited"},
		{bottleneck.Items, "", 0, []Status{{}}, "nothing pending", "nothing is pending"},
		{"", "", 0, left(9, 1, 0), "", "nothing is sent"},
	} {
		limits := LimitsOverview{Rate: &rate, Workers: 8}
		r := RunOverview{Rate: 4.1, Limits: limits}
		r.explainLimit(worker.Snapshot{LimitedBy: c.by, Reason: c.reason, Answer: c.answer}, c.left)
		if r.LimitedBy != c.by2 || r.Limit != c.want {
			t.Errorf("%s: got %q, %q, want %q, %q", c.by, r.LimitedBy, r.Limit, c.by2, c.want)
		}
	}
	r := RunOverview{Rate: 4000}
	r.explainLimit(worker.Snapshot{LimitedBy: bottleneck.Items, Reading: true}, []Status{{Incomplete: true}})
	if r.LimitedBy != BySources || r.Limit != "4000/s: limited by the sources, which are being read" {
		t.Errorf("while the sources are read: %+v", r)
	}
	r.explainLimit(worker.Snapshot{LimitedBy: bottleneck.Items, Reading: true}, nil)
	if r.LimitedBy != ByNothingPending || r.Limit != "nothing is pending; more may come" {
		t.Errorf("a process that waits for more: %+v", r)
	}
}
