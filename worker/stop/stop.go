package stop

import (
	"errors"
	"fmt"
)

// Reason is why a run ended before its work was done. Of several reasons the lowest counts.
type Reason int

const (
	// Unexpected: a disk error or a lasting network failure.
	Unexpected Reason = iota + 1
	// Setup: a setting is wrong: the URL, or a queue that does not match what AiR holds.
	Setup
	// Credentials: AiR refuses the keys (401), or refuses them access (403).
	Credentials
	// Quota: the monthly quota is reached, or may be (403).
	Quota
	// Failures: the failure limit is reached.
	Failures
	// Limit: a regular end with work left: daily cap, a limit of the user, a signal.
	Limit
)

// Error is the end of a run before its work was done, with what to do next.
type Error struct {
	Reason Reason
	// Text says what happened and what to do.
	Text string
	Err  error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Text, e.Err)
	}
	return e.Text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns a stop with a formatted text.
func Errorf(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Text: fmt.Sprintf(format, args...)}
}

// IsLimit reports whether an error is the end at a cap or a limit.
func IsLimit(err error) bool {
	e, is := errors.AsType[*Error](err)
	return is && e.Reason == Limit
}

// BadCredentials is the stop after a 401.
func BadCredentials(cause error) *Error {
	return &Error{Reason: Credentials, Text: "AiR refuses the credentials: check WASABI_ACCESS_KEY and WASABI_SECRET_KEY, --profile, or what [account.NAME] of the config file names", Err: cause}
}

// NotAiR is the stop after an answer that is not from an AiR API.
func NotAiR(cause error) *Error {
	return &Error{Reason: Setup, Text: "what answers is no AiR API: check --air-url", Err: cause}
}
