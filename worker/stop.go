package worker

import (
	"errors"
	"fmt"
)

// Reason is why a run ended before its work was done.
type Reason int

const (
	// Unexpected: the disk, or a network that stayed away (see Config.GiveUp).
	Unexpected Reason = iota + 1
	// Setup: a setting is wrong: the URL, or a queue that does not match what AiR holds.
	Setup
	// Credentials: AiR refuses the keys (401), or refuses them access (403).
	Credentials
	// Quota: the monthly quota is reached, or may be (403).
	Quota
	// Failures: the failure limit is reached.
	Failures
	// Limit: ended in good order with work left: daily cap, a limit of the user's, a signal.
	Limit
)

// StopError is the end of a run before its work was done, with what to do next.
type StopError struct {
	Reason Reason
	// Text says what happened and what to do.
	Text string
	Err  error
}

func (e *StopError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Text, e.Err)
	}
	return e.Text
}

// Unwrap returns the cause.
func (e *StopError) Unwrap() error { return e.Err }

func stop(r Reason, format string, args ...any) *StopError {
	return &StopError{Reason: r, Text: fmt.Sprintf(format, args...)}
}

// errDone ends the pool's own goroutines when nothing is left.
var errDone = errors.New("nothing is left")
