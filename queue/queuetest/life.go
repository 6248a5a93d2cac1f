package queuetest

import (
	"context"
	"errors"

	"airlift/queue"
)

var lifeTests = []test{
	{"life of an item", life},
	{"unlawful moves", unlawful},
	{"unknown batches", unknown},
	{"recovery of sending", recovery},
	{"doubts", doubts},
	{"order of claims", order},
	{"order of what fails", failing},
	{"order of what fails, over restarts", failingAlone},
	{"results for claims", exchange},
	{"an ended context", ended},
	{"closed", closed},
}

// life takes an item through every state, reopening after each step.
func life(f *fixture) {
	f.add(B, "a")
	step := func(want queue.Record) {
		f.Helper()
		f.same("record", f.entry("a").Record, want)
		f.reopen()
		if want.State == queue.Sending {
			want.State, want.Sent = queue.InDoubt, true
		}
		f.same("record after reopen", f.entry("a").Record, want)
		f.sound()
	}
	step(queue.Record{State: queue.Pending})

	got := f.claim(5)
	f.wantKeys("first claim", got, "a")
	f.same("claimed record", got[0].Record, queue.Record{State: queue.Sending, Day: today})
	f.finish(got, queue.Result{To: queue.Pending, HTTPStatus: 429, Code: "TooMany", Message: "later", Refund: true})
	step(queue.Record{State: queue.Pending, Sent: true, HTTPStatus: 429, Code: "TooMany", Message: "later", At: noon, Day: today})

	got = f.claim(5)
	f.finish(got, queue.Result{To: queue.InDoubt, HTTPStatus: 502, Message: "bad gateway", Attempted: true})
	doubt := queue.Record{State: queue.InDoubt, Sent: true, Attempts: 1, HTTPStatus: 502, Message: "bad gateway", At: noon, Day: today}
	step(doubt)

	list, err := f.InDoubt(f.ctx, B, -1, 10)
	f.ok(err)
	f.wantKeys("in doubt", list, "a")
	f.same("record in doubt", list[0].Record, doubt)
	f.finish(list, queue.Result{To: queue.Pending})
	pending := doubt
	pending.State = queue.Pending
	step(pending)

	got = f.claim(1)
	f.same("a claim of what was sent says so", got[0].Sent, true)
	f.finish(got, queue.Result{To: queue.Failed, HTTPStatus: 400, Code: "Bad", Message: "no", Attempted: true})
	step(queue.Record{State: queue.Failed, Sent: true, Attempts: 2, HTTPStatus: 400, Code: "Bad", Message: "no", At: noon, Day: today})

	n, err := f.Retry(f.ctx, B, queue.Failed, queue.Filter{})
	f.ok(err)
	f.same("retried", n, 1)
	step(queue.Record{State: queue.Pending, Sent: true, HTTPStatus: 400, Code: "Bad", Message: "no", At: noon, Day: today})

	n, err = f.Cancel(f.ctx, B, queue.Filter{})
	f.ok(err)
	f.same("cancelled", n, 1)
	step(queue.Record{State: queue.Cancelled, Sent: true, HTTPStatus: 400, Code: "Bad", Message: "no", At: noon, Day: today})

	n, err = f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{})
	f.ok(err)
	f.same("retried", n, 1)
	f.finish(f.claim(1), queue.Result{To: queue.Submitted, HTTPStatus: 200, Attempted: true})
	step(queue.Record{State: queue.Submitted, Sent: true, Attempts: 1, JobID: jobID(0), HTTPStatus: 200, At: noon, Day: today})
	f.want(queue.Counts{Submitted: 1})
	if got := f.claim(1); len(got) != 0 {
		f.Errorf("claim of a submitted item: got %q", claimedKeys(got))
	}
	for _, id := range []string{"not-hex", "0123456789ABCDEF0123456789ABCDEF", "x"} {
		f.add(B, id)
		got := f.claim(1)
		f.ok(f.store([]queue.Result{{Batch: B, Seq: got[0].Seq, To: queue.Submitted, JobID: id, At: noon}}))
		f.same("job id", f.entry(id).JobID, id)
	}
}

