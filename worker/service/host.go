package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"airlift/queue/plan"
	"airlift/worker"
)

// Host is the process that holds a queue: what the services on that queue share. The zero Host runs nothing.
type Host struct {
	// Events are the latest lines of the process's log; nil: they are not kept.
	Events *Events
	// Observer is that of all runs; nil: there is none.
	Observer worker.Observer

	mu sync.Mutex
	// The fields below are guarded by mu.
	run     *Running
	readers map[string]func() // batches that sources are read into, with what lets the run end after that
	held    map[string]*hold  // batches that are not to be worked for now
	actions []*action
	closed  bool // no further action begins

	acting   sync.WaitGroup
	steering sync.Mutex // held from the reading of what operators have set to its application
}

// Running is a run in progress.
type Running struct {
	Pool *worker.Pool
	// Batches are those that the run was started with.
	Batches []string
	// Address is AiR's base URL.
	Address string
	Since   time.Time
}

// hold is why a batch is not worked for now.
type hold struct {
	n      int  // for how many
	worked bool // the run in progress worked it before
}

// ErrBeingRead: sources are being read into the batch already.
var ErrBeingRead = errors.New("sources are being read into this batch already")

// Running returns the run in progress; nil: there is none.
func (h *Host) Running() *Running {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.run
}

// begin records a run, and returns what records its end.
func (h *Host) begin(r Running) (end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.run = &r
	for batch := range h.readers {
		h.readers[batch] = r.Pool.Hold()
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.run = nil
	}
}

// Read records that sources are read into a batch, for which a run waits, and returns what records the end of that. The
// error is [ErrBeingRead] if others read into it.
func (h *Host) Read(batch string) (end func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, is := h.readers[batch]; is {
		return nil, fmt.Errorf("batch %q: %w", batch, ErrBeingRead)
	}
	if h.readers == nil {
		h.readers = map[string]func(){}
	}
	h.readers[batch] = func() {}
	if h.run != nil {
		h.readers[batch] = h.run.Pool.Hold()
	}
	return sync.OnceFunc(func() {
		h.mu.Lock()
		release := h.readers[batch]
		delete(h.readers, batch)
		h.mu.Unlock()
		release()
	}), nil
}

// Join makes the run in progress work a batch too, with the settings that it has now, and reports whether there is a run. A
// batch that is held joins when it is no longer.
func (h *Host) Join(ctx context.Context, batch string) (bool, error) {
	h.mu.Lock()
	r, held := h.run, h.held[batch] != nil
	h.mu.Unlock()
	if r == nil || held {
		return r != nil, nil
	}
	return true, r.Pool.Join(ctx, batch)
}

// Readmit lets a batch join again of which nothing could be sent.
func (h *Host) Readmit(batch string) {
	if r := h.Running(); r != nil {
		r.Pool.Readmit(batch)
	}
}

// Works reports whether the run in progress works a batch.
func (h *Host) Works(batch string) bool {
	r := h.Running()
	return r != nil && slices.Contains(r.Pool.Worked(), batch)
}

// Hold keeps the run in progress from working a batch until release is called as often as Hold was. Then the run works it again, if
// it did before. The run does not end before.
func (h *Host) Hold(batch string) (release func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == nil {
		h.held = map[string]*hold{}
	}
	one := h.held[batch]
	if one == nil {
		one = &hold{}
		h.held[batch] = one
	}
	one.n++
	letEnd := func() {}
	if h.run != nil {
		letEnd = h.run.Pool.Hold()
		one.worked = h.run.Pool.Leave(batch) == nil || one.worked
	}
	return sync.OnceValue(func() error {
		defer letEnd()
		h.mu.Lock()
		one.n--
		last := one.n == 0
		if last {
			delete(h.held, batch)
		}
		h.mu.Unlock()
		if !last || !one.worked {
			return nil
		}
		_, err := h.Join(context.Background(), batch)
		return err
	})
}

// Current returns the status of the given batches, or of all. For batches that the run in progress works it includes the rate and
// forecast of the run; for others a forecast that assumes the given limits, unless that is nil.
func (s *Service) Current(ctx context.Context, assumed *AssumedLimits, ids ...string) ([]Status, error) {
	all, err := s.Status(ctx, StatusQuery{Batches: ids, Limits: assumed.limits()})
	r := s.c.Host.Running()
	if err != nil || r == nil {
		return all, err
	}
	set, run := r.Pool.Limits(), r.Pool.Progress()
	q := StatusQuery{Batches: r.Pool.Worked(), Now: r.Pool.Now(), Run: &run, InTurn: true}
	if !r.Pool.LookupsOnly {
		own := plan.NewLimits(set.Rate, set.DailyLimit)
		q.Limits = &own
	}
	if len(q.Batches) == 0 { // which would be all
		return all, nil
	}
	worked, err := s.Status(ctx, q)
	overlay(all, worked)
	return all, err
}
