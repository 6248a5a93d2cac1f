package limitedby

import (
	"fmt"
	"time"

	"airlift/ratelimit/adaptive"
	"airlift/worker"
	"airlift/worker/bottleneck"
	"airlift/worker/pace"
)

// The values of what limits a run beside those of a [bottleneck.Cause].
const (
	// NothingPending: no item is left to send.
	NothingPending = "nothing pending"
	// Sources: the sources are being read, and what they gave so far is sent.
	Sources = "sources"
)

// Run is what is known of a run.
type Run struct {
	worker.Snapshot
	// Limit is the rate in force in requests a second; nil: unlimited. Hours says which one it is, of those of a table; empty:
	// there is no table.
	Limit   *float64
	Hours   string
	Workers int
	// Pending, Sending and InDoubt count the items of the batches that are worked.
	Pending, Sending, InDoubt int64
	// Unread says that the sources of one of them are not read to their end.
	Unread bool
}

// Explain returns what limits the run: a [bottleneck.Cause] or one of the constants here, and the same in a sentence with the rate.
func (r Run) Explain() (by, sentence string) {
	by = r.cause()
	switch why := r.why(by); by {
	case string(bottleneck.Gate), string(bottleneck.Sample), NothingPending, "":
		sentence = why // the rate of the last minute says nothing
		if by == NothingPending && r.Sending > 0 {
			sentence += fmt.Sprintf(", and the last %d answers are awaited", r.Sending)
		}
	default:
		sentence = bottleneck.FormatSpeed(r.Rate)
		if r.Limit != nil {
			sentence += " of " + bottleneck.FormatSpeed(*r.Limit)
		}
		sentence += ": limited by " + why
	}
	return by, sentence
}

// cause returns what limits the run. What the workers wait for is seen together with what the batches have left.
func (r Run) cause() string {
	if r.LimitedBy == bottleneck.Items || r.LimitedBy == bottleneck.Rate { // the last one waits for its token while nothing is pending
		switch {
		case r.Pending > 0:
		case r.Reading && r.Unread:
			return Sources
		case r.InDoubt > 0:
			return string(bottleneck.Settling)
		case r.LimitedBy == bottleneck.Items:
			return NothingPending
		}
	}
	return string(r.LimitedBy)
}

// causes are the sentences that need no figures.
var causes = map[string]string{
	string(bottleneck.Canary):   "the canary: a single request goes first",
	string(bottleneck.Settling): "the settle window: what may have been sent is looked up first (--settle)",
	string(bottleneck.Lookups):  "lookups of items that may have been sent",
	string(bottleneck.Items):    "the queue: its commits take as long as the requests",
	Sources:                     "the sources, which are being read",
	"":                          "nothing is sent", // lookups only
}

// why says what limits the run.
func (r Run) why(by string) string {
	answer := r.Answer.Round(time.Millisecond)
	if answer >= time.Second {
		answer = answer.Round(100 * time.Millisecond)
	}
	switch by {
	case string(bottleneck.Gate):
		return "paused: " + r.Reason
	case string(bottleneck.Sample):
		return r.Reason
	case string(bottleneck.OpenJobs):
		return r.Open.String()
	case string(bottleneck.Rate):
		return r.whichRate()
	case string(bottleneck.Workers):
		return fmt.Sprintf("the number of workers: all %d wait for answers, of %v each", r.Workers, answer)
	case string(bottleneck.Latency):
		return fmt.Sprintf("AiR's latency: an answer takes %v, and all %d workers wait for one", answer, r.Workers)
	case string(bottleneck.AiR):
		if r.Reason != "" {
			return "AiR: " + r.Reason
		}
		return "AiR, which throttles or gives no answer"
	case NothingPending:
		if r.Reading {
			return "nothing is pending; more may come"
		}
		return "nothing is pending"
	}
	return causes[by]
}

// whichRate says which ceiling of the rate limits a run.
func (r Run) whichRate() string {
	switch auto := r.Bears; {
	case r.Hours != "" && (auto == nil || r.Pace.By == pace.Table):
		return "the rate, " + r.Hours
	case auto == nil:
		return "the rate"
	case r.Pace.By == pace.Fixed:
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
