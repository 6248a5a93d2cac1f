package verdict

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"airlift/queue"
	"airlift/worker/air"
)

// Action is what the run does after an answer.
type Action int

const (
	// GoOn: the answer was about this item alone.
	GoOn Action = iota
	// Slow: AiR throttles; all requests are held for a moment.
	Slow
	// BackOff: the outcome is unknown, or nothing could be sent; this worker waits, and a row of these is an outage.
	BackOff
	// MixUp: the answer belongs to another request.
	MixUp
	// Wait: the rate of requests is limited, by AiR or a proxy; all requests are held for as long as the answer asks, then a
	// canary goes.
	Wait
	// Pause: the daily cap is reached; nothing is sent until the next midnight UTC.
	Pause
	// ForeignAnswer: the answer is not AiR's; the item is retried, and three such items in a row end the run.
	ForeignAnswer
	// StopQuota: the monthly quota is reached; the run ends.
	StopQuota
	// StopForbidden: a 403 that may be the monthly quota, or not AiR's at all.
	StopForbidden
	// StopAccess: AiR knows the keys, and refuses them access.
	StopAccess
	// StopCredentials: AiR refuses the keys.
	StopCredentials
	// StopSetup: the URL is not that of an AiR API.
	StopSetup
	// End: the run gave up the request before sending it.
	End
)

// Verdict is what an outcome means for the item and for the run.
type Verdict struct {
	// State is where the item goes: Submitted, Failed, InDoubt or Pending.
	State queue.State
	// Attempted says that it counts as an attempt.
	Attempted bool
	// Refund says that AiR provably accepted nothing.
	Refund bool
	// Action is what the run does. Throttled says that AiR also throttles.
	Action    Action
	Throttled bool
}

// The verdicts that several outcomes have.
var (
	// inDoubt: AiR may have accepted the job.
	inDoubt = Verdict{State: queue.InDoubt, Attempted: true, Action: BackOff}
	// failed: AiR refuses this job alone.
	failed = Verdict{State: queue.Failed, Attempted: true, Refund: true}
)

// notAccepted is the verdict on an outcome that proves that AiR accepted nothing and is not about the item.
func notAccepted(a Action) Verdict {
	return Verdict{State: queue.Pending, Refund: true, Action: a, Throttled: a == Slow}
}

// Judge returns the verdict on the outcome of a POST /jobs. It is pure, and with the functions it calls covers every case;
// README.md summarizes the verdicts. answered says that the URL is known to be AiR's, because a job was
// accepted there: until then a 2xx without a job, or an answer that AiR does not give, shows that it is not.
func Judge(o air.Outcome, answered bool) Verdict {
	switch s := o.Status; {
	case s >= 200 && s < 300:
		return judgeSuccess(o, answered)
	case s == 429 && IsRateLimit(o):
		return notAccepted(Wait)
	case s == 429:
		return notAccepted(Pause)
	case s >= 400 && s < 500 && air.IsThrottling(o.Code):
		return notAccepted(Slow)
	case s == 401:
		return notAccepted(StopCredentials)
	case s == 403:
		return notAccepted(forbidden(o))
	case refuses(s) && (o.Code != "" || o.Message != ""):
		return failed
	case s >= 300:
		return judgeOther(o, answered)
	}
	return judgeNoAnswer(o)
}

// judgeSuccess judges a 2xx.
func judgeSuccess(o air.Outcome, answered bool) Verdict {
	switch {
	case o.Misplaced:
		return Verdict{State: queue.InDoubt, Attempted: true, Action: MixUp}
	case o.JobID != "" && o.Code == "" && o.Message == "":
		return Verdict{State: queue.Submitted, Attempted: true}
	case o.JobID != "", o.Cut, answered: // a job and an error at once: a lookup shows which of them is true
		return inDoubt
	}
	return Verdict{State: queue.InDoubt, Attempted: true, Action: StopSetup}
}

// judgeOther judges a status from 300 on that is neither a refusal by AiR nor a limit.
func judgeOther(o air.Outcome, answered bool) Verdict {
	switch s := o.Status; {
	case refuses(s) && o.Cut: // the status alone does not tell a refusal by AiR from one by something before it
		return inDoubt
	case s == 408 || s == 425 || s >= 500:
		v := inDoubt
		v.Throttled = air.IsThrottling(o.Code)
		return v
	case answered:
		return Verdict{State: queue.Pending, Attempted: true, Refund: true, Action: ForeignAnswer}
	}
	return notAccepted(StopSetup)
}

// judgeNoAnswer judges a request without an answer.
func judgeNoAnswer(o air.Outcome) Verdict {
	switch {
	case errors.Is(o.Err, air.ErrInvalidJob):
		return failed
	case o.Written:
		return inDoubt
	case errors.Is(o.Err, context.Canceled):
		return notAccepted(End)
	}
	return notAccepted(BackOff)
}

// refuses reports whether the status is one by which AiR refuses a single job.
func refuses(status int) bool {
	switch status {
	case 400, 409, 413, 415, 422:
		return true
	}
	return false
}

// IsRateLimit reports whether a 429 limits the rate of requests rather than the jobs of a day. AiR's daily cap has no
// documented ErrorCode; it comes in AiR's JSON and does not speak of a rate.
func IsRateLimit(o air.Outcome) bool {
	text := strings.ToLower(o.Code + " " + o.Message)
	switch {
	case o.Foreign, air.IsThrottling(o.Code):
		return true
	case containsAny(text, "daily", "per day", "a day"):
		return false
	}
	return containsAny(text, "too many requests", "too_many_requests", "toomanyrequests", "throttl", "slow down", "rate limit",
		"ratelimit", "rate_limit", "request rate", "rate exceeded")
}

// forbidden says what a 403 means. The reference page gives it for the monthly quota alone, but AiR's access is granted by
// Wasabi policies, and S3's error codes for access, signatures and clocks come with 403 too.
func forbidden(o air.Outcome) Action {
	text := strings.ToLower(o.Code + " " + o.Message)
	switch {
	case o.Foreign:
		return StopForbidden
	case strings.Contains(text, "quota"):
		return StopQuota
	case containsAny(text, "access", "authori", "denied", "permission", "permitted", "policy", "signature", "expir", "skew", "clock", "token", "credential"):
		return StopAccess
	}
	return StopQuota
}

// SpeaksOfQuota reports whether a 403 says that a quota is reached. The verdict [StopQuota] is also that of one without any hint: the
// reference page knows no other.
func SpeaksOfQuota(o air.Outcome) bool {
	return containsAny(strings.ToLower(o.Code+" "+o.Message), "quota", "month")
}

// IsClockRefusal reports whether a refusal speaks of time: the clock of this machine, or keys that have expired.
func IsClockRefusal(o air.Outcome) bool {
	return containsAny(strings.ToLower(o.Code+" "+o.Message), "skew", "clock", "expir")
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// Describe returns an outcome in a few words.
func Describe(o air.Outcome) string {
	var parts []string
	if o.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", o.Status))
	}
	for _, s := range []string{o.Code, o.Message} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if o.Foreign && o.Excerpt != "" {
		parts = append(parts, fmt.Sprintf("%q", o.Excerpt))
	}
	if o.Err != nil {
		parts = append(parts, o.Err.Error())
	}
	if len(parts) == 0 {
		return "no answer"
	}
	return strings.Join(parts, " ")
}
