package queue

import "fmt"

// Action is what a user can do to items.
type Action string

const (
	// DoRetry makes failed items (or those of Filter.State, failed or cancelled) pending again, with a full set
	// of attempts. A withdrawn item that is unsourced stays cancelled until a reading has its object.
	DoRetry Action = "retry"
	// DoCancel cancels pending and failed items (or those of Filter.State, one of the two).
	DoCancel Action = "cancel"
	// DoWithdraw cancels like DoCancel until a later reading has the objects again; items in doubt are cancelled if
	// a lookup finds no job. See [Withdraw].
	DoWithdraw Action = "withdraw"
	// DoReplace withdraws the items that the latest reading does not have. That reading must be complete and begun
	// by this process. Rejected rows do not count as read; a row counts for all versions of its object. The filter is
	// ignored.
	DoReplace Action = "replace"
)

// Change says what to do to which items.
type Change struct {
	Do Action
	Filter
	// By says who asks for it, as [Event.By]. Default: [ByReplace] for DoReplace, else [ByHand].
	By string
	// Progress, if not nil, is called after each step that is stored, with what has been changed so far. It must return soon.
	Progress func(Changed)
}

// Stored adds a step that is stored to what had been changed before it, and tells Progress.
func (c Change) Stored(before, step Changed) Changed {
	before.Items, before.InDoubt = before.Items+step.Items, before.InDoubt+step.InDoubt
	if c.Progress != nil {
		c.Progress(before)
	}
	return before
}

// Changed counts the items of a [Change]. Items were made pending or cancelled. InDoubt are withdrawn, were sent
// with an unknown outcome, and are cancelled only if a lookup finds no job. Accepted, which DoReplace alone counts, have
// jobs at AiR already and stay as they are.
type Changed struct{ Items, InDoubt, Accepted int64 }

// verbs gives for each action its words in messages and the states that it changes.
var verbs = map[Action]struct {
	past, states string
	from         []State
	event        EventKind
}{
	DoRetry:    {"retried", "failed and cancelled", []State{Failed, Cancelled}, Retried},
	DoCancel:   {"cancelled", "pending and failed", []State{Pending, Failed}, Dropped},
	DoWithdraw: {"cancelled", "pending, failed and in_doubt", []State{Pending, Failed, InDoubt}, Revoked},
	DoReplace:  {"cancelled", "pending, failed and in_doubt", []State{Pending, Failed, InDoubt}, Revoked},
}

// Step returns the step of an item by the change.
func (c Change) Step(seq uint64, before Record) (s Step, err error) {
	s = Step{Seq: seq, Before: before, Kind: verbs[c.Do].event, By: c.By}
	if s.By == "" {
		s.By = ByHand
		if c.Do == DoReplace {
			s.By = ByReplace
		}
	}
	s.After, err = c.Apply(before)
	return s, err
}

// From returns the states in which the action changes items, or an error that says why it changes none.
func (c Change) From() ([]State, error) {
	verb, known := verbs[c.Do]
	switch {
	case !known:
		return nil, fmt.Errorf("unknown change %q", c.Do)
	case c.State == "" && c.Do == DoRetry:
		return []State{Failed}, nil
	case c.State == "":
		return verb.from, nil
	}
	for _, s := range verb.from {
		if s == c.State {
			return []State{s}, nil
		}
	}
	return nil, fmt.Errorf("%s: items that are %s cannot be %s, only %s ones", c.Do, c.State, verb.past, verb.states)
}

// Takes reports whether the change applies to an item that is in one of the states of From.
func (c Change) Takes(e *Entry) bool {
	if c.Do == DoRetry && e.Unsourced && e.Withdrawn || e.State == InDoubt && e.Withdrawn {
		return false
	}
	return c.Match(e)
}

// Apply returns the record of an item after the change.
func (c Change) Apply(r Record) (Record, error) {
	switch c.Do {
	case DoRetry:
		return Requeue(r)
	case DoCancel:
		return Cancel(r)
	}
	return Withdraw(r)
}

// Filter selects items. The zero Filter selects all.
type Filter struct {
	// State, if not empty, selects the items in that state.
	State State
	// Code, if not empty, selects the items whose last answer has this code.
	Code string
	// Key, if not nil, selects the items for whose key it returns true.
	Key func(key string) bool
	// Span, if not nil, selects the items that one reading added.
	Span *Span
}

// Match reports whether the filter selects the entry.
func (f Filter) Match(e *Entry) bool {
	return (f.State == "" || f.State == e.State) && (f.Code == "" || f.Code == e.Code) && (f.Key == nil || f.Key(e.Key)) &&
		(f.Span == nil || f.Span.Has(e.Seq))
}