func unlawful(f *fixture) {
	f.add(B, "pending", "sending", "failed", "submitted", "doubt")
	// Claims come in order, so the last ones stay pending.
	got := f.claim(4)
	f.finish(got[1:2], queue.Result{To: queue.Failed, Code: "X"})
	f.finish(got[2:3], queue.Result{To: queue.Submitted})
	f.finish(got[3:4], queue.Result{To: queue.InDoubt})
	before := f.entries(B, queue.Filter{})
	refused := func(what string, res ...queue.Result) {
		f.Helper()
		for i := range res {
			res[i].Batch = B
		}
		if err := f.store(res); err == nil {
			f.Errorf("%s: got no error", what)
		}
	}
	var move *queue.TransitionError
	for _, to := range queue.States {
		for _, seq := range []uint64{1, 2, 4} {
			err := f.store([]queue.Result{{Batch: B, Seq: seq, To: to, JobID: "j"}})
			if !errors.As(err, &move) {
				f.Errorf("item %d to %s: got %v, want a MoveError", seq, to, err)
			}
		}
	}
	refused("submitted without an id", queue.Result{To: queue.Submitted})
	refused("back to sending", queue.Result{To: queue.Sending})
	refused("to cancelled", queue.Result{To: queue.Cancelled})
	refused("an item that is not there", queue.Result{Seq: 99, To: queue.Failed})
	refused("refund of what may be accepted", queue.Result{To: queue.InDoubt, Refund: true})
	refused("one bad among good", queue.Result{To: queue.Failed}, queue.Result{Seq: 3, To: queue.Pending}, queue.Result{Seq: 1, To: queue.Pending})
	refused("twice the same", queue.Result{To: queue.Failed}, queue.Result{To: queue.Failed})
	if _, err := f.Retry(f.ctx, B, queue.Submitted, queue.Filter{}); err == nil {
		f.Error("retry of submitted: got no error")
	}
	if _, err := f.Cancel(f.ctx, B, queue.Filter{State: queue.InDoubt}); err == nil {
		f.Error("cancel of in doubt: got no error")
	}
	f.same("entries after nothing lawful", f.entries(B, queue.Filter{}), before)
	f.want(queue.Counts{Pending: 1, Sending: 1, Failed: 1, Submitted: 1, InDoubt: 1})
}

func unknown(f *fixture) {
	_, err := f.Batch(f.ctx, "none")
	f.is(err, queue.ErrBatchNotFound)
	_, err = f.Add(f.ctx, "none", queue.Chunk{Items: items("a")})
	f.is(err, queue.ErrBatchNotFound)
	_, err = f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B, "none"}, Max: 1})
	f.is(err, queue.ErrBatchNotFound)
	f.is(f.store([]queue.Result{{Batch: "none", To: queue.Failed}}), queue.ErrBatchNotFound)
	f.is(f.BeginReading(f.ctx, "none", false), queue.ErrBatchNotFound)
	f.is(f.SetSettings(f.ctx, "none", queue.Settings{}), queue.ErrBatchNotFound)
	f.is(f.Entries(f.ctx, "none", queue.Filter{}, nil), queue.ErrBatchNotFound)
	_, err = f.Retry(f.ctx, "none", queue.Failed, queue.Filter{})
	f.is(err, queue.ErrBatchNotFound)
	f.is(f.CreateBatch(f.ctx, queue.Batch{ID: B}), queue.ErrBatchExists)
	if err := f.CreateBatch(f.ctx, queue.Batch{ID: ""}); err == nil {
		f.Error("a batch without an id: got no error")
	}
}

// recovery leaves claims behind.
func recovery(f *fixture) {
	f.add(B, "a", "b", "c", "d")
	got := f.claim(3)
	f.finish(got[:1], queue.Result{To: queue.Submitted})
	f.reopen()
	f.want(queue.Counts{Pending: 1, InDoubt: 2, Submitted: 1})
	list, err := f.InDoubt(f.ctx, B, -1, 10)
	f.ok(err)
	f.wantKeys("in doubt", list, "b", "c")
	f.same("record", list[0].Record, queue.Record{State: queue.InDoubt, Sent: true, Day: today})
	f.reopen()
	f.want(queue.Counts{Pending: 1, InDoubt: 2, Submitted: 1})
	f.wantKeys("what may be claimed", f.claim(9), "d")
}

func doubts(f *fixture) {
	all := keys(2500)
	f.add(B, all...)
	f.finish(f.claim(2500), queue.Result{To: queue.InDoubt})
	after, n := int64(-1), 0
	for {
		list, err := f.InDoubt(f.ctx, B, after, 700)
		f.ok(err)
		if len(list) == 0 {
			break
		}
		for _, c := range list {
			if c.Seq != uint64(n) || c.Key != all[n] {
				f.Fatalf("doubt %d: got item %d %q", n, c.Seq, c.Key)
			}
			n++
		}
		after = int64(list[len(list)-1].Seq)
	}
	f.same("doubts", n, 2500)
	list, err := f.InDoubt(f.ctx, B, -1, 5000)
	f.ok(err)
	f.same("doubts at once", len(list), 2500)
	f.finish(list[:1], queue.Result{To: queue.InDoubt, Message: "still"})
	f.same("still in doubt", f.entry(list[0].Key).Message, "still")
}

func order(f *fixture) {
	f.add(B, "a", "b", "c", "d", "e", "f")
	got := f.claim(4)
	f.finish([]queue.Claimed{got[2], got[0]}, queue.Result{To: queue.Pending})
	f.wantKeys("fresh ones first", f.claim(3), "e", "f", "a")
	f.wantKeys("the rest", f.claim(3), "c")
	f.wantKeys("nothing", f.claim(3))
	f.wantKeys("none wanted", f.claim(0))
	f.wantKeys("nor less", f.claim(-1))
}

