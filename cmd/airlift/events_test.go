package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// patience is how long a test waits for an event that must come.
const patience = 60 * time.Second

// tally counts events and lets a test wait for the n-th.
type tally struct {
	mu      sync.Mutex
	n       int                   // guarded by mu
	waiting map[int]chan struct{} // guarded by mu
}

// add books an event and returns its number, from 1.
func (c *tally) add() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	for n, ch := range c.waiting {
		if n <= c.n {
			close(ch)
			delete(c.waiting, n)
		}
	}
	return c.n
}

// reached returns a channel that is closed once n events were booked.
func (c *tally) reached(n int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.waiting[n]
	if ch == nil {
		ch = make(chan struct{})
		if c.waiting == nil {
			c.waiting = map[int]chan struct{}{}
		}
		if c.n >= n {
			close(ch)
			return ch
		}
		c.waiting[n] = ch
	}
	return ch
}

func (c *tally) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// await fails the test unless the event comes.
func await(t testing.TB, event <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-event:
	case <-time.After(patience):
		t.Fatalf("waited %v in vain for %s", patience, what)
	}
}

// eventually is for what announces itself by no event: it looks until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	tooLate := time.After(patience)
	for !holds() {
		select {
		case <-every.C:
		case <-tooLate:
			t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

// awaitStatus waits until `airlift status` shows what is wanted of a run that holds the queue.
func (r *rig) awaitStatus(what string, wanted func(summary) bool) (s summary) {
	r.t.Helper()
	eventually(r.t, "status shows "+what, func() bool {
		got := r.run("status", "--json")
		var all []summary
		if got.code != exit.OK || json.Unmarshal([]byte(got.stdout), &all) != nil {
			return false
		}
		i := slices.IndexFunc(all, wanted)
		if i >= 0 {
			s = all[i]
		}
		return i >= 0
	})
	return s
}

// awaitPause waits until it shows a pause.
func (r *rig) awaitPause() summary {
	r.t.Helper()
	return r.awaitStatus("a pause", func(s summary) bool { return s.State == "paused" })
}

// change changes the server's settings.
func (r *rig) change(f func(*airtest.Settings)) {
	r.t.Helper()
	if err := r.air.Change(f); err != nil {
		r.t.Fatal(err)
	}
}

// requests counts all that has reached the API.
func (r *rig) requests() int { return r.air.Posts() + r.air.Lists() }

// quiet fails the test if f lets a POST reach the server.
func (r *rig) quiet(f func()) {
	r.t.Helper()
	before := r.air.Posts()
	f()
	if sent := r.air.Posts() - before; sent != 0 {
		r.t.Errorf("%d POSTs were sent, want none", sent)
	}
}

// inState returns the rows of the queue's only batch that are in that state.
func (r *rig) inState(state string) []map[string]string {
	r.t.Helper()
	var rows []map[string]string
	for _, row := range r.report(r.status().Batch) {
		if row["state"] == state {
			rows = append(rows, row)
		}
	}
	return rows
}

func isPost(q airtest.Request) bool { return q.Method == http.MethodPost }
