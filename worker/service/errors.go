package service

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"airlift/queue"
)

// ErrNoMatch: no item matches the selection, which is probably misspelled. Nothing was changed.
var ErrNoMatch = errors.New("no item matches")

// ReadingError: the batch has no such reading.
type ReadingError struct {
	Batch string
	Err   error
}

func (e *ReadingError) Error() string { return fmt.Sprintf("batch %q: %v", e.Batch, e.Err) }

// noBatchError is a [queue.ErrBatchNotFound] that names the batches that the queue has.
type noBatchError struct {
	ID, Place string
	Have      []string
}

func (e *noBatchError) Error() string {
	text := fmt.Sprintf("the queue at %s has no batch %q: it ", e.Place, e.ID)
	if len(e.Have) == 0 {
		return text + "is empty"
	}
	text += "has"
	for i, id := range e.Have {
		if i == 10 {
			return text + fmt.Sprintf(" and %d more", len(e.Have)-i)
		}
		text += fmt.Sprintf(" %q", id)
	}
	return text
}

func (e *noBatchError) Unwrap() error { return queue.ErrBatchNotFound }

// NoJobsError: AiR lists no job of a batch that the queue does not know, so there is nothing to adopt.
type NoJobsError struct{ Batch string }

func (e *NoJobsError) Error() string {
	return fmt.Sprintf("AiR lists no job of batch %q, and the queue has no such batch, so there is nothing to adopt and nothing was stored: "+
		"check the id (`airlift run` prints it), the URL and the account", e.Batch)
}

// Errors are the errors of a call that ended for more than one reason, the cause first.
type Errors []error

func (e Errors) Error() string {
	var all []string
	for _, err := range e {
		all = append(all, err.Error())
	}
	return strings.Join(all, "\n")
}

// Unwrap returns the errors.
func (e Errors) Unwrap() []error { return e }

// Join returns the error that ended a call and an error of its cleanup, as [Errors] if there are both. Two errors of a broken
// queue are one.
func Join(first, second error) error {
	switch {
	case first == nil:
		return second
	case second == nil, errors.Is(first, queue.ErrBroken) && errors.Is(second, queue.ErrBroken):
		return first
	}
	return Errors{first, second}
}

// causeOf returns the cause of ctx's end in place of an error that follows from it.
func causeOf(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || errors.Is(err, queue.ErrBroken) {
		return err
	}
	return context.Cause(ctx)
}
