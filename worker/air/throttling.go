package air

import "strings"

// IsThrottling reports whether an ErrorCode asks for fewer requests. Wasabi's S3 side is known to say so with status
// 400 RequestRateLimitExceeded and 503 SlowDown; the other names are those of the AWS SDKs' retry rules.
func IsThrottling(code string) bool {
	switch strings.ToLower(code) {
	case "requestratelimitexceeded", "slowdown", "throttling", "throttlingexception", "throttled", "throttledexception",
		"requestthrottled", "requestthrottledexception", "toomanyrequests", "toomanyrequestsexception",
		"requestlimitexceeded", "bandwidthlimitexceeded", "too_many_requests", "slow_down", "rate_limit_exceeded", "ratelimitexceeded":
		return true
	}
	return false
}
