package queuetest

import (
	"context"
	"errors"
	"fmt"

	"airlift/queue"
)

var adoptTests = []test{
	{"adopt from every state", adoptStates},
	{"adopt again", adoptAgain},
	{"adopt ahead", adoptAhead},
	{"unlawful adoptions", adoptUnlawful},
	{"days of adopted jobs", adoptDays},
	{"adopt many", adoptMany},
}

// adopt adopts jobs for the items of those numbers and wants so many to change.
func (f *fixture) adopt(want int, seqs ...uint64) {
	f.Helper()
	var jobs []queue.Adopted
	for _, seq := range seqs {
		jobs = append(jobs, queue.Adopted{Seq: seq, JobID: "adopted-" + jobID(seq), At: noon, Day: today})
	}
	n, err := f.Adopt(f.ctx, B, jobs)
	f.ok(err)
	f.same("adopted", n, want)
	f.sound()
}

// adoptStates adopts an item in each state that allows it, and claims what is left.
func adoptStates(f *fixture) {
	f.add(B, "failed", "doubt", "again", "submitted", "cancelled", "retried", "pending", "rest")
	got := f.claim(5)
	f.finish(got[:1], queue.Result{To: queue.Failed, Code: "A", HTTPStatus: 400, Message: "m", Attempted: true, Refund: true})
	f.finish(got[1:2], queue.Result{To: queue.InDoubt, HTTPStatus: 500, Attempted: true})
	f.finish(got[2:3], queue.Result{To: queue.Pending, Refund: true})
	f.finish(got[3:4], queue.Result{To: queue.Submitted})
	f.finish(got[4:], queue.Result{To: queue.Pending, Refund: true})
	is := func(key string) func(string) bool { return func(k string) bool { return k == key } }
	for _, key := range []string{"cancelled", "retried"} {
		_, err := f.Cancel(f.ctx, B, queue.Filter{Key: is(key)})
		f.ok(err)
	}
	_, err := f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{Key: is("retried")})
	f.ok(err)
	f.want(queue.Counts{Failed: 1, InDoubt: 1, Pending: 4, Submitted: 1, Cancelled: 1})

	f.adopt(6, 0, 1, 2, 3, 4, 5, 6)
	f.reopen()
	f.want(queue.Counts{Submitted: 7, Pending: 1})
	for seq, key := range []string{"failed", "doubt", "again", "submitted", "cancelled", "retried", "pending"} {
		want := queue.Record{State: queue.Submitted, Sent: true, JobID: "adopted-" + jobID(uint64(seq)), At: noon, Day: today}
		switch key {
		case "submitted":
			want.JobID = jobID(3) // it keeps its own
		case "failed":
			want.Attempts = 1
		case "doubt":
			want.Attempts = 1
		}
		f.same(key, f.entry(key).Record, want)
	}
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("sums of errors", len(b.Errors), 0)
	list, err := f.InDoubt(f.ctx, B, -1, 9)
	f.ok(err)
	f.same("in doubt", len(list), 0)
	f.wantKeys("what may still be sent", f.claim(9), "rest")
}

// adoptAgain gives the same jobs twice, another job for the same item, and two for one at once.
func adoptAgain(f *fixture) {
	f.add(B, "a", "b", "c")
	f.adopt(2, 0, 1)
	f.adopt(0, 0, 1)
	f.reopen()
	n, err := f.Adopt(f.ctx, B, []queue.Adopted{
		{Seq: 0, JobID: "other"}, {Seq: 2, JobID: "first", At: noon}, {Seq: 2, JobID: "second", At: noon},
	})
	f.ok(err)
	f.same("adopted", n, 1)
	f.same("the job of before", f.entry("a").JobID, "adopted-"+jobID(0))
	f.same("the first of two", f.entry("c").JobID, "first")
	n, err = f.Adopt(f.ctx, B, nil)
	f.ok(err)
	f.same("none", n, 0)
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	if !b.Sent || len(b.Accepted) == 0 {
		f.Errorf("sent %v, accepted %v: want both, for AiR holds jobs", b.Sent, b.Accepted)
	}
	f.finish(f.claim(1), queue.Result{To: queue.Submitted})
}

