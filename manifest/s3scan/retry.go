package s3scan

import (
	"context"
	"encoding/xml"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// defaultPatience is how long a scan under way bears a server that answers
	// nothing but errors.
	defaultRetryBudget = 10 * time.Minute
	// openPatience is the same before anything was listed: what is wrong then is
	// more likely to stay so, and somebody waits.
	openRetryBudget = 15 * time.Second
	maxBackoff      = 30 * time.Second
)

// temporary reports whether an error may pass by itself: the server has trouble,
// or throttles, or the connection broke.
func temporary(err error) bool {
	if errors.Is(err, errAnswer) {
		return false
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "SlowDown", "RequestRateLimitExceeded", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling", "ThrottlingException":
			return true
		}
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		var syntax *xml.SyntaxError
		switch status := response.HTTPStatusCode(); {
		case status == 408, status == 429, status >= 500:
			return true
		case status >= 300 || errors.As(err, &syntax):
			return false
		}
	}
	return true // no answer, or one that was cut
}

// backoff is how long to wait after the n-th failure, from 0: half a second,
// doubled each time up to longestPause, less up to a half at random.
func backoff(n int) time.Duration {
	pause := maxBackoff
	if n < 6 {
		pause = 500 * time.Millisecond << n
	}
	return pause/2 + rand.N(pause/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
