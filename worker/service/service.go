package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
)

// Service answers for one open queue. Make one with [New].
type Service struct{ Config }

// Config says which queue a service answers for.
type Config struct {
	Store queue.Store
	// Place is where the queue is, for messages.
	Place string
	// Opened is when Store was opened; now.
	Opened time.Time
	// Account owns the gate and the daily counts.
	Account string
	// Watch, if set, is called beside all work that takes long, until done is closed. now returns how the batches in work
	// stand, nil if that cannot be read.
	Watch func(done <-chan struct{}, now func() []Status)
	Log   zerolog.Logger
}

// New returns a service on a queue.
func New(c Config) *Service {
	if c.Account == "" {
		c.Account = queue.DefaultAccount
	}
	if c.Opened.IsZero() {
		c.Opened = time.Now()
	}
	return &Service{c}
}

// NoBatchError is a [queue.ErrBatchNotFound] that names the batches that the queue has.
type NoBatchError struct {
	ID, Place string
	Have      []string
}

func (e *NoBatchError) Error() string {
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

func (e *NoBatchError) Unwrap() error { return queue.ErrBatchNotFound }

// Batch returns a batch, or a [NoBatchError].
func (s *Service) Batch(ctx context.Context, id string) (queue.Batch, error) {
	b, err := s.Store.Batch(ctx, id)
	if !errors.Is(err, queue.ErrBatchNotFound) {
		return b, err
	}
	all, err := s.Store.Batches(ctx)
	if err != nil {
		return b, err
	}
	missing := &NoBatchError{ID: id, Place: s.Place}
	for _, other := range all {
		missing.Have = append(missing.Have, other.ID)
	}
	return b, missing
}

// Batches returns the named batches or, if none is named, all, oldest first.
func (s *Service) Batches(ctx context.Context, ids ...string) ([]queue.Batch, error) {
	if len(ids) == 0 {
		return s.Store.Batches(ctx)
	}
	var all []queue.Batch
	for _, id := range ids {
		b, err := s.Batch(ctx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}
