package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
)

// Store is all that a service asks of a queue, whichever engine is behind it. What its methods change is durable when
// they return.
type Store interface {
	Batches(ctx context.Context) ([]queue.Batch, error)
	Batch(ctx context.Context, id string) (queue.Batch, error)
	CreateBatch(ctx context.Context, b queue.Batch) error
	SetSettings(ctx context.Context, id string, s queue.Settings) error

	BeginReading(ctx context.Context, id string) error
	Prepare(ctx context.Context, id string, c *queue.Chunk) error
	Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error)
	ResumeReading(ctx context.Context, id string) error
	EndReading(ctx context.Context, id string, complete bool) error
	Marks(ctx context.Context, id string) ([]queue.Mark, error)
	Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error)
	Has(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error)
	Alike(ctx context.Context, id string, items []queue.Item) ([]string, error)
	SentElsewhere(ctx context.Context, notBatch string, items []queue.Item) (string, int, error)
	Sent(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error)

	Claim(ctx context.Context, r queue.ClaimRequest) ([]queue.Claimed, error)
	Finish(ctx context.Context, results []queue.Result) ([]queue.Clash, error)
	Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error)
	InDoubt(ctx context.Context, id string, after int64, max int) ([]queue.Claimed, error)
	Gate(ctx context.Context, account string) (queue.Gate, error)
	SetGate(ctx context.Context, account string, g queue.Gate) error
	Server(ctx context.Context, account string) (queue.Server, error)
	SetServer(ctx context.Context, account string, s queue.Server) error
	SetCapped(ctx context.Context, account string, d queue.Day) error
	Day(ctx context.Context, account string, d queue.Day) (queue.DayCount, error)
	Changed() <-chan struct{}

	Retry(ctx context.Context, id string, from queue.State, f queue.Filter) (int64, error)
	Cancel(ctx context.Context, id string, f queue.Filter) (int64, error)
	Withdraw(ctx context.Context, id string, f queue.Filter) (queue.Withdrawn, error)
	Replace(ctx context.Context, id string) (queue.Withdrawn, error)
	Adopt(ctx context.Context, id string, jobs []queue.Adopted) (int, error)
	BeginAdoption(ctx context.Context, id string) error
	EndAdoption(ctx context.Context, id string, proof bool) error
	Entries(ctx context.Context, id string, f queue.Filter, fn func(*queue.Entry) error) error
	Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error
	Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error
	Check(ctx context.Context, progress func(done, total int64)) (queue.CheckReport, error)
	// CheckPlace returns queue.ErrReplaced if the file at the queue's path is no longer the one that is open.
	CheckPlace() error
	// Close returns queue.ErrReplaced likewise, if CheckPlace has not said so.
	Close() error
}

// Service answers for one open queue. Make one with [New].
type Service struct{ Config }

// Config says which queue a service answers for.
type Config struct {
	Store Store
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