// failing puts items back that had attempts: those that had none, and then fewer, go before them.
func failing(f *fixture) {
	f.add(B, "a", "b", "c", "d", "e")
	got := f.claim(5)
	back := queue.Result{To: queue.Pending, HTTPStatus: 404, Message: "none of AiR's", Attempted: true, Refund: true}
	f.finish(got[:3], back) // a, b, c
	f.finish(got[3:], queue.Result{To: queue.Pending, Refund: true})
	f.reopen()
	got = f.claim(3)
	f.wantKeys("those without an attempt, then the first", got, "d", "e", "a")
	f.finish(got[2:], back)
	f.reopen()
	f.wantKeys("those with one attempt, then the one with two", f.claim(3), "b", "c", "a")
	f.want(queue.Counts{InDoubt: 2, Sending: 3})
}

// failingAlone claims one item in each of many runs, which always fails: every other item gets its turn all the same.
func failingAlone(f *fixture) {
	const bad, good = 60, 7
	f.add(B, keys(bad+good)...)
	f.finish(f.claim(bad+good), queue.Result{To: queue.Pending, Refund: true})
	tried := map[string]int{}
	for range 2*bad + good {
		f.reopen()
		got := f.claim(1)
		tried[got[0].Key]++
		res := queue.Result{To: queue.Pending, HTTPStatus: 451, Message: "no", Attempted: true, Refund: true}
		if got[0].Seq >= bad {
			res = queue.Result{To: queue.Submitted}
		}
		f.finish(got, res)
	}
	for i, k := range keys(bad + good) {
		if want := map[bool]int{true: 2, false: 1}[i < bad]; tried[k] != want {
			f.Errorf("%s was tried %d times, want %d", k, tried[k], want)
		}
	}
	f.want(queue.Counts{Pending: bad, Submitted: good})
}

// exchange hands in results and claims at once: what the results free may be claimed by the same call.
func exchange(f *fixture) {
	f.add(B, "a", "b", "c", "d")
	req := queue.ClaimRequest{Batches: []string{B}, Holder: "me", Max: 2, Day: today, DailyLimit: 3}
	swap := func(res []queue.Result, want ...string) []queue.Claimed {
		f.Helper()
		got, _, err := f.Exchange(f.ctx, res, req)
		f.ok(err)
		f.wantKeys("claimed", got, want...)
		for _, c := range got {
			f.same("the holder", c.Holder, req.Holder)
		}
		return got
	}
	got := swap(nil, "a", "b")
	late := results(got[1:], queue.Result{To: queue.Submitted})
	got = swap(results(got[:1], queue.Result{To: queue.Pending, Refund: true}), "c", "d")
	f.reopen()
	f.want(queue.Counts{Pending: 1, InDoubt: 3})

	// A refused claim keeps no result from being stored, and a bad result lets nothing be claimed.
	_, _, err := f.Exchange(f.ctx, late, req)
	f.is(err, queue.ErrDailyLimit)
	f.want(queue.Counts{Pending: 1, InDoubt: 2, Submitted: 1})
	req.DailyLimit = 0
	if _, _, err := f.Exchange(f.ctx, late, req); err == nil {
		f.Error("a second result of one item: got no error")
	}
	f.want(queue.Counts{Pending: 1, InDoubt: 2, Submitted: 1})
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	if _, _, err := f.Exchange(ctx, results(got, queue.Result{To: queue.Submitted}), req); err != nil {
		f.Errorf("after the context's end: got %v, want the results stored", err)
	}
	f.want(queue.Counts{Sending: 1, Submitted: 3})
	swap(nil)
	_, _, err = f.Exchange(f.ctx, []queue.Result{{Batch: "none", To: queue.Failed}}, req)
	f.is(err, queue.ErrBatchNotFound)
}

// ended asks with a context that is over: nothing may change, but results are stored.
func ended(f *fixture) {
	f.add(B, "a", "b")
	got := f.claim(1)
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	_, err := f.Claim(ctx, queue.ClaimRequest{Batches: []string{B}, Max: 1, Day: today})
	f.is(err, context.Canceled)
	_, err = f.Add(ctx, B, queue.Chunk{Items: items("c")})
	f.is(err, context.Canceled)
	_, err = f.Finish(ctx, results(got, queue.Result{To: queue.Submitted}))
	f.ok(err)
	f.want(queue.Counts{Pending: 1, Submitted: 1})
	f.same("a chunk that was refused counts once", f.add(B, "c"), queue.Added{Added: 1})
}

func closed(f *fixture) {
	f.add(B, "a")
	e := f.Handle
	f.reopen()
	_, err := e.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Max: 1})
	f.is(err, queue.ErrClosed)
	f.is(e.SetGate(f.ctx, "default", queue.Gate{}), queue.ErrClosed)
	f.is(e.Entries(f.ctx, B, queue.Filter{}, nil), queue.ErrClosed)
}
