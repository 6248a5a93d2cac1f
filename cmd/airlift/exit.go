package main

import (
	"context"
	"errors"
	"strings"

	"airlift/cmd/airlift/config"
	"airlift/manifest/entry"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/worker/service"
	"airlift/worker/stop"
)

// The exit codes. Their numbers do not express severity; see bySeverity.
const (
	exitOK          = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitQuota       = 3
	exitIncomplete  = 4
	exitWorkLeft    = 5
	exitCredentials = 6
	exitLocked      = 7
	exitFailures    = 8
	// exitAtOnce is that of a second signal, as shells give it for SIGINT.
	exitAtOnce = 130
)

const exitCodesHelp = `
Exit codes:
  0  nothing is left: every item is submitted (or cancelled)
  1  unexpected error: disk, database, network gone, queue file replaced, a source that cannot be read
  2  usage or configuration, or what answers is no AiR API; nothing more was sent
  3  stopped by a 403: AiR's monthly quota, or a proxy or firewall in between
  4  finished, but items failed or are in doubt, rows were rejected, or nothing was found (see --allow-empty)
  5  ended in good order with work left: daily cap, --max-duration, --max-items, a signal
  6  credentials, access or clock refused (401, 403), or the keys are temporary
  7  another process holds the queue, and cannot be asked
  8  failure limit reached
Several at once: the first of 1, 2, 6, 3, 8, 5, 4.`

// usageError is what the user must change before anything can be done.
type usageError = config.UsageError

func usagef(format string, args ...any) error { return config.Usagef(format, args...) }

// codeError carries an exit code with a message that may be empty.
type codeError struct {
	code int
	text string
}

func (e *codeError) Error() string { return e.text }

// isA reports whether an error is or wraps a T.
func isA[T error](err error) bool {
	_, is := errors.AsType[T](err)
	return is
}

// isUsage reports whether the user must change something before anything can be done.
func isUsage(err error) bool {
	return isA[*usageError](err) || errors.Is(err, entry.ErrUsage) || isA[*service.NoJobsError](err) || errors.Is(err, service.ErrInvalid)
}

// sourcesCode is the exit code for what went wrong with the sources of a reading.
func sourcesCode(e intake.End) int {
	switch {
	case e.Unread:
		return exitUnexpected
	case e.Broken != nil, len(e.Empty) > 0:
		return exitIncomplete
	}
	return exitOK
}

// sourcesText is the last message for what went wrong with the sources.
func sourcesText(e intake.End) string {
	if e.Broken != nil {
		return intake.BrokenText(e.Broken)
	}
	return strings.Join(e.Empty, "\n")
}

// bySeverity lists the exit codes by severity: of several reasons the first is returned.
var gravest = []int{exitLocked, exitUnexpected, exitUsage, exitCredentials, exitQuota, exitFailures, exitWorkLeft, exitIncomplete}

// stopCodes are the exit codes of a run that stopped.
var stopCodes = map[stop.Reason]int{stop.Unexpected: exitUnexpected, stop.Setup: exitUsage, stop.Credentials: exitCredentials,
	stop.Quota: exitQuota, stop.Failures: exitFailures, stop.Limit: exitWorkLeft}

// worse returns the code of two that counts.
func worse(a, b int) int {
	for _, code := range gravest {
		if a == code || b == code {
			return code
		}
	}
	return exitOK
}

// exitCode returns the exit code for an error. It is the only place that decides that.
func exitCode(err error) int {
	var several service.Errors
	var code *codeError
	var stopped *stop.Error
	var broken *entry.BrokenError
	var refused *intake.ReplaceError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, queue.ErrBroken), errors.Is(err, queue.ErrReplaced): // whatever other errors follow from it
		return exitUnexpected
	case errors.As(err, &several):
		worst := exitOK
		for _, err := range several {
			worst = worse(worst, exitCode(err))
		}
		return worst
	case errors.As(err, &code):
		return code.code
	case isUsage(err), errors.Is(err, queue.ErrBatchNotFound), errors.Is(err, config.ErrNoProfile):
		return exitUsage
	case isA[*config.TemporaryKeysError](err):
		return exitCredentials
	case errors.Is(err, queue.ErrLocked):
		return exitLocked
	case errors.As(err, &stopped):
		return stopCodes[stopped.Reason]
	case isA[*interrupted](err):
		return exitWorkLeft
	case errors.As(err, &broken):
		return sourcesCode(intake.End{Broken: err, Unread: broken.Unread})
	case errors.As(err, &refused):
		return sourcesCode(intake.End{Broken: err, Unread: refused.Unread})
	case errors.Is(err, context.Canceled):
		return exitWorkLeft
	}
	return exitUnexpected
}

// outcomeCode is the exit code for how work on batches ended. sent says that items may have been sent.
func outcomeCode(out service.Outcome, sent bool) int {
	code := worse(exitCode(out.Err), sourcesCode(out.Sources))
	for _, s := range out.Batches {
		found := s.Audit != nil && s.Audit.Found() > 0
		if found || sent && (s.Failed > 0 || s.InDoubt > 0) || out.Read && s.Rejected > 0 {
			code = worse(code, exitIncomplete)
		}
	}
	return code
}

// readingError returns the exit code and last message of a command that only reads sources.
func readingError(end intake.End, rejected bool) error {
	out := service.Outcome{Sources: end, Read: true, Batches: []service.Status{{}}}
	if rejected {
		out.Batches[0].Rejected = 1
	}
	if code := outcomeCode(out, false); code != exitOK {
		return &codeError{code, sourcesText(end)}
	}
	return nil
}
