package notify

import (
	"errors"
	"strings"
	"time"

	"airlift/worker/service"
	"airlift/worker/stop"
)

// End is how a command has ended.
type End struct {
	// Outcome is that of its run; Err says why the work is not done.
	service.Outcome
	// Code is the exit code; Text is the last message, which says what to do.
	Code int
	Text string
}

// End tells how the command has ended. last is the queue as it is now; nil: it cannot be read.
func (w *Watcher) End(last *service.Overview, e End) {
	o := &service.Overview{Time: time.Now().UTC()}
	if last != nil {
		o = last
	}
	kind := stopKind(e.Err)
	if kind == AccountStopped { // told below, with what to do
		for _, seen := range w.accounts {
			seen.stopped = true
		}
	}
	if last != nil {
		w.Look(o)
	}
	if e.Err != nil {
		w.tellStop(o, kind, e)
	}
	for i := range e.Batches {
		w.tellEnd(o, e, &e.Batches[i])
	}
}

// stopKind returns the kind of event that an error is, which ended a run.
func stopKind(err error) Kind {
	if stopped, ok := errors.AsType[*stop.Error](err); ok {
		switch stopped.Reason {
		case stop.Failures:
			return FailureLimit
		case stop.Credentials, stop.Quota:
			return AccountStopped
		}
	}
	return Stopped
}

// tellStop tells why the work is not done.
func (w *Watcher) tellStop(o *service.Overview, kind Kind, e End) {
	told := Event{Event: kind, Reason: e.Err.Error(), NextStep: nextStep(e), ExitCode: &e.Code}
	if len(e.Batches) == 1 {
		told.Batch = e.Batches[0].Batch
	}
	w.tell(o, told)
}

// nextStep returns what the last message says beside the reason.
func nextStep(e End) string {
	if more, ok := strings.CutPrefix(e.Text, e.Err.Error()); ok {
		return strings.TrimLeft(more, "; \n")
	}
	return e.Text
}

// tellEnd tells of a batch what was not told while it was sent.
func (w *Watcher) tellEnd(o *service.Overview, e End, s *service.Status) {
	seen := w.batches[s.Batch]
	if seen == nil {
		seen = &batchSeen{}
	}
	if e.Read && !seen.toldRejected {
		w.tellRejects(o, s, seen)
	}
	if s.InDoubt > 0 && e.Err == nil && !seen.toldDoubts {
		w.tellDoubts(o, s, seen)
	}
	// That a run of one batch has ended well is told although it had nothing to do: others watch that it runs at all.
	if e.Err == nil && s.Left() == 0 && s.Items > 0 && !seen.told && len(e.Batches) == 1 {
		w.tellFinished(o, s, seen)
	}
}
