package service

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
)

// Adder adds to a queue.
type Adder interface {
	Enqueue(ctx context.Context, f Feed) Outcome
	Adopt(ctx context.Context, f Feed, r AuditRequest) Outcome
}

// Worker sends what is in a queue.
type Worker interface {
	Run(ctx context.Context, r RunRequest) Outcome
	Audit(ctx context.Context, r AuditRequest) (*AuditResult, error)
	Retry(ctx context.Context, r ChangeRequest) (queue.Changed, error)
	Cancel(ctx context.Context, r ChangeRequest) (queue.Changed, error)
	Pause(ctx context.Context, r PauseRequest) error
	Resume(ctx context.Context, r ResumeRequest) (Resumed, error)
	Set(ctx context.Context, r SetRequest) (InForce, error)
}

// Inspector shows the items and the status of a queue.
type Inspector interface {
	queue.Reader
	Status(ctx context.Context, q StatusQuery) ([]Status, error)
	Overview(ctx context.Context) (Overview, error)
	Forecast(ctx context.Context, q ForecastQuery) (Forecasts, error)
	Select(ctx context.Context, sel Selection) (queue.Batch, queue.Filter, error)
}

// Queue is what commands ask: a queue that this process holds ([Service]) or another ([Remote]).
type Queue interface {
	Adder
	Worker
	Inspector
	Named(ctx context.Context, ids ...string) ([]queue.Batch, error)
}

// Service is an [Adder], a [Worker] and an [Inspector] on an open queue. Make one with [New].
type Service struct {
	queue.Reader
	c Config
}

var (
	_ Queue = (*Service)(nil)
	_ Queue = (*Remote)(nil)
)

// Config configures a [Service].
type Config struct {
	Store queue.Store
	// Place is where the queue is, for messages.
	Place string
	// Opened is when Store was opened. Default: now.
	Opened time.Time
	// Account owns the gate and the daily counts. Default: that of a batch that names none.
	Account string
	// Watch, if set, runs in a goroutine during Enqueue, Adopt, Run and Audit, and must return soon after done is closed.
	// now returns the status of the batches in work or, with all, of all batches, oldest first; nil if it cannot be read.
	Watch func(done <-chan struct{}, now func(all bool) []Status)
	// OnFed, if set, is called by Run once no more items are added.
	OnFed func()
	// Host is shared by all services on Store. Default: one of this service's own.
	Host *Host
	Log  zerolog.Logger
}

// New returns a service on a queue.
func New(c Config) *Service {
	if c.Account == "" {
		c.Account = queue.Batch{}.AccountName()
	}
	if c.Opened.IsZero() {
		c.Opened = time.Now()
	}
	if c.Host == nil {
		c.Host = &Host{}
	}
	return &Service{c.Store, c}
}

// Batch returns a batch. A [queue.ErrBatchNotFound] names the batches that the queue has.
func (s *Service) Batch(ctx context.Context, id string) (queue.Batch, error) {
	b, err := s.Reader.Batch(ctx, id)
	if !errors.Is(err, queue.ErrBatchNotFound) {
		return b, err
	}
	all, err := s.Batches(ctx)
	if err != nil {
		return b, err
	}
	missing := &noBatchError{ID: id, Place: s.c.Place}
	for _, other := range all {
		missing.Have = append(missing.Have, other.ID)
	}
	return b, missing
}

// Named returns the named batches or, without names, all batches, oldest first.
func (s *Service) Named(ctx context.Context, ids ...string) ([]queue.Batch, error) {
	if len(ids) == 0 {
		return s.Batches(ctx)
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
