package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// accountRig is a service with a batch of 20 items for each of some accounts, each with an AiR of its own.
type accountRig struct {
	*Service
	rigs map[string]*rig
}

func newAccountRig(t *testing.T, configs map[string]airtest.Config) *accountRig {
	t.Helper()
	a := &accountRig{newEmpty(t), map[string]*rig{}}
	for name, c := range configs {
		a.rigs[name] = newRig(t, c)
		a.rigs[name].pool.Limiter = ratelimit.NewLimiter(1, 1)
		if err := a.c.Store.CreateBatch(t.Context(), queue.Batch{ID: "of-" + name, Account: name, Settings: settings}); err != nil {
			t.Fatal(err)
		}
		var keys []string
		for i := range 20 {
			keys = append(keys, fmt.Sprintf("%s-%d.mov", name, i))
		}
		addTo(t, a.Service, "of-"+name, keys...)
	}
	return a
}

// poolOf is that of a request.
func (a *accountRig) poolOf(account string) (worker.Config, error) {
	if r, has := a.rigs[account]; has {
		return r.pool, nil
	}
	return worker.Config{}, fmt.Errorf("%w: no URL for the account %s", ErrInvalid, account)
}

// addTo adds items to a batch.
func addTo(t *testing.T, s *Service, batch string, keys ...string) {
	t.Helper()
	err := s.c.Store.BeginReading(t.Context(), batch, false)
	var c queue.Chunk
	for i, key := range keys {
		c.Items = append(c.Items, queue.Item{Line: int64(i + 1), Bucket: "archive", Key: key})
	}
	if err == nil {
		_, err = s.c.Store.Add(t.Context(), batch, c)
	}
	if err == nil {
		err = s.c.Store.EndReading(t.Context(), batch, true)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// of returns the status of the batch of an account.
func (a *accountRig) of(out Outcome, account string) Status {
	at := slices.IndexFunc(out.Batches, func(s Status) bool { return s.Batch == "of-"+account })
	return out.Batches[at]
}

// oneJobEach checks that no object has several jobs.
func (a *accountRig) oneJobEach(t *testing.T) {
	t.Helper()
	for name, rig := range a.rigs {
		if twice := rig.Duplicates(); len(twice) > 0 {
			t.Errorf("%s: objects with several jobs: %v", name, twice)
		}
	}
}

// What ends the work on one account leaves the others alone, and the outcome tells of each.
func TestAccountsDoNotEndOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		a := newAccountRig(t, map[string]airtest.Config{
			"free": {}, "capped": {Settings: airtest.Settings{DailyCap: 15}}, "stopped": {Settings: airtest.Settings{MonthlyQuota: 5}},
			"refused": {AccessKey: "other", SecretKey: "other"},
		})
		began := time.Now()
		var refused AccountOverview
		look := time.AfterFunc(time.Hour, func() { refused = overview(t, a.Service).Accounts[2] })
		defer look.Stop()
		out := a.Run(t.Context(), RunRequest{PoolOf: a.poolOf})
		if refused.Name != "refused" || refused.State != "stopped" || !strings.Contains(refused.Reason, "credentials") || refused.Run != nil {
			t.Errorf("while others go on the overview has %+v", refused)
		}
		if took := time.Since(began); took < 12*time.Hour || took > 13*time.Hour {
			t.Errorf("it took %v, want until the cap of one account is over", took)
		}
		for name, want := range map[string]int64{"free": 20, "capped": 20, "stopped": 5, "refused": 0} {
			if got := a.of(out, name).Submitted; got != want {
				t.Errorf("%s: %d submitted, want %d", name, got, want)
			}
		}
		a.oneJobEach(t)
		reasons := map[string]stop.Reason{}
		for _, end := range out.Ends {
			if stopped, is := errors.AsType[*stop.Error](end.Err); is {
				reasons[end.Account] = stopped.Reason
			} else if end.Err != nil {
				t.Error(end.Err)
			}
		}
		if len(out.Ends) != 4 || len(reasons) != 2 || reasons["stopped"] != stop.Quota || reasons["refused"] != stop.Credentials {
			t.Errorf("got %v of %v", reasons, out.Ends)
		}
		if text := fmt.Sprint(out.Err); !strings.Contains(text, "account stopped: ") || !strings.Contains(text, "account refused: ") || strings.Contains(text, "free") {
			t.Errorf("the error is %s", text)
		}
		if posts := a.rigs["refused"].Posts(); posts > 1 {
			t.Errorf("%d POSTs with refused keys", posts)
		}
	})
}

// An account without a URL leaves the others alone. A request for it alone fails before anything is sent.
func TestAnAccountThatIsNotSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccountRig(t, map[string]airtest.Config{"a": {}, "b": {}})
		b := a.rigs["b"]
		delete(a.rigs, "b")
		out := a.Run(t.Context(), RunRequest{PoolOf: a.poolOf})
		if !errors.Is(out.Err, ErrInvalid) || a.of(out, "a").Submitted != 20 || a.of(out, "b").Pending != 20 {
			t.Errorf("got %v, %+v", out.Err, out.Batches)
		}
		if out := a.Run(t.Context(), RunRequest{PoolOf: a.poolOf, Batches: []string{"of-b"}}); !errors.Is(out.Err, ErrInvalid) || out.Batches != nil {
			t.Errorf("alone: got %v, %v", out.Err, out.Batches)
		}
		if b.Posts() > 0 {
			t.Error("something was sent")
		}
	})
}

// While others go on, resume begins the work on an account again that was stopped, and nothing else does.
func TestResumeBeginsAnAccountAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, serve := range []bool{false, true} {
			a := newAccountRig(t, map[string]airtest.Config{"a": {}, "b": {Settings: airtest.Settings{MonthlyQuota: 5}}})
			a.rigs["a"].pool.Limiter = ratelimit.NewLimiter(0.01, 1)
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan Outcome, 1)
			go func() {
				ended <- a.Run(ctx, RunRequest{PoolOf: a.poolOf, Serve: serve, Accounts: []string{"a"}})
			}()
			time.Sleep(10 * time.Minute)
			if a.c.Host.Running("b") != nil || a.c.Host.Running("a") == nil {
				t.Fatal("one account works, and the other does not: that is not so")
			}
			posts := a.rigs["b"].Posts()
			if posts != 6 {
				t.Errorf("serve %v: %d POSTs of the stopped account, want the 5 accepted and the refused one", serve, posts)
			}
			o := overview(t, a.Service)
			if len(o.Accounts) != 2 || o.Accounts[0].State != "running" || o.Accounts[1].State != "stopped" || o.Account.Name != "a" {
				t.Errorf("the overview has %+v", o.Accounts)
			}
			if err := a.rigs["b"].Change(func(s *airtest.Settings) { s.MonthlyQuota = 0 }); err != nil {
				t.Fatal(err)
			}
			if was, err := a.Resume(t.Context(), ResumeRequest{Account: "b"}); err != nil || !was.Gate.Stopped {
				t.Errorf("resumed %+v, %v", was, err)
			}
			time.Sleep(time.Hour)
			if serve {
				end()
			}
			out := <-ended
			if err := out.Err; !serve && err != nil || serve && !errors.Is(err, context.Canceled) {
				t.Errorf("serve %v: ended with %v", serve, err)
			}
			if got := a.of(out, "b"); got.Submitted != 20 || len(a.rigs["b"].Duplicates()) > 0 {
				t.Errorf("serve %v: %+v", serve, got)
			}
			end()
		}
	})
}
