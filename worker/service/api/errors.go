package api

import (
	"errors"
	"net/http"

	"airlift/manifest/entry"
	"airlift/queue"
	"airlift/worker/service"
	"airlift/worker/stop"
)

// Error is the error of a call in JSON. Kind is for programs, and Text for people.
type Error struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	// Batch is the batch of a [service.ReadingError].
	Batch string `json:"batch,omitempty"`
	// Count is that of a [service.CountError].
	Count  int64 `json:"count,omitempty"`
	Expect int64 `json:"expect,omitempty"`
	// Reason is that of a [stop.Error].
	Reason stop.Reason `json:"reason,omitempty"`
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the error that the kind stands for, nil if there is none.
func (e *Error) Unwrap() error {
	for _, k := range kinds {
		if k.name == e.Kind {
			return k.err
		}
	}
	return nil
}

// The kinds of errors that stand for no error of the queue.
const (
	kindUsage    = "usage"    // the request is not right
	kindRight    = "right"    // the token gives no right to it
	kindVersion  = "version"  // the versions of client and server differ
	kindReading  = "reading"  // a service.ReadingError
	kindCount    = "count"    // a service.CountError
	kindStop     = "stop"     // a stop.Error: nothing of the batch is sent
	kindInternal = "internal" // anything else
)

// kinds are the errors that keep their identity.
var kinds = []struct {
	name   string
	err    error
	status int
}{
	{"batch_not_found", queue.ErrBatchNotFound, http.StatusNotFound},
	{"batch_exists", queue.ErrBatchExists, http.StatusConflict},
	{"name_fixed", queue.ErrNameFixed, http.StatusConflict},
	{"reading_incomplete", queue.ErrReadingIncomplete, http.StatusConflict},
	{"being_read", service.ErrBeingRead, http.StatusConflict},
	{"no_match", service.ErrNoMatch, http.StatusConflict},
	{kindUsage, service.ErrInvalid, http.StatusBadRequest},
	{kindUsage, entry.ErrUsage, http.StatusBadRequest},
	{"broken", queue.ErrBroken, http.StatusServiceUnavailable},
	{"replaced", queue.ErrReplaced, http.StatusServiceUnavailable},
	{"closed", queue.ErrClosed, http.StatusServiceUnavailable},
}

// encode returns an error as it is sent, with its HTTP status.
func encode(err error) (*Error, int) {
	var sent *Error
	var reading *service.ReadingError
	var count *service.CountError
	var stopped *stop.Error
	switch {
	case errors.As(err, &sent):
		return sent, statusOf(sent.Kind)
	case errors.As(err, &reading):
		return &Error{Kind: kindReading, Text: reading.Err.Error(), Batch: reading.Batch}, statusOf(kindReading)
	case errors.As(err, &count):
		return &Error{Kind: kindCount, Text: count.Error(), Count: count.Count, Expect: count.Expect}, statusOf(kindCount)
	case errors.As(err, &stopped):
		return &Error{Kind: kindStop, Text: stopped.Error(), Reason: stopped.Reason}, statusOf(kindStop)
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return &Error{Kind: k.name, Text: err.Error()}, k.status
		}
	}
	return &Error{Kind: kindInternal, Text: err.Error()}, http.StatusInternalServerError
}

// statusOf returns the HTTP status of a kind of its own.
func statusOf(kind string) int {
	switch kind {
	case kindUsage:
		return http.StatusBadRequest
	case kindRight:
		return http.StatusForbidden
	case kindVersion:
		return http.StatusUpgradeRequired
	case kindReading, kindCount, kindStop:
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// decode returns the error that was sent, with the type that it had.
func (e *Error) decode() error {
	switch e.Kind {
	case kindReading:
		return &service.ReadingError{Batch: e.Batch, Err: errors.New(e.Text)}
	case kindStop:
		return &stop.Error{Reason: e.Reason, Text: e.Text}
	case kindCount:
		return &service.CountError{Count: e.Count, Expect: e.Expect}
	}
	return e
}

// usage returns the error of a request that is not right.
func usage(text string) error { return &Error{Kind: kindUsage, Text: text} }
