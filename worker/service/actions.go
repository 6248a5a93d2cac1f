package service

import (
	"context"
	"slices"
	"strconv"
	"time"

	"airlift/queue"
)

// maxActions is how many bulk actions a host remembers.
const maxActions = 100

// Action is a bulk change of items that runs in its host, whoever asked for it.
type Action struct {
	ID    string    `json:"id"`
	Verb  string    `json:"verb"` // retry or cancel
	Batch string    `json:"batch"`
	Began time.Time `json:"began"`
	Done  bool      `json:"done"`
	// Items and InDoubt count what was changed so far or, of a dry run, would be.
	Items   int64 `json:"items"`
	InDoubt int64 `json:"in_doubt"`
	// Err is why it ended early.
	Err error `json:"-"`
}

// Start begins a bulk change, and returns its first state. It goes on if the caller leaves.
func (s *Service) Start(verb string, r ChangeRequest) Action {
	h := s.c.Host
	h.mu.Lock()
	a := &Action{ID: strconv.FormatInt(time.Now().UnixNano(), 36), Verb: verb, Batch: r.Batch, Began: time.Now().UTC()}
	if n := len(h.actions); n >= maxActions {
		h.actions = slices.Delete(h.actions, 0, n-maxActions+1)
	}
	h.actions = append(h.actions, a)
	first := *a
	h.mu.Unlock()
	do := s.Retry
	if verb == string(queue.DoCancel) {
		do = s.Cancel
	}
	h.acting.Go(func() {
		changed, err := do(context.Background(), r)
		h.mu.Lock()
		defer h.mu.Unlock()
		a.Items, a.InDoubt, a.Err, a.Done = changed.Items, changed.InDoubt, err, true
	})
	return first
}

// Action returns how a bulk change stands, and whether the host knows it.
func (h *Host) Action(id string) (Action, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.actions {
		if a.ID == id {
			return *a, true
		}
	}
	return Action{}, false
}
