package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/service/eventlog"
)

// Host is the process that holds a queue: what the services on that queue share. The zero Host runs nothing.
type Host struct {
	// Events are the latest lines of the process's log; nil: they are not kept.
	Events *eventlog.Log
	// Observer returns that of an account's runs; nil: there is none.
	Observer func(account string) worker.Observer

	mu sync.Mutex
	// The fields below are guarded by mu.
	runs    map[string]*Running // by account
	fleet   *fleet              // begins runs; nil: none begins
	readers map[string]*reader  // of batches that sources are read into
	held    map[string]*hold    // batches that are not to be worked for now
	actions []*action
	closed  bool // no further action begins

	acting   sync.WaitGroup
	steering sync.Mutex // held from the reading of what operators have set to its application
}

// Running is a run in progress, of the batches of one account.
type Running struct {
	Account string
	Pool    *worker.Pool
	// Batches are those that the run was started with.
	Batches []string
	// Address is AiR's base URL.
	Address string
	Since   time.Time
}

// reader is who reads sources into a batch.
type reader struct {
	account string
	letEnd  func() // lets the run of the account end after that
}

// hold is why a batch is not worked for now.
type hold struct {
	n      int  // for how many
	worked bool // the run in progress worked it before
}

// ErrBeingRead: sources are being read into the batch already.
var ErrBeingRead = errors.New("sources are being read into this batch already")

// Running returns the run of an account that is in progress; nil: there is none.
func (h *Host) Running(account string) *Running {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runs[account]
}

// Runs returns the runs in progress, by the name of the account.
func (h *Host) Runs() (all []*Running) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, account := range slices.Sorted(maps.Keys(h.runs)) {
		all = append(all, h.runs[account])
	}
	return all
}

// begin records a run, and returns what records its end.
func (h *Host) begin(r Running) (end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs == nil {
		h.runs = map[string]*Running{}
	}
	h.runs[r.Account] = &r
	for _, one := range h.readers {
		if one.account == r.Account {
			one.letEnd = r.Pool.Hold()
		}
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.runs, r.Account)
	}
}

// follow makes a fleet the one that begins runs, until the function that it returns is called.
func (h *Host) follow(f *fleet) (end func()) {
	set := func(f *fleet) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.fleet = f
	}
	set(f)
	return func() { set(nil) }
}

// beginner returns the fleet that begins runs; nil: none begins.
func (h *Host) beginner() *fleet {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.fleet
}

// Read records that sources are read into a batch, for which the run of its account waits, and returns what records the end of
// that. The error is [ErrBeingRead] if others read into it.
func (h *Host) Read(account, batch string) (end func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, is := h.readers[batch]; is {
		return nil, fmt.Errorf("batch %q: %w", batch, ErrBeingRead)
	}
	if h.readers == nil {
		h.readers = map[string]*reader{}
	}
	one := &reader{account, func() {}}
	h.readers[batch] = one
	if r := h.runs[account]; r != nil {
		one.letEnd = r.Pool.Hold()
	}
	return sync.OnceFunc(func() {
		h.mu.Lock()
		letEnd := one.letEnd
		delete(h.readers, batch)
		h.mu.Unlock()
		letEnd()
	}), nil
}

// Join makes the run of an account work a batch too, with the settings that it has now, and reports whether there is a run: if
// the process works other accounts, one begins. A batch that is held joins when it is no longer. The error is a *stop.Error if
// nothing of the batch can be sent.
func (h *Host) Join(ctx context.Context, account, batch string) (bool, error) {
	h.mu.Lock()
	r, held, fleet := h.runs[account], h.held[batch] != nil, h.fleet
	h.mu.Unlock()
	if r == nil && fleet != nil && !held {
		if begun, err := fleet.join(account); !begun {
			return false, err
		}
		r = h.Running(account)
	}
	if r == nil || held {
		return r != nil, nil
	}
	return true, r.Pool.Join(ctx, batch)
}

// Readmit lets a batch join again of which nothing could be sent, and the run of its account begin again if it has ended.
func (h *Host) Readmit(account, batch string) {
	if r := h.Running(account); r != nil {
		r.Pool.Readmit(batch)
	} else if f := h.beginner(); f != nil {
		f.forget(account)
	}
}

// Works reports whether the run of an account works a batch.
func (h *Host) Works(account, batch string) bool {
	r := h.Running(account)
	return r != nil && slices.Contains(r.Pool.Worked(), batch)
}

// Hold keeps the run of an account from working a batch until release is called as often as Hold was. Then the run works it again, if
// it did before. The run does not end before.
func (h *Host) Hold(account, batch string) (release func() error) {
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
	if r := h.runs[account]; r != nil {
		letEnd = r.Pool.Hold()
		one.worked = r.Pool.Leave(batch) == nil || one.worked
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
		_, err := h.Join(context.Background(), account, batch)
		return err
	})
}

// Current returns the status of the given batches, or of all. For batches that a run works it includes the rate and forecast of
// that run; for others a forecast that assumes the given limits, unless that is nil.
func (s *Service) Current(ctx context.Context, assumed *AssumedLimits, ids ...string) ([]Status, error) {
	all, err := s.Status(ctx, StatusQuery{Batches: ids, Limits: assumed.limits()})
	if err != nil {
		return all, err
	}
	for _, r := range s.c.Host.Runs() {
		worked, err := s.worked(ctx, r, r.Pool.Progress())
		if err != nil {
			return all, err
		}
		overlay(all, worked)
	}
	return all, nil
}

// worked returns the status of the batches that a run works, never nil. p is its progress.
func (s *Service) worked(ctx context.Context, r *Running, p worker.Snapshot) ([]Status, error) {
	q := StatusQuery{Batches: r.Pool.Worked(), Now: r.Pool.Now(), Limits: limitsIn(r.Pool), Run: &p, InTurn: true}
	if len(q.Batches) == 0 { // which would be all
		return []Status{}, nil
	}
	return s.Status(ctx, q)
}

// limitsIn returns the limits in force of a pool, which an operator may have changed; nil: it does not send.
func limitsIn(p *worker.Pool) *plan.Limits {
	if p.LookupsOnly {
		return nil
	}
	l := runLimits(p)
	return &l
}
