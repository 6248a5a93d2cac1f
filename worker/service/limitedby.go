package service

import (
	"fmt"
	"time"

	"airlift/ratelimit/adaptive"
	"airlift/worker"
	"airlift/worker/bottleneck"
	"airlift/worker/pace"
)

// The values of RunOverview.LimitedBy beside those of a [bottleneck.Cause].
const (
	// ByNothingPending: no item is left to send.
	ByNothingPending = "nothing pending"
	// BySources: the sources are being read, and what they gave so far is sent.
	BySources = "sources"
)

// explainLimit sets LimitedBy and Limit.
func (r *RunOverview) explainLimit(p worker.Snapshot, worked []Status) {
	pending, sending, doubts, read := int64(0), int64(0), int64(0), false
	for _, st := range worked {
		pending += st.Pending
		sending += st.Sending
		doubts += st.InDoubt
		read = read || st.Incomplete
	}
	r.LimitedBy = string(p.LimitedBy)
	if p.LimitedBy == bottleneck.Items || p.LimitedBy == bottleneck.Rate { // the last one waits for its token while nothing is pending
		switch {
		case pending > 0:
		case p.Reading && read:
			r.LimitedBy = BySources
		case doubts > 0:
			r.LimitedBy = string(bottleneck.Settling)
		case p.LimitedBy == bottleneck.Items:
			r.LimitedBy = ByNothingPending
		}
	}
	switch why := r.why(p); r.LimitedBy {
	case string(bottleneck.Gate), string(bottleneck.Sample), ByNothingPending, "":
		r.Limit = why // the rate of the last minute says nothing
		if r.LimitedBy == ByNothingPending && sending > 0 {
			r.Limit += fmt.Sprintf(", and the last %d answers are awaited", sending)
		}
	default:
		r.Limit = bottleneck.FormatSpeed(r.Rate)
		if r.Limits.Rate != nil {
			r.Limit += " of " + bottleneck.FormatSpeed(*r.Limits.Rate)
		}
		r.Limit += ": limited by " + why
	}
}

// why says what limits the run.
func (r *RunOverview) why(p worker.Snapshot) string {
	answer := p.Answer.Round(time.Millisecond)
	if answer >= time.Second {
		answer = answer.Round(100 * time.Millisecond)
	}
	switch r.LimitedBy {
	case string(bottleneck.Gate):
		return "paused: " + p.Reason
	case string(bottleneck.Sample):
		return p.Reason
	case string(bottleneck.OpenJobs):
		return r.OpenJobs.String()
	case string(bottleneck.Rate):
		return r.whichRate(p)
	case string(bottleneck.Workers):
		return fmt.Sprintf("the number of workers: all %d wait for answers, of %v each", r.Limits.Workers, answer)
	case string(bottleneck.Latency):
		return fmt.Sprintf("AiR's latency: an answer takes %v, and all %d workers wait for one", answer, r.Limits.Workers)
	case string(bottleneck.AiR):
		if p.Reason != "" {
			return "AiR: " + p.Reason
		}
		return "AiR, which throttles or gives no answer"
	case string(bottleneck.Canary):
		return "the canary: a single request goes first"
	case string(bottleneck.Settling):
		return "the settle window: what may have been sent is looked up first (--settle)"
	case string(bottleneck.Lookups):
		return "lookups of items that may have been sent"
	case string(bottleneck.Items):
		return "the queue: its commits take as long as the requests"
	case BySources:
		return "the sources, which are being read"
	case ByNothingPending:
		if p.Reading {
			return "nothing is pending; more may come"
		}
		return "nothing is pending"
	}
	return "nothing is sent" // lookups only
}

// whichRate says which ceiling of the rate limits a run.
func (r *RunOverview) whichRate(p worker.Snapshot) string {
	switch auto := p.Bears; {
	case r.Hours != nil && (auto == nil || p.Pace.By == pace.Table):
		return "the rate, " + r.Hours.Text
	case auto == nil:
		return "the rate"
	case p.Pace.By == pace.Fixed:
		return "the highest rate (--max-rate)"
	case auto.Ceiling == 0:
		return "the rate, which is raised until AiR throttles"
	case auto.Why == adaptive.Throttles:
		return "AiR, which throttles above about " + bottleneck.FormatSpeed(auto.Ceiling)
	case auto.Why == adaptive.Slows:
		return "AiR, which answers more slowly above about " + bottleneck.FormatSpeed(auto.Ceiling)
	default:
		return "the rate, which begins below the " + bottleneck.FormatSpeed(auto.Ceiling) + " that AiR bore before"
	}
}
