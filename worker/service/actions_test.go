package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"airlift/queue"
)

// blocked is a queue whose changes wait until the channel is closed, and whose listings wait for the end of their context.
type blocked struct {
	queue.Store
	release chan struct{}
}

func (b blocked) Change(ctx context.Context, id string, c queue.Change) (queue.Changed, error) {
	<-b.release
	return b.Store.Change(ctx, id, c)
}

func (b blocked) Pages(ctx context.Context, _ string, _ queue.Filter, _ func(queue.Page) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// Each action has an id of its own. As long as it runs it is remembered; too many at once are refused, and so are others than
// retry and cancel.
func TestActionsThatRunAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		release := make(chan struct{})
		c := newService(t, "a.mov").c
		c.Store = blocked{c.Store, release}
		s := New(c)
		r := ChangeRequest{Selection: Selection{Batch: "b"}}
		for _, other := range []queue.Action{"", "Cancel", queue.DoReplace} {
			if _, err := s.Start(other, r); !errors.Is(err, ErrInvalid) {
				t.Errorf("%q: got %v", other, err)
			}
		}
		ids := map[string]bool{}
		for range maxActions {
			a, err := s.Start(queue.DoCancel, r)
			if err != nil {
				t.Fatal(err)
			}
			ids[a.ID] = true
		}
		if len(ids) != maxActions {
			t.Errorf("%d actions have %d ids", maxActions, len(ids))
		}
		if _, err := s.Start(queue.DoCancel, r); !errors.Is(err, ErrInvalid) {
			t.Errorf("too many at once: got %v", err)
		}
		for id := range ids {
			if a, known := c.Host.Action(id); !known || a.Done {
				t.Errorf("an action that runs: %+v, %v", a, known)
			}
		}
		close(release)
		synctest.Wait()
		if _, err := s.Start(queue.DoCancel, r); err != nil {
			t.Errorf("after the end of others: %v", err)
		}
		c.Host.Wait()
	})
}

// The end of the holder cuts a dry run short, waits for a change, and lets none begin.
func TestTheEndOfTheHostEndsActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := newService(t, "a.mov").c
		c.Store = blocked{c.Store, release}
		s := New(c)
		s.Reader = c.Store
		r := ChangeRequest{Selection: Selection{Batch: "b"}}
		change, err := s.Start(queue.DoCancel, r)
		r.DryRun = true
		dry, errDry := s.Start(queue.DoCancel, r)
		if err != nil || errDry != nil {
			t.Fatal(err, errDry)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			c.Host.Wait()
		}()
		synctest.Wait()
		if a, _ := c.Host.Action(dry.ID); !a.Done || !errors.Is(a.Err, queue.ErrClosed) {
			t.Errorf("the dry run: %+v", a)
		}
		if _, err := s.Start(queue.DoCancel, r); !errors.Is(err, queue.ErrClosed) {
			t.Errorf("an action after the end: got %v", err)
		}
		select {
		case <-ended:
			t.Error("a change was not waited for")
		default:
		}
		close(release)
		<-ended
		if a, _ := c.Host.Action(change.ID); !a.Done || a.Items != 1 || a.Err != nil {
			t.Errorf("the change: %+v", a)
		}
	})
}
