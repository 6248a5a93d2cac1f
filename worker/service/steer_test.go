package service

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
)

// counting is a queue that counts what is set in it.
type counting struct {
	queue.Store
	sets atomic.Int64
}

func (c *counting) SetControl(ctx context.Context, account string, set queue.Control) error {
	c.sets.Add(1)
	return c.Store.SetControl(ctx, account, set)
}

func (c *counting) SetBatchControl(ctx context.Context, id string, set queue.BatchControl) error {
	c.sets.Add(1)
	return c.Store.SetBatchControl(ctx, id, set)
}

// What an operator sets is stored once for the account and once for the batch, with a run or without one. Showing it, and a
// request that is refused, store nothing.
func TestEachThingSetIsStoredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, airtest.Config{})
		c := newService(t, "a.mov", "b.mov", "c.mov").c
		db := &counting{Store: c.Store}
		c.Store = db
		s := New(c)
		number := func(n int) *int { return &n }
		rate := 0.01
		check := func(when string) {
			t.Helper()
			for name, one := range map[string]struct {
				r    SetRequest
				sets int64
				err  error
			}{
				"all":             {SetRequest{Batch: "b", Share: number(3), Rate: &rate, Workers: number(2)}, 2, nil},
				"a share":         {SetRequest{Batch: "b", Share: number(3)}, 1, nil},
				"nothing":         {SetRequest{Batch: "b"}, 0, nil},
				"a wrong share":   {SetRequest{Batch: "b", Share: number(101), Rate: &rate}, 0, ErrInvalid},
				"no such batch":   {SetRequest{Batch: "none", Share: number(1), Rate: &rate}, 0, queue.ErrBatchNotFound},
				"no workers":      {SetRequest{Workers: number(0)}, 0, ErrInvalid},
				"too many":        {SetRequest{Workers: number(100_000)}, 0, ErrInvalid},
				"a rate of 0":     {SetRequest{Rate: new(float64)}, 0, ErrInvalid},
				"too high a rate": {SetRequest{Rate: new(2e9)}, 0, ErrInvalid},
			} {
				before := db.sets.Load()
				got, err := s.Set(t.Context(), one.r)
				if n := db.sets.Load() - before; n != one.sets || !errors.Is(err, one.err) {
					t.Errorf("%s, %s: stored %d times, %v; want %d, %v", when, name, n, err, one.sets, one.err)
				}
				if name == "all" && (got.Control.Rate != rate || got.Control.Workers != 2 || got.Batch.Share != 3) {
					t.Errorf("%s: set is %+v", when, got)
				}
			}
			if got, err := s.Set(t.Context(), SetRequest{Batch: "b"}); err != nil || got.Control.Workers != 2 || got.Batch.Share != 3 {
				t.Errorf("%s: shown as set is %+v, %v", when, got, err)
			}
		}
		if _, err := s.Set(t.Context(), SetRequest{Batch: "b", Share: number(3), Workers: number(2)}); err != nil {
			t.Fatal(err)
		}
		check("at rest")
		r.pool.Limiter = ratelimit.NewLimiter(0.01, 1)
		ended := make(chan Outcome, 1)
		go func() { ended <- r.run(t.Context(), s) }()
		synctest.Wait()
		if s.c.Host.Running(s.c.Account) == nil {
			t.Fatal("no run")
		}
		check("during a run")
		time.Sleep(time.Hour)
		if out := <-ended; out.Err != nil {
			t.Error(out.Err)
		}
	})
}

// What Resume lifts is what was in force: the reason of a pause that is over is not that of one.
func TestResumeSaysWhatItLifts(t *testing.T) {
	s := newService(t, "a.mov")
	for _, c := range []struct {
		set  queue.BatchControl
		want Resumed
	}{
		{queue.BatchControl{Paused: true, Reason: "disk"}, Resumed{Paused: true, Reason: "disk"}},
		{queue.BatchControl{Paused: true, PausedUntil: time.Now().Add(-time.Second), Reason: "disk"}, Resumed{}},
	} {
		if err := s.c.Store.SetBatchControl(t.Context(), "b", c.set); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Resume(t.Context(), ResumeRequest{Batch: "b"}); err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%+v: got %+v, %v", c.set, got, err)
		}
	}
}

// A batch that several hold is worked again after the last of them, whoever that is.
func TestAHeldBatchIsWorkedAgainAfterTheLastRelease(t *testing.T) {
	for name, order := range map[string][]int{"the first goes first": {0, 1}, "the first goes last": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newRig(t, airtest.Config{}), newService(t, "a.mov", "b.mov", "c.mov")
				r.pool.Limiter = ratelimit.NewLimiter(0.01, 1)
				ended := make(chan Outcome, 1)
				go func() { ended <- r.run(t.Context(), s) }()
				synctest.Wait()
				h := s.c.Host
				if !h.Works(s.c.Account, "b") {
					t.Fatal("the run does not work the batch")
				}
				release := []func() error{h.Hold(s.c.Account, "b"), h.Hold(s.c.Account, "b")}
				for i, one := range order {
					if h.Works(s.c.Account, "b") {
						t.Errorf("it is worked while %d hold it", len(order)-i)
					}
					if err := release[one](); err != nil {
						t.Error(err)
					}
				}
				if !h.Works(s.c.Account, "b") {
					t.Error("it is not worked after the last release")
				}
				time.Sleep(time.Hour)
				if out := <-ended; out.Err != nil || out.Batches[0].Pending > 0 {
					t.Errorf("the run ended with %+v", out)
				}
			})
		})
	}
}
