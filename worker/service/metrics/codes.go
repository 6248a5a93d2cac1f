package metrics

import (
	"strconv"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/verdict"
)

// The values of the label outcome, by their index.
const (
	submitted = iota
	failed
	inDoubt
	notAccepted
	outcomes
)

var outcomeNames = [outcomes]string{"submitted", "failed", "in_doubt", "not_accepted"}

// outcomeOf returns the index of the outcome that a verdict means.
func outcomeOf(v verdict.Verdict) int {
	switch v.State {
	case queue.Submitted:
		return submitted
	case queue.Failed:
		return failed
	case queue.InDoubt:
		return inDoubt
	}
	return notAccepted
}

// The values of the label code that stand for no error code of AiR.
const (
	noCode = iota
	otherCode
	throttling
	noAnswer
	notSent
)

// codeNames are the values of the label code: those above, the error codes of AiR and of the gateways before it that are
// known, and the HTTP statuses of answers without a code.
var codeNames = [...]string{
	"none", "other", "throttling", "no_answer", "not_sent",
	"BAD_REQUEST", "NOT_FOUND", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR", "DAILY_CAP_EXCEEDED", "MONTHLY_QUOTA_REACHED", "ACCESS_DENIED",
	"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "ExpiredToken",
	"http_2xx", "http_3xx", "http_4xx", "http_5xx", "http_400", "http_401", "http_403", "http_404", "http_408", "http_409", "http_413",
	"http_429", "http_500", "http_502", "http_503", "http_504",
}

const numCodes = len(codeNames)

var (
	codeIndex   = map[string]int{}
	statusIndex [600]int
)

func init() {
	for i, name := range codeNames {
		codeIndex[name] = i
	}
	for status := range statusIndex {
		statusIndex[status] = otherCode
		for _, name := range []string{strconv.Itoa(status/100) + "xx", strconv.Itoa(status)} {
			if i, known := codeIndex["http_"+name]; known {
				statusIndex[status] = i
			}
		}
	}
}

// codeOf returns the index of the code of an outcome.
func codeOf(o air.Outcome, outcome int) int {
	known, ok := codeIndex[o.Code]
	switch {
	case outcome == submitted:
		return noCode
	case ok:
		return known
	case air.IsThrottling(o.Code):
		return throttling
	case o.Code != "" || o.Status < 0 || o.Status >= len(statusIndex):
		return otherCode
	case o.Status != 0:
		return statusIndex[o.Status]
	case o.Written:
		return noAnswer
	}
	return notSent
}
