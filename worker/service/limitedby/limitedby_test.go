package limitedby

import (
	"testing"
	"time"

	"airlift/worker"
	"airlift/worker/bottleneck"
)

// Each limit has its sentence. What the workers wait for is told together with what the batches have left.
func TestLimitsInSentences(t *testing.T) {
	left := func(pending, sending, doubts int64) Run {
		return Run{Pending: pending, Sending: sending, InDoubt: doubts}
	}
	rate := 5.
	for _, c := range []struct {
		by     bottleneck.Cause
		reason string
		answer time.Duration
		left   Run
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
		{bottleneck.Items, "", 0, Run{InDoubt: 1}, "settle window", "4.1/s of 5/s: limited by the settle window: what may have been sent is looked up first (--settle)"},
		{bottleneck.Items, "", 0, Run{Sending: 3}, "nothing pending", "nothing is pending, and the last 3 answers are awaited"},
		{bottleneck.Items, "", 0, Run{}, "nothing pending", "nothing is pending"},
		{"", "", 0, left(9, 1, 0), "", "nothing is sent"},
	} {
		r := c.left
		r.Snapshot, r.Limit, r.Workers = worker.Snapshot{Rate: 4.1, LimitedBy: c.by, Reason: c.reason, Answer: c.answer}, &rate, 8
		if by, sentence := r.Explain(); by != c.by2 || sentence != c.want {
			t.Errorf("%s: got %q, %q, want %q, %q", c.by, by, sentence, c.by2, c.want)
		}
	}
	r := Run{Snapshot: worker.Snapshot{Rate: 4000, LimitedBy: bottleneck.Items, Reading: true}, Unread: true}
	if by, sentence := r.Explain(); by != Sources || sentence != "4000/s: limited by the sources, which are being read" {
		t.Errorf("while the sources are read: %q, %q", by, sentence)
	}
	r.Unread = false
	if by, sentence := r.Explain(); by != NothingPending || sentence != "nothing is pending; more may come" {
		t.Errorf("a process that waits for more: %q, %q", by, sentence)
	}
}
