package service

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/stop"
)

// statusOfFirst returns what returns the status of the first batch.
func statusOfFirst(t *testing.T, s *Service) func() Status {
	limits := plan.NewLimits(rate.Inf, 0)
	return func() Status {
		t.Helper()
		all, err := s.Status(t.Context(), StatusQuery{Limits: &limits})
		if err != nil {
			t.Fatal(err)
		}
		return all[0]
	}
}

// mustNot returns what ends the test at an error.
func mustNot(t *testing.T) func(error) {
	return func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A forecast at rest assumes what operators have set, and a batch that is paused by hand has none until it is resumed.
func TestForecastOfWhatIsSet(t *testing.T) {
	s := newService(t, "a.mov", "b.mov")
	ctx := t.Context()
	status, set := statusOfFirst(t, s), mustNot(t)
	if got := status(); *got.AssumedRate != UnlimitedRate || got.PerDay != nil || got.ETA == nil {
		t.Errorf("nothing is set: %+v", got)
	}
	one := int64(1)
	set(s.c.Store.SetControl(ctx, s.c.Account, queue.Control{Rate: 2, DailyLimit: &one}))
	if got := status(); *got.AssumedRate != 2 || got.PerDay == nil || *got.PerDay != 1 || time.Until(*got.ETA) > 25*time.Hour {
		t.Errorf("rate and daily limit are set: %+v", got)
	}
	if o := overview(t, s); o.Account.DailyLimit == nil || *o.Account.DailyLimit != 1 {
		t.Errorf("the overview has the daily limit %v", o.Account.DailyLimit)
	}
}

// There is no forecast beyond a pause that only an operator ends.
func TestForecastOfAPauseByHand(t *testing.T) {
	s := newService(t, "a.mov", "b.mov")
	ctx := t.Context()
	status := statusOfFirst(t, s)
	set := mustNot(t)
	set(s.c.Store.SetBatchControl(ctx, "b", queue.BatchControl{Paused: true}))
	if got := status(); got.ETA != nil || !got.ByHand {
		t.Errorf("the batch is paused: %+v", got)
	}
	set(s.c.Store.SetBatchControl(ctx, "b", queue.BatchControl{}))
	set(s.c.Store.SetControl(ctx, s.c.Account, queue.Control{Paused: true, Reason: "disk"}))
	if got := status(); got.ETA != nil || !got.ByHand || got.State != "paused" || got.Reason != "disk" || got.PausedUntil != nil {
		t.Errorf("the account is paused: %+v", got)
	}
	until := time.Now().Add(time.Hour)
	set(s.c.Store.SetControl(ctx, s.c.Account, queue.Control{Paused: true, PausedUntil: until}))
	if got := status(); got.ETA == nil || got.ETA.Before(until.Add(-time.Second)) || !got.PausedUntil.Equal(until) {
		t.Errorf("the account is paused until %v: %+v", until, got)
	}
}

// answers is a holder that always answers the same.
type answers struct {
	Holder
	work Work
}

func (a answers) Work(context.Context, WorkRequest) (Work, error) { return a.work, nil }

// Who waits for a holder until a daily cap is not sent away by a pause by hand.
func TestAPauseByHandIsNoCap(t *testing.T) {
	until := time.Now().Add(time.Hour)
	r := RunRequest{Batches: []string{"b"}, Pool: worker.Config{ExitOnCap: true}}
	for _, byHand := range []bool{true, false} {
		h := answers{work: Work{Running: true, Status: Status{Pending: 1, PausedUntil: &until, ByHand: byHand}}}
		left, _, err := NewRemote(Config{}, h).left(t.Context(), r, true)
		if _, ended := errors.AsType[*stop.Error](err); ended == byHand || left != byHand {
			t.Errorf("by hand %v: left %v, %v", byHand, left, err)
		}
	}
}
