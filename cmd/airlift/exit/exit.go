package exit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"airlift/cmd/airlift/config"
	"airlift/manifest/entry"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/worker/service"
	"airlift/worker/stop"
)

// The exit codes. Their numbers do not express severity; see gravest.
const (
	OK          = 0
	Unexpected  = 1
	Usage       = 2
	Quota       = 3
	Incomplete  = 4
	WorkLeft    = 5
	Credentials = 6
	Locked      = 7
	Failures    = 8
	// AtOnce is that of a second signal, as shells give it for SIGINT.
	AtOnce = 130
)

// CodesHelp ends the help of the commands.
const CodesHelp = `
Exit codes:
  0  nothing is left: every item is submitted (or cancelled)
  1  unexpected error: disk, database, network gone, queue file replaced, a source that cannot be read
  2  usage or configuration, or what answers is no AiR API; nothing more was sent
  3  stopped by a 403: AiR's monthly quota, or a proxy or firewall in between
  4  finished, but items failed or are in doubt, rows were rejected, or nothing was found (see --allow-empty)
  5  ended in good order with work left: daily cap, --max-duration, --max-items, --budget, a signal
  6  credentials, access or clock refused (401, 403), or the keys are temporary
  7  another process holds the queue, and cannot be asked
  8  failure limit reached, or too much of the canary sample failed
Several at once: the first of 1, 2, 6, 3, 8, 5, 4.`

// Error carries an exit code with a message that may be empty.
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return e.Text }

// RunAgain ends the text of an [Interrupted], which does not know what is left.
const RunAgain = "; run the same command again"

// Interrupted is the cause of the context's end after a signal.
type Interrupted struct{ Signal os.Signal }

func (e *Interrupted) Error() string {
	return fmt.Sprintf("ended by a signal (%v)", e.Signal) + RunAgain
}

// IsA reports whether an error is or wraps a T.
func IsA[T error](err error) bool {
	_, is := errors.AsType[T](err)
	return is
}

// WithoutSignal returns an error without what a signal added to it.
func WithoutSignal(err error) error {
	several, is := errors.AsType[service.Errors](err)
	if !is {
		if IsA[*Interrupted](err) {
			return nil
		}
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(several), IsA[*Interrupted])
	if len(rest) == 0 {
		return nil
	}
	return rest
}

// Left reports whether batches of an account have unfinished items; "": those of any.
func Left(out service.Outcome, account string) bool {
	return slices.ContainsFunc(out.Batches, func(s service.Status) bool {
		return s.Left() > 0 && (account == "" || s.Account == account)
	})
}

// IsUsage reports whether the user must change something before anything can be done.
func IsUsage(err error) bool {
	return IsA[*config.UsageError](err) || errors.Is(err, entry.ErrUsage) || IsA[*service.NoJobsError](err) || errors.Is(err, service.ErrInvalid)
}

// sourcesCode is the exit code for what went wrong with the sources of a reading.
func sourcesCode(e intake.End) int {
	switch {
	case e.Unread:
		return Unexpected
	case e.Broken != nil, len(e.Empty) > 0:
		return Incomplete
	}
	return OK
}

// SourcesText is the last message for what went wrong with the sources.
func SourcesText(e intake.End) string {
	if e.Broken != nil {
		return intake.BrokenText(e.Broken)
	}
	return strings.Join(e.Empty, "\n")
}

// EndText is the last message for an error that ended work on batches: a line for each account, if there are several.
func EndText(out service.Outcome) string {
	var lines []string
	early := false
	if signal, is := errors.AsType[*Interrupted](out.Err); is {
		lines = append(lines, signal.Error())
	}
	for _, end := range out.Ends {
		switch {
		case end.Err == nil:
			lines = append(lines, fmt.Sprintf("account %s: done", end.Account))
		case !IsA[*Interrupted](end.Err):
			early = true
			lines = append(lines, end.Error())
		}
	}
	if !early {
		return out.Err.Error()
	}
	return strings.Join(lines, "\n")
}

// Reason is why the work on the batches of an account ended, of an outcome with an error; "": they are done.
func Reason(out service.Outcome, account string) string {
	for _, end := range out.Ends {
		if end.Account != account {
			continue
		}
		if end.Err == nil {
			return ""
		}
		return end.Err.Error()
	}
	return out.Err.Error()
}

// gravest lists the exit codes by severity: of several reasons the first is returned.
var gravest = []int{Locked, Unexpected, Usage, Credentials, Quota, Failures, WorkLeft, Incomplete}

// stopCodes are the exit codes of a run that stopped.
var stopCodes = map[stop.Reason]int{stop.Unexpected: Unexpected, stop.Setup: Usage, stop.Credentials: Credentials,
	stop.Quota: Quota, stop.Failures: Failures, stop.Limit: WorkLeft}

// Worse returns the code of two that counts.
func Worse(a, b int) int {
	for _, code := range gravest {
		if a == code || b == code {
			return code
		}
	}
	return OK
}

// Code returns the exit code for an error. [OutcomeCode] adds how the batches stand.
func Code(err error) int {
	var several service.Errors
	var code *Error
	var stopped *stop.Error
	var broken *entry.BrokenError
	var refused *intake.ReplaceError
	switch {
	case err == nil:
		return OK
	case errors.Is(err, queue.ErrBroken), errors.Is(err, queue.ErrReplaced): // whatever other errors follow from it
		return Unexpected
	case errors.As(err, &several):
		worst := OK
		for _, err := range several {
			worst = Worse(worst, Code(err))
		}
		return worst
	case errors.As(err, &code):
		return code.Code
	case IsUsage(err), errors.Is(err, queue.ErrBatchNotFound), errors.Is(err, config.ErrNoProfile):
		return Usage
	case IsA[*config.TemporaryKeysError](err):
		return Credentials
	case errors.Is(err, queue.ErrLocked):
		return Locked
	case errors.As(err, &stopped):
		return stopCodes[stopped.Reason]
	case IsA[*Interrupted](err):
		return WorkLeft
	case errors.As(err, &broken):
		return sourcesCode(intake.End{Broken: err, Unread: broken.Unread})
	case errors.As(err, &refused):
		return sourcesCode(intake.End{Broken: err, Unread: refused.Unread})
	case errors.Is(err, context.Canceled):
		return WorkLeft
	}
	return Unexpected
}

// OutcomeCode is the exit code for how work on batches ended. sent says that items may have been sent.
func OutcomeCode(out service.Outcome, sent bool) int {
	code := Worse(Code(out.Err), sourcesCode(out.Sources))
	for _, s := range out.Batches {
		found := s.Audit != nil && s.Audit.Found() > 0
		if found || sent && (s.Failed > 0 || s.InDoubt > 0) || out.Read && s.Rejected > 0 {
			code = Worse(code, Incomplete)
		}
	}
	return code
}

// ReadingError returns the exit code and last message of a command that only reads sources.
func ReadingError(end intake.End, rejected bool) error {
	out := service.Outcome{Sources: end, Read: true, Batches: []service.Status{{}}}
	if rejected {
		out.Batches[0].Rejected = 1
	}
	if code := OutcomeCode(out, false); code != OK {
		return &Error{code, SourcesText(end)}
	}
	return nil
}
