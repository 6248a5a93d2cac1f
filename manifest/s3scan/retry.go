package s3scan

import (
	"encoding/xml"
	"errors"
	"time"

	"github.com/aws/smithy-go"

	"airlift/ratelimit"
)

const (
	// defaultRetryBudget is how long a scan retries a server that returns only errors.
	defaultRetryBudget = 10 * time.Minute
	// openRetryBudget applies before anything was listed: an error then is more likely to last, and somebody waits.
	openRetryBudget = 15 * time.Second
	maxBackoff      = 30 * time.Second
)

// temporary reports whether an error may pass: the server failed or throttled, or the connection broke.
func temporary(err error) bool {
	if errors.Is(err, errAnswer) {
		return false
	}
	if api, is := errors.AsType[smithy.APIError](err); is {
		switch api.ErrorCode() {
		case "SlowDown", "RequestRateLimitExceeded", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling", "ThrottlingException":
			return true
		}
	}
	var syntax *xml.SyntaxError
	switch status := Status(err); {
	case status == 0: // no answer
		return true
	case status == 408, status == 429, status >= 500:
		return true
	}
	return Status(err) < 300 && !errors.As(err, &syntax) // an answer that was cut
}

// backoff returns the wait after the n-th failure, from 1.
func backoff(n int) time.Duration {
	return ratelimit.HalfJitter(n, 500*time.Millisecond, maxBackoff)
}
