package queue

import (
	"fmt"
	"slices"
)

// State is where an item stands. An item is in exactly one state at any time; the books ([Counts]) add up over them.
//
//	         claim (intent, durable)          2xx with a job id
//	pending ------------------------> sending -----------------> submitted
//	  ^  ^                            |  |  |     400
//	  |  |  proven not accepted       |  |  +------------------> failed -- retry --> pending
//	  |  +----------------------------+  |  outcome unknown, crash
//	  |                                  v
//	  +----- lookup: no such job ---- in_doubt -- lookup: job found --> submitted
//	pending, failed -- cancel --> cancelled -- retry --> pending
//	pending, failed -- withdraw --> cancelled -- a later reading has its object --> pending
//	in_doubt, withdrawn -- lookup: no such job --> cancelled
//	pending, in_doubt, failed, cancelled -- adopt: AiR lists its job --> submitted
//	submitted -- its job id was given for another item too --> in_doubt
type State string

const (
	// Pending waits to be claimed. No job of ours is known to exist.
	Pending State = "pending"
	// Sending is claimed: a POST may be in flight. When a queue is opened, such items become InDoubt.
	Sending State = "sending"
	// InDoubt was or may have been sent, with an unknown outcome. Only a lookup or an adoption resolves it.
	InDoubt State = "in_doubt"
	// Submitted has a job at AiR.
	Submitted State = "submitted"
	// Failed was refused by AiR, cannot be sent, or has no attempts left.
	Failed State = "failed"
	// Cancelled was cancelled by the user; no job of it is known.
	Cancelled State = "cancelled"
)

// States lists every state in the order of an item's life.
var States = [...]State{Pending, Sending, InDoubt, Submitted, Failed, Cancelled}

// ParseState returns the state of that name, or an error which lists the names.
func ParseState(name string) (State, error) {
	for _, s := range States {
		if string(s) == name {
			return s, nil
		}
	}
	return "", fmt.Errorf("unknown state %q: use one of pending, sending, in_doubt, submitted, failed, cancelled", name)
}

// moves lists the changes of state that Claim, Apply and Cancel allow. Withdraw, Restore, Requeue, Recover and Adopt check their own.
var moves = map[State][]State{
	Pending:   {Sending, Cancelled},
	Sending:   {Submitted, Failed, Pending, InDoubt},
	InDoubt:   {Submitted, Failed, Pending, InDoubt},
	Submitted: {InDoubt},
	Failed:    {Pending, Cancelled},
	Cancelled: {Pending},
}

// canMove reports whether an item may go from one state to the other in a single step.
func canMove(from, to State) bool { return slices.Contains(moves[from], to) }

// MayHaveJob reports whether AiR may have a job of the item: it has one, or it was sent and its last answer was no
// refusal. [Record.Sent] also counts what was refused.
func (r Record) MayHaveJob() bool {
	refused := r.HTTPStatus >= 400 && r.HTTPStatus < 500
	return r.Sent && !refused || r.State == Submitted || r.State == Sending || r.State == InDoubt
}

// Claim returns the record of an item that has just been claimed on the given server day (see [Day]).
func Claim(r Record, day Day) (Record, error) {
	if !canMove(r.State, Sending) {
		return r, &TransitionError{From: r.State, To: Sending}
	}
	r.State = Sending
	r.Day = day
	return r, nil
}

// Apply returns the record after the result. An item that
// was withdrawn while in doubt is not sent again: it is cancelled once a lookup finds no job.
func Apply(r Record, res Result) (Record, error) {
	switch {
	case !canMove(r.State, res.To) || res.To == Sending:
		return r, &TransitionError{From: r.State, To: res.To}
	case r.Withdrawn && (res.To == Pending || res.To == Failed):
		r.State = Cancelled
		return r, nil
	case res.To == Submitted && res.JobID == "":
		return r, fmt.Errorf("item %d: submitted without a job id", res.Seq)
	}
	lookup := r.State == InDoubt
	r.State, r.Withdrawn = res.To, r.Withdrawn && res.To == InDoubt
	if res.Attempted {
		r.Attempts++
	}
	r.Sent = r.Sent || res.sent()
	r.JobID = ""
	if res.To == Submitted {
		r.JobID = res.JobID
	}
	if res.isEmpty() {
		return r, nil // keep the last error and its time
	}
	if !lookup || res.To != InDoubt {
		r.At = res.At
	}
	r.HTTPStatus, r.Code, r.Message = res.HTTPStatus, res.Code, res.Message
	return r, nil
}

// sent reports whether the request may have reached AiR.
func (r *Result) sent() bool {
	return r.Sent || r.HTTPStatus != 0 || r.To == InDoubt || r.To == Submitted
}

// isEmpty reports whether the result only makes the item pending again, without an answer to store.
func (r *Result) isEmpty() bool {
	return r.To == Pending && r.Code == "" && r.Message == "" && r.HTTPStatus == 0
}

// Recover returns the record of an item found at open: what was being sent when the process ended is in doubt. The
// crash counts no attempt.
func Recover(r Record) Record {
	if r.State == Sending {
		r.State, r.Sent = InDoubt, true
	}
	return r
}

// Requeue returns the record of a failed or cancelled item that the user retries: a fresh set of attempts, but what was
// ever sent stays marked, for it must be looked up before each further POST.
func Requeue(r Record) (Record, error) {
	if r.State != Failed && r.State != Cancelled {
		return r, &TransitionError{From: r.State, To: Pending}
	}
	r.State, r.Attempts, r.Withdrawn = Pending, 0, false
	return r, nil
}

// Withdraw returns the record of a withdrawn item. Items are withdrawn if their reading was wrong or is replaced. The item
// is cancelled as by [Cancel], until a later reading has its object (see [Restore]). An item in doubt may have a job, so
// it is still looked up, and [Apply] says what follows.
func Withdraw(r Record) (Record, error) {
	switch r.State {
	case Pending, Failed:
		r.State = Cancelled
	case InDoubt:
	default:
		return r, &TransitionError{From: r.State, To: Cancelled}
	}
	r.Withdrawn = true
	return r, nil
}

// Restore returns the record of a withdrawn item whose object a later reading has. An item that was
// ever sent stays marked, as after [Requeue].
func Restore(r Record) (Record, error) {
	switch {
	case r.Withdrawn && r.State == Cancelled:
		return Requeue(r)
	case r.Withdrawn && r.State == InDoubt:
		r.Withdrawn = false
		return r, nil
	}
	return r, &TransitionError{From: r.State, To: Pending}
}

// Cancel returns the record of an item that the user takes out of the work.
func Cancel(r Record) (Record, error) {
	if !canMove(r.State, Cancelled) {
		return r, &TransitionError{From: r.State, To: Cancelled}
	}
	r.State = Cancelled
	return r, nil
}
