package service

import (
	"context"
	"errors"
	"fmt"

	"airlift/queue"
)

// ErrNoMatch: no item is as the selection asks, which is probably misspelled; nothing was changed.
var ErrNoMatch = errors.New("no item matches")

// ReadingError: the batch knows no such reading.
type ReadingError struct {
	Batch string
	Err   error
}

func (e *ReadingError) Error() string { return fmt.Sprintf("batch %q: %v", e.Batch, e.Err) }

// Selection chooses items of a batch.
type Selection struct {
	Batch string
	queue.Filter
	// Reading, if not empty, takes the items that one reading of the sources added: a number, or last.
	Reading string
}

// Changed counts the items that a verb changed: those done with, and those in doubt that will be cancelled if a lookup
// finds no job.
type Changed struct{ Items, InDoubt int64 }

// Select returns the batch of a selection and the filter of its items.
func (s *Service) Select(ctx context.Context, sel Selection) (queue.Batch, queue.Filter, error) {
	b, err := s.Batch(ctx, sel.Batch)
	if err != nil || sel.Reading == "" {
		return b, sel.Filter, err
	}
	span, err := b.Span(sel.Reading)
	if err != nil {
		return b, sel.Filter, &ReadingError{b.ID, err}
	}
	sel.Span = &span
	return b, sel.Filter, nil
}

// Retry puts the failed items of a selection, or with that State the cancelled ones, back to pending.
func (s *Service) Retry(ctx context.Context, sel Selection) (Changed, error) {
	if sel.State == "" {
		sel.State = queue.Failed
	}
	return s.change(ctx, sel, func(f queue.Filter) (c Changed, err error) {
		c.Items, err = s.Store.Retry(ctx, sel.Batch, f.State, f)
		return c, err
	})
}

// Cancel takes the pending and failed items of a selection out of the work and, if it is a reading, those in doubt for
// which AiR turns out to have no job.
func (s *Service) Cancel(ctx context.Context, sel Selection) (Changed, error) {
	return s.change(ctx, sel, func(f queue.Filter) (c Changed, err error) {
		if f.Span == nil {
			c.Items, err = s.Store.Cancel(ctx, sel.Batch, f)
			return c, err
		}
		w, err := s.Store.Withdraw(ctx, sel.Batch, f)
		return Changed{w.Cancelled, w.InDoubt}, err
	})
}

// change changes the items of a selection, which must be some if it asks for anything.
func (s *Service) change(ctx context.Context, sel Selection, f func(queue.Filter) (Changed, error)) (Changed, error) {
	_, chosen, err := s.Select(ctx, sel)
	if err != nil {
		return Changed{}, err
	}
	c, err := f(chosen)
	if err == nil && c == (Changed{}) && (chosen.Code != "" || chosen.Key != nil || chosen.Span != nil) {
		return c, ErrNoMatch
	}
	return c, err
}

// Resume lifts a stored pause or stop and returns it. The zero Gate says that there was neither.
func (s *Service) Resume(ctx context.Context) (queue.Gate, error) {
	was, err := s.Store.Gate(ctx, s.Account)
	if err != nil || was == (queue.Gate{}) {
		return was, err
	}
	return was, s.Store.SetGate(ctx, s.Account, queue.Gate{})
}
