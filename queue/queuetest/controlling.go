package queuetest

import (
	"math"
	"time"

	"airlift/queue"
)

var controlTests = []test{
	{"control of an account", controls},
	{"control of a batch", batchControls},
	{"claims of so many items of each batch", shares},
}

func (f *fixture) control(account string) queue.Control {
	f.Helper()
	a, err := f.Account(f.ctx, account, today)
	f.ok(err)
	return a.Control
}

// wantControl compares what is stored for an account, its limit by value.
func (f *fixture) wantControl(what, account string, want queue.Control, limit int64) {
	f.Helper()
	got := f.control(account)
	if got.DailyLimit == nil {
		f.Fatalf("%s: no daily limit is set", what)
	}
	f.same(what+": daily limit", *got.DailyLimit, limit)
	got.DailyLimit, want.DailyLimit = nil, nil
	f.same(what, got, want)
}

// controls sets what an operator may set for an account, beside its gate.
func controls(f *fixture) {
	f.same("nothing set", f.control("default"), queue.Control{})
	limit := int64(0)
	c := queue.Control{Paused: true, PausedUntil: noon, Reason: "maintenance", Rate: math.MaxFloat64, Workers: 3, DailyLimit: &limit}
	f.ok(f.SetControl(f.ctx, "default", c))
	limit = 7 // what was given is the caller's
	f.wantControl("set", "default", c, 0)
	*f.control("default").DailyLimit = 8 // and so is what was returned
	gate := queue.Gate{PausedUntil: noon.Add(time.Hour), Reason: "429"}
	f.ok(f.SetGate(f.ctx, "default", gate))
	f.reopen()
	f.wantControl("after reopen", "default", c, 0)
	g, err := f.Gate(f.ctx, "default")
	f.ok(err)
	f.same("the gate is another thing", g, gate)
	f.ok(f.SetGate(f.ctx, "default", queue.Gate{}))
	f.ok(f.SetServer(f.ctx, "default", queue.Server{Address: "https://air.example"}))
	f.wantControl("after the gate was opened", "default", c, 0)
	f.same("another account", f.control("other"), queue.Control{})
	bad := int64(-1)
	for _, c := range []queue.Control{{Rate: -1}, {Rate: math.NaN()}, {Rate: math.Inf(1)}, {Workers: -1}, {DailyLimit: &bad}} {
		if err := f.SetControl(f.ctx, "default", c); err == nil {
			f.Errorf("set %+v: got no error", c)
		}
	}
	if err := f.SetControl(f.ctx, "", queue.Control{}); err == nil {
		f.Error("an account without a name: got no error")
	}
	f.wantControl("after what was refused", "default", c, 0)
	f.ok(f.SetControl(f.ctx, "default", queue.Control{}))
	f.reopen()
	f.same("nothing set again", f.control("default"), queue.Control{})
}

// batchControls sets what an operator may set for a batch, beside its books and settings.
func batchControls(f *fixture) {
	control := func(id string) queue.BatchControl {
		f.Helper()
		b, err := f.Batch(f.ctx, id)
		f.ok(err)
		return b.Control
	}
	c := queue.BatchControl{Share: queue.MaxShare, Paused: true, PausedUntil: noon, Reason: "wait for the others"}
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other", Control: c}))
	f.same("a new batch", control("other"), queue.BatchControl{})
	f.ok(f.SetBatchControl(f.ctx, B, c))
	f.same("set", control(B), c)
	f.ok(f.SetSettings(f.ctx, B, queue.Settings{}))
	f.add(B, "a")
	f.finish(f.claim(1), queue.Result{To: queue.Submitted})
	f.reopen()
	f.same("after reopen", control(B), c)
	f.want(queue.Counts{Submitted: 1})
	all, err := f.Batches(f.ctx)
	f.ok(err)
	f.same("in the list", []queue.BatchControl{all[0].Control, all[1].Control}, []queue.BatchControl{c, {}})
	for _, share := range []int{-1, queue.MaxShare + 1} {
		if err := f.SetBatchControl(f.ctx, B, queue.BatchControl{Share: share}); err == nil {
			f.Errorf("a share of %d: got no error", share)
		}
	}
	f.is(f.SetBatchControl(f.ctx, "none", c), queue.ErrBatchNotFound)
	f.same("after what was refused", control(B), c)
	f.ok(f.SetBatchControl(f.ctx, B, queue.BatchControl{}))
	f.same("nothing set again", control(B), queue.BatchControl{})
}

// shares claims from several batches at once, no more of each than is asked for.
func shares(f *fixture) {
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other"}))
	f.add(B, "a", "b", "c", "d")
	f.add("other", "x", "y")
	claim := func(what string, r queue.ClaimRequest, want ...string) []queue.Claimed {
		f.Helper()
		r.Batches, r.Day = []string{B, "other"}, today
		got, err := f.Claim(f.ctx, r)
		f.ok(err)
		f.wantKeys(what, got, want...)
		return got
	}
	back := claim("one of each", queue.ClaimRequest{Max: 9, Each: []int{1, 1}}, "a", "x")
	f.finish(back, queue.Result{To: queue.Pending, Refund: true})
	claim("no more than in all, what was never claimed first", queue.ClaimRequest{Max: 3, Each: []int{4, 4}}, "b", "c", "d")
	claim("none of the first", queue.ClaimRequest{Max: 9, Each: []int{0, 5}}, "y", "x")
	f.reopen()
	claim("no limit of each", queue.ClaimRequest{Max: 9}, "a")
}
