package queue

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// EventKind says what happened to an item.
type EventKind string

const (
	// Enqueued: a reading added the item. At is when that reading began.
	Enqueued EventKind = "enqueued"
	// Attempted: a POST ended.
	Attempted EventKind = "attempt"
	// Interrupted: the process that was sending the item ended. At is when the next one opened the queue.
	Interrupted EventKind = "interrupted"
	// LookedUp: AiR's list was searched for the item's job.
	LookedUp EventKind = "lookup"
	// Contested: AiR gave the id of the item's job for another item too.
	Contested EventKind = "contested"
	// Retried, Dropped and Revoked: the user put the item back to pending, cancelled it, or withdrew it until a later reading
	// has its object.
	Retried EventKind = "retried"
	Dropped EventKind = "cancelled"
	Revoked EventKind = "withdrawn"
	// Restored: a later reading has the object of the withdrawn item.
	Restored EventKind = "restored"
	// Found: the item's job was in AiR's list when the batch was adopted. At is when AiR made the job.
	Found EventKind = "adopted"
)

// EventKinds lists the kinds that are stored. Their order is part of the file format: add further ones at the end.
var EventKinds = [...]EventKind{Attempted, Interrupted, LookedUp, Contested, Retried, Dropped, Revoked, Restored, Found}

// Event is one thing that happened to an item. Times are in milliseconds.
type Event struct {
	// At is when it happened; zero: not known.
	At   time.Time `json:"at,omitzero"`
	Kind EventKind `json:"kind"`
	// State is the state that followed.
	State State `json:"state"`
	// Attempt is the number of the attempt since the item was added or last retried; 0 if it does not count as one.
	Attempt int `json:"attempt,omitempty"`
	// HTTPStatus, Code and Message tell of the answer to an attempt, or why the item is in doubt. The message may be shortened.
	HTTPStatus int    `json:"http_status,omitempty"`
	Code       string `json:"code,omitempty"`
	Message    string `json:"message,omitempty"`
	// Duration is how long the request took; 0: not known.
	Duration time.Duration `json:"duration,omitempty"`
	// By says who did it: [ByHand], [ByReplace], or "reading" and its number.
	By string `json:"by,omitempty"`
	// JobID is the job that followed. Only the last event can have it.
	JobID string `json:"job_id,omitempty"`
	// Omitted counts the events before this one that are not kept.
	Omitted int `json:"omitted,omitempty"`
}

// Who changes items, as [Event.By] says it: a command of the user, or a run with --replace.
const (
	ByHand    = "hand"
	ByReplace = "replace"
)

// Of the events of an item, the first firstEvents and the latest lastEvents are kept, with so much of the texts.
const (
	firstEvents, lastEvents = 8, 24
	maxEventMessage         = 200
	maxEventBy              = 64
)

// AddEvent appends an event to those of an item. If they become too many, one from the middle is dropped and counted.
func AddEvent(list []Event, e Event) []Event {
	list = append(list, e)
	if len(list) > firstEvents+lastEvents {
		list[firstEvents+1].Omitted += list[firstEvents].Omitted + 1
		list = slices.Delete(list, firstEvents, firstEvents+1)
	}
	return list
}

// Event returns the event of a step that has a Kind. now is the time of a step without a result.
func (s *Step) Event(now time.Time) Event {
	e := Event{At: now, Kind: s.Kind, State: s.After.State, By: cutText(s.By, maxEventBy)}
	switch {
	case s.Kind == Found:
		e.At = s.After.At
	case s.Result != nil:
		e.At, e.Duration = s.Result.At, wholeMillis(s.Result.Duration)
	}
	if s.Kind == Attempted {
		e.HTTPStatus = s.Result.HTTPStatus
		if s.Result.Attempted {
			e.Attempt = s.After.Attempts
		}
	}
	told := s.Kind == Attempted && !s.Result.isEmpty() || s.Kind == Contested
	if told || s.Kind == LookedUp && s.After.State == InDoubt {
		e.Code, e.Message = s.After.Code, cutText(s.After.Message, maxEventMessage)
	}
	e.At = toMillis(e.At)
	return e
}

// IsPlain reports whether the record after the step tells all of its event: see [EventsOf]. The item has no events yet.
func (s *Step) IsPlain() bool {
	if s.Before.Attempts != 0 || s.Before.Sent || s.Before.answered() {
		return false
	}
	switch s.Kind {
	case Found:
		return s.Before.State == Pending
	case Attempted:
		return s.Result.Attempted && (s.After.State == Failed || s.After.State == Submitted && s.After.HTTPStatus != 0)
	}
	return false
}

// answered reports whether the record tells of an attempt.
func (r *Record) answered() bool {
	return r.HTTPStatus != 0 || r.Code != "" || r.Message != "" || !r.At.IsZero()
}

// EventsOf returns what a record tells of its item: the last attempt and what followed. took is how long that was; 0: not known.
func EventsOf(r Record, took time.Duration) []Event {
	e := Event{At: toMillis(r.At), Kind: Attempted, State: r.State, Attempt: r.Attempts, HTTPStatus: r.HTTPStatus,
		Code: r.Code, Message: cutText(r.Message, maxEventMessage), Duration: took}
	switch r.State {
	case Submitted:
		if r.HTTPStatus == 0 && r.Attempts == 0 {
			e.Kind = Found
		} else if r.HTTPStatus == 0 {
			e.Kind, e.Attempt = LookedUp, 0
		}
	case InDoubt:
		if r.Code == CodeSameID {
			e.Kind, e.Attempt, e.HTTPStatus = Contested, 0, 0
		} else if !r.answered() {
			e.Kind, e.Attempt = Interrupted, 0
		}
	case Cancelled:
		end := Event{Kind: Dropped, State: Cancelled}
		if r.Withdrawn {
			end.Kind = Revoked
		}
		if e.State = Failed; !r.answered() {
			return []Event{end}
		}
		return []Event{e, end}
	case Pending, Sending:
		if e.State = Pending; !r.answered() {
			return nil
		}
	}
	return []Event{e}
}

// Enqueued returns the event of adding an item.
func (b *Batch) Enqueued(seq uint64) Event {
	e := Event{Kind: Enqueued, State: Pending}
	for _, a := range b.Additions {
		if a.First <= seq {
			e.At, e.By = toMillis(a.Started), readingName(a.Reading)
		}
	}
	return e
}

// readingName is what [Event.By] says of a reading.
func readingName(number int64) string { return "reading " + strconv.FormatInt(number, 10) }

// Story returns all events of an item: how it was added, the kept ones, and what its record tells beyond them.
func (b *Batch) Story(it *Item, r Record, took time.Duration, kept []Event) []Event {
	var list []Event
	if !it.Unsourced {
		list = append(list, b.Enqueued(it.Seq))
	}
	list = append(list, kept...)
	state := r.State
	if state == Sending {
		state = Pending // a claim is no event
	}
	if len(kept) == 0 || kept[len(kept)-1].State != state { // or an older airlift has changed it
		list = append(list, EventsOf(r, took)...)
	}
	if n := len(list); n > 0 && r.State == Submitted {
		list[n-1].JobID = r.JobID
	}
	return list
}

// toMillis returns an instant in UTC without what is below a millisecond.
func toMillis(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// wholeMillis rounds up, so that what took any time is not 0.
func wholeMillis(d time.Duration) time.Duration {
	return max(0, d+time.Millisecond-1).Truncate(time.Millisecond)
}

// cutText returns at most so many bytes of a text, whole characters.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
