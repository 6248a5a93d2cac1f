package service

import (
	"sync"
	"time"

	"airlift/worker"
)

// Host is the process that holds a queue: what the services on that queue share. The zero Host runs nothing.
type Host struct {
	// Events are the latest lines of the process's log.
	Events Events
	mu     sync.Mutex
	run    *Running // guarded by mu
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
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.run = nil
	}
}
