package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
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
	// Items and InDoubt count what was changed so far or, of a dry run that is done, would be.
	Items   int64 `json:"items"`
	InDoubt int64 `json:"in_doubt"`
	// Err is why it ended early.
	Err error `json:"-"`
}

// action is a bulk change that a host remembers.
type action struct {
	Action
	cut context.CancelCauseFunc // ends a dry run; a change goes on
}

// Start begins a bulk change, [queue.DoRetry] or [queue.DoCancel], and returns its first state. It goes on if the caller
// leaves. The error is [ErrInvalid] for another change or while too many run, and [queue.ErrClosed] once the host ends.
func (s *Service) Start(do queue.Action, r ChangeRequest) (Action, error) {
	var change func(context.Context, ChangeRequest) (queue.Changed, error)
	switch do {
	case queue.DoRetry:
		change = s.Retry
	case queue.DoCancel:
		change = s.Cancel
	default:
		return Action{}, invalid(fmt.Sprintf("%q is no bulk action: there are retry and cancel", do))
	}
	ctx, cut := context.WithCancelCause(context.Background())
	if !r.DryRun {
		ctx = context.WithoutCancel(ctx)
	}
	a := &action{Action{ID: rand.Text(), Verb: string(do), Batch: r.Batch, Began: time.Now().UTC()}, cut}
	h := s.c.Host
	r.Progress = func(c queue.Changed) {
		h.mu.Lock()
		defer h.mu.Unlock()
		a.Items, a.InDoubt = c.Items, c.InDoubt
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.remember(a); err != nil {
		cut(nil)
		return Action{}, err
	}
	h.acting.Go(func() {
		defer cut(nil)
		changed, err := change(ctx, r)
		h.mu.Lock()
		defer h.mu.Unlock()
		a.Items, a.InDoubt, a.Err, a.Done = changed.Items, changed.InDoubt, err, true
	})
	return a.Action, nil
}

// remember adds an action, in place of the oldest that is done if there are too many. The caller holds mu.
func (h *Host) remember(a *action) error {
	if h.closed {
		return queue.ErrClosed
	}
	if len(h.actions) >= maxActions {
		i := slices.IndexFunc(h.actions, func(a *action) bool { return a.Done })
		if i < 0 {
			return invalid(fmt.Sprintf("%d bulk actions are under way already: wait for the end of one", maxActions))
		}
		h.actions = slices.Delete(h.actions, i, i+1)
	}
	h.actions = append(h.actions, a)
	return nil
}

// Wait ends the dry runs among the bulk actions and waits for the others, so that the queue can be closed. After that none begins.
func (h *Host) Wait() {
	h.mu.Lock()
	h.closed = true
	for _, a := range h.actions {
		a.cut(queue.ErrClosed)
	}
	h.mu.Unlock()
	h.acting.Wait()
}

// Action returns how a bulk change stands, and whether the host knows it.
func (h *Host) Action(id string) (Action, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.actions {
		if a.ID == id {
			return a.Action, true
		}
	}
	return Action{}, false
}
