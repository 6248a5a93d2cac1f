package service

import (
	"context"
	"errors"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/plan"
)

// newService returns a service on a new queue, whose batch "b" has an item for each key.
func newService(t *testing.T, keys ...string) *Service {
	t.Helper()
	s := newEmpty(t)
	add(t, s, "b", keys...)
	return s
}

// add makes a batch of some keys.
func add(t *testing.T, s *Service, batch string, keys ...string) {
	t.Helper()
	if err := s.c.Store.CreateBatch(t.Context(), queue.Batch{ID: batch, Account: s.c.Account}); err != nil {
		t.Fatal(err)
	}
	addTo(t, s, batch, keys...)
}

func TestAVerbOnABatchThatIsNotThereNamesThoseThatAre(t *testing.T) {
	s := newService(t, "a.mov")
	for name, verb := range map[string]func(context.Context, ChangeRequest) (queue.Changed, error){"retry": s.Retry, "cancel": s.Cancel} {
		_, err := verb(t.Context(), ChangeRequest{Selection: Selection{Batch: "none"}})
		var missing *noBatchError
		if !errors.As(err, &missing) || !errors.Is(err, queue.ErrBatchNotFound) || len(missing.Have) != 1 || missing.Have[0] != "b" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	var missing *ReadingError
	if _, err := s.Cancel(t.Context(), ChangeRequest{Selection: Selection{Batch: "b", Reading: "7"}}); !errors.As(err, &missing) {
		t.Errorf("a reading that is not there: got %v", err)
	}
}

func TestCancelAndRetryASelection(t *testing.T) {
	s := newService(t, "a.mov", "b.mov", "c.wav")
	ctx := t.Context()
	key := func(want string) queue.Filter { return queue.Filter{Key: func(key string) bool { return key == want }} }
	if c, err := s.Cancel(ctx, ChangeRequest{Selection: Selection{Batch: "b", Filter: key("a.mov")}}); err != nil || c.Items != 1 {
		t.Errorf("cancel one: got %+v, %v", c, err)
	}
	if c, err := s.Cancel(ctx, ChangeRequest{Selection: Selection{Batch: "b", Filter: key("none")}}); !errors.Is(err, ErrNoMatch) || c != (queue.Changed{}) {
		t.Errorf("cancel what is not there: got %+v, %v", c, err)
	}
	if c, err := s.Cancel(ctx, ChangeRequest{Selection: Selection{Batch: "b", Reading: "last"}}); err != nil || c.Items != 2 {
		t.Errorf("cancel the reading: got %+v, %v", c, err)
	}
	if c, err := s.Cancel(ctx, ChangeRequest{Selection: Selection{Batch: "b"}}); err != nil || c != (queue.Changed{}) {
		t.Errorf("cancel all of nothing: got %+v, %v", c, err)
	}
	if c, err := s.Retry(ctx, ChangeRequest{Selection: Selection{Batch: "b", Filter: queue.Filter{State: queue.Cancelled}}}); err != nil || c.Items != 3 {
		t.Errorf("retry: got %+v, %v", c, err)
	}
}

// The end of a context is told by its cause.
func TestAVerbThatIsEndedTellsWhy(t *testing.T) {
	s := newService(t, "a.mov")
	why := errors.New("ended by a signal")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := s.Cancel(ctx, ChangeRequest{Selection: Selection{Batch: "b"}}); err != why {
		t.Errorf("got %v, want the cause", err)
	}
}

func TestResumeLiftsWhatIsStored(t *testing.T) {
	s := newService(t)
	ctx := t.Context()
	if was, err := s.Resume(ctx, ResumeRequest{}); err != nil || was.Paused || was.Gate != (queue.Gate{}) || len(was.Still) > 0 {
		t.Errorf("an open gate: got %+v, %v", was, err)
	}
	stop := queue.Gate{Stopped: true, Reason: "quota"}
	if err := s.c.Store.SetGate(ctx, s.c.Account, stop); err != nil {
		t.Fatal(err)
	}
	if was, err := s.Resume(ctx, ResumeRequest{}); err != nil || was.Gate != stop {
		t.Errorf("a stop: got %+v, %v", was, err)
	}
	if a, err := s.Account(ctx, s.c.Account, 0); err != nil || a.Gate != (queue.Gate{}) {
		t.Errorf("afterwards: got %+v, %v", a.Gate, err)
	}
}

// Batches take turns, so the smaller one is done first, by AiR's clock and told by ours.
func TestStatusForecastsBatchesInTurn(t *testing.T) {
	s := newService(t, "a.mov", "b.mov")
	ctx := t.Context()
	add(t, s, "c", "c.mov")
	const skew = 3 * time.Hour
	limits := plan.Limits{Rate: 0.1}
	all, err := s.Status(ctx, StatusQuery{Now: time.Now().Add(skew), Limits: &limits, InTurn: true})
	if err != nil || len(all) != 2 || all[0].ETA == nil || all[1].ETA == nil {
		t.Fatalf("got %+v, %v", all, err)
	}
	if between := all[0].ETA.Sub(*all[1].ETA); between < 9*time.Second || between > 11*time.Second {
		t.Errorf("the first batch ends %v after the second, which is smaller, want 10 s", between)
	}
	if in := time.Until(*all[0].ETA); in > time.Minute {
		t.Errorf("the first batch ends in %v, want 30 s by our clock", in)
	}
	if all[0].State != "idle" || all[0].AssumedRate == nil || all[0].Incomplete {
		t.Errorf("got %+v", all)
	}
}
