package queuetest

import (
	"fmt"
	"strings"

	"airlift/queue"
)

var clashTests = []test{
	{"one job id for two answers", clashOfAnswers},
	{"one job id in one call", clashInOneCall},
	{"one job id from a lookup", clashOfLookups},
	{"one job id of an adopted item", clashOfAdoption},
	{"job ids of another batch and of other states", noClash},
}

// shared stores results that name one job id, and returns the clashes.
func (f *fixture) shared(id string, list ...queue.Claimed) []queue.Clash {
	f.Helper()
	all := results(list, queue.Result{To: queue.Submitted, HTTPStatus: 200, Attempted: true})
	for i := range all {
		all[i].JobID = id
	}
	clashes, err := f.Finish(f.ctx, all)
	f.ok(err)
	return clashes
}

// wantClash compares what clashes name, and what is stored of the items.
func (f *fixture) wantClash(got []queue.Clash, id string, final bool, keys ...string) {
	f.Helper()
	var named []string
	for _, c := range got {
		if c.JobID != id || c.Final != final {
			f.Errorf("clash: got id %q, final %t, want %q, %t", c.JobID, c.Final, id, final)
		}
		for _, it := range c.Items {
			named = append(named, it.Key)
			f.same("record of "+it.Key, f.entry(it.Key).Record, it.Record)
			if it.Batch != B || it.State != queue.InDoubt || !it.Sent || it.Code != queue.CodeSameID || it.JobID != "" ||
				it.ContestedID() != id || !strings.Contains(it.Message, "/"+it.Key) {
				f.Errorf("item of a clash: got %+v", it)
			}
		}
	}
	f.same("items of the clashes", named, keys)
}

func clashOfAnswers(f *fixture) {
	for n, id := range []string{"odd id", "0123456789abcdef0123456789abcdef"} {
		name := func(s string) string { return fmt.Sprint(s, n) }
		f.add(B, name("a"), name("b"), name("c"), name("d"))
		got := f.claim(4)
		f.same("clashes of the first", len(f.shared(id, got[0])), 0)
		f.reopen()
		got = f.inDoubt(B) // b, c and d: the process ended
		f.finish(got, queue.Result{To: queue.Pending})
		got = f.claim(2)
		f.wantClash(f.shared(id, got[0]), id, false, name("b"), name("a"))
		f.wantClash(f.shared(id, got[1]), id, false, name("c")) // both others are in doubt for it
		f.sound()
		f.reopen()
		f.wantClash(f.shared(id, f.claim(1)[0]), id, false, name("d"))
		// Lookups: the job is that of b, the others have none.
		for _, c := range f.inDoubt(B) {
			if c.Key == name("b") {
				f.same("clashes of the lookup", len(f.shared(id, c)), 0)
			} else {
				f.finish([]queue.Claimed{c}, queue.Result{To: queue.Pending, Refund: true})
			}
		}
		f.same("b", f.entry(name("b")).JobID, id)
		f.finish(f.claim(9), queue.Result{To: queue.Submitted})
		f.want(queue.Counts{Submitted: int64(4 * (n + 1))})
		day, err := f.Day(f.ctx, queue.DefaultAccount, today)
		f.ok(err)
		f.same("submitted today", day.Submitted, int64(4*(n+1)))
	}
}

func (f *fixture) inDoubt(batch string) []queue.Claimed {
	f.Helper()
	list, err := f.InDoubt(f.ctx, batch, -1, 100)
	f.ok(err)
	return list
}

func clashInOneCall(f *fixture) {
	f.add(B, "a", "b", "c", "d")
	got := f.claim(4)
	f.wantClash(f.shared("x", got[:3]...), "x", false, "b", "a", "c")
	f.want(queue.Counts{InDoubt: 3, Sending: 1})
	f.add(B, "e")
	all := results(got[3:], queue.Result{To: queue.Submitted})
	all[0].JobID = "x"
	claimed, clashes, err := f.Exchange(f.ctx, all, queue.ClaimRequest{Batches: []string{B}, Max: 1, Day: today})
	f.ok(err)
	f.wantKeys("claimed with the clash", claimed, "e")
	f.wantClash(clashes, "x", false, "d")
}

func clashOfLookups(f *fixture) {
	f.add(B, "a", "b")
	got := f.claim(2)
	f.same("clashes", len(f.shared("x", got[0])), 0)
	f.finish(got[1:], queue.Result{To: queue.InDoubt})
	// AiR lists the job for b: then the answer for a was another's.
	f.wantClash(f.shared("x", got[1]), "x", false, "a")
	f.same("b", f.entry("b").JobID, "x")
	f.sound()
	// It lists it for a too: nothing more can be learned.
	f.wantClash(f.shared("x", f.inDoubt(B)[0]), "x", true, "a")
	f.same("b", f.entry("b").JobID, "x")
	f.want(queue.Counts{InDoubt: 1, Submitted: 1})
	f.reopen()
	f.wantClash(f.shared("x", f.inDoubt(B)[0]), "x", true, "a")
	// A lookup that shows another job ends it.
	f.finish(f.inDoubt(B), queue.Result{To: queue.Submitted})
	f.want(queue.Counts{Submitted: 2})
}

func clashOfAdoption(f *fixture) {
	f.add(B, "a", "b", "c")
	n, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 0, JobID: "x", At: noon}})
	f.ok(err)
	f.same("adopted", n, 1)
	n, err = f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 1, JobID: "x", At: noon, Day: today}})
	f.ok(err)
	f.same("adopted", n, 1)
	f.same("the item that the list shows", f.entry("b").JobID, "x")
	a := f.inDoubt(B)
	f.wantKeys("the other", a, "a")
	f.same("it is in doubt for the id", a[0].ContestedID(), "x")
	f.sound()
	f.finish(a, queue.Result{To: queue.Pending, Refund: true})
	f.sound()
	f.finish(f.claim(1), queue.Result{To: queue.Submitted}) // c
	f.finish(f.claim(1), queue.Result{To: queue.Submitted}) // a
	f.want(queue.Counts{Submitted: 3})
	f.add(B, "d", "e")
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 3, JobID: "y"}, {Seq: 4, JobID: "y"}}); err == nil {
		f.Error("a list with one id for two items: got no error")
	}
	f.want(queue.Counts{Submitted: 3, Pending: 2})
}

func noClash(f *fixture) {
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other", Account: "default"}))
	f.add(B, "a", "b", "c")
	f.add("other", "a")
	got := f.claim(3)
	other, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{"other"}, Max: 1, Day: today})
	f.ok(err)
	f.same("clashes", len(f.shared("x", got[0])), 0)
	f.same("clashes with another batch", len(f.shared("x", other...)), 0)
	// The id of a result that is stored as in doubt or failed is none.
	_, err = f.Finish(f.ctx, []queue.Result{{Batch: B, Seq: 1, To: queue.Failed, JobID: "x", Code: "c"}, {Batch: B, Seq: 2, To: queue.InDoubt, JobID: "x"}})
	f.ok(err)
	f.want(queue.Counts{Submitted: 1, Failed: 1, InDoubt: 1})
}