// adoptAhead adopts items before their turn among others that are cancelled and withdrawn.
func adoptAhead(f *fixture) {
	all := keys(60)
	f.add(B, all...)
	f.claim(3)
	f.adopt(4, 3, 5, 10, 59)
	_, err := f.Cancel(f.ctx, B, queue.Filter{Key: suffix("7.mov")})
	f.ok(err)
	f.adopt(2, 7, 17) // two of the cancelled ones
	f.reopen()
	f.wantKeys("past what is adopted", f.claim(5), all[4], all[6], all[8], all[9], all[11])
	f.adopt(1, 12)
	f.wantKeys("and again", f.claim(2), all[13], all[14])
	n := 0
	for {
		got := f.claim(7)
		if len(got) == 0 {
			break
		}
		n += len(got)
	}
	f.same("the rest", n, 60-3-7-4-5-2) // all but those in doubt, adopted, cancelled, and claimed above
	f.want(queue.Counts{InDoubt: 3, Sending: 46, Submitted: 7, Cancelled: 4})
}

// adoptUnlawful asks for what must not be: nothing may change.
func adoptUnlawful(f *fixture) {
	f.add(B, "a", "b")
	f.claim(1)
	var move *queue.TransitionError
	good := queue.Adopted{Seq: 1, JobID: "j"}
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{good, {Seq: 0, JobID: "j"}}); !errors.As(err, &move) {
		f.Errorf("an item that is sending: got %v, want a MoveError", err)
	}
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{good, {Seq: 2, JobID: "j"}}); err == nil {
		f.Error("an item that is not there: got no error")
	}
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 1}}); err == nil {
		f.Error("no job id: got no error")
	}
	_, err := f.Adopt(f.ctx, "none", []queue.Adopted{good})
	f.is(err, queue.ErrBatchNotFound)
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	_, err = f.Adopt(ctx, B, []queue.Adopted{good})
	f.is(err, context.Canceled)
	f.want(queue.Counts{Sending: 1, Pending: 1})
	f.same("nothing changed", f.entry("b").Record, queue.Record{State: queue.Pending})
}

// adoptDays counts a job against the day on which it was made, once.
func adoptDays(f *fixture) {
	f.add(B, "pending", "doubt", "refunded", "undated")
	got := f.claim(3)
	f.finish(got[1:2], queue.Result{To: queue.InDoubt})
	f.finish([]queue.Claimed{got[0], got[2]}, queue.Result{To: queue.Pending, Refund: true})
	f.same("before", f.day("default", today), queue.DayCount{Claimed: 1})
	n, err := f.Adopt(f.ctx, B, []queue.Adopted{
		{Seq: 0, JobID: "j0", At: noon, Day: today + 1}, {Seq: 1, JobID: "j1", At: noon, Day: today + 1},
		{Seq: 2, JobID: "j2", At: noon, Day: today}, {Seq: 3, JobID: "j3", At: noon},
	})
	f.ok(err)
	f.same("adopted", n, 4)
	f.reopen()
	f.same("the day of the doubt's own claim", f.day("default", today), queue.DayCount{Claimed: 2, Submitted: 2})
	f.same("the day after", f.day("default", today+1), queue.DayCount{Claimed: 1, Submitted: 1})
	f.same("no day", f.day("default", 0), queue.DayCount{})
	f.add(B, "one more")
	_, err = f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Max: 1, Day: today, DailyLimit: 2})
	f.is(err, queue.ErrDailyLimit)
}

// adoptMany adopts in pages, as AiR lists, between which the process ends.
func adoptMany(f *fixture) {
	const n, page = 3000, 100
	f.add(B, keys(n)...)
	for from := 0; from < n; from += 2 * page {
		var jobs []queue.Adopted
		for seq := from; seq < from+page; seq++ {
			jobs = append(jobs, queue.Adopted{Seq: uint64(seq), JobID: fmt.Sprint("j", seq), At: noon, Day: today})
		}
		got, err := f.Adopt(f.ctx, B, jobs)
		f.ok(err)
		f.same("adopted", got, page)
	}
	f.reopen()
	f.want(queue.Counts{Submitted: n / 2, Pending: n / 2})
	for _, c := range f.claim(n) {
		if c.Seq/page%2 == 0 {
			f.Fatalf("item %d was adopted and claimed", c.Seq)
		}
	}
	f.want(queue.Counts{Submitted: n / 2, Sending: n / 2})
}
