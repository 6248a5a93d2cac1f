package queuetest

import (
	"slices"

	"airlift/queue"
)

var claimTests = []test{
	{"claims of given items", claimsOfGivenItems},
	{"claims of given items among others", claimsOfGivenAmongOthers},
}

// only claims up to n of the items with these numbers, and fails the test unless it gets those with the keys.
func (f *fixture) only(what string, n int, seqs []uint64, want ...string) []queue.Claimed {
	f.Helper()
	got, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Only: [][]uint64{seqs}, Max: n, Day: today})
	f.ok(err)
	f.wantKeys(what, got, want...)
	return got
}

// claimsOfGivenItems claims items out of their order; each is handed out once, and the others come in order all the same.
func claimsOfGivenItems(f *fixture) {
	f.add(B, "a", "b", "c", "d", "e", "f")
	first := f.only("in the order given, each once", 9, []uint64{4, 1, 4, 99}, "e", "b")
	f.want(queue.Counts{Pending: 4, Sending: 2})
	f.only("what is being sent", 9, []uint64{4, 1})
	f.only("none", 9, []uint64{})
	f.finish(first[:1], queue.Result{To: queue.Submitted, JobID: "job-e", Sent: true, HTTPStatus: 200})
	f.finish(first[1:], queue.Result{To: queue.Pending, Refund: true})
	f.reopen()
	f.only("one that is pending again", 9, []uint64{4, 1, 0}, "b", "a")
	f.wantKeys("the others in order", f.claim(9), "c", "d", "f")
	f.want(queue.Counts{Submitted: 1, InDoubt: 0, Sending: 5})
	f.reopen()
	f.want(queue.Counts{Submitted: 1, InDoubt: 5})
}

// claimsOfGivenAmongOthers claims given items of one batch and any of another, within the most of each and of all.
func claimsOfGivenAmongOthers(f *fixture) {
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other"}))
	f.add(B, "a", "b", "c", "d")
	f.add("other", "x", "y")
	r := queue.ClaimRequest{Batches: []string{B, "other"}, Only: [][]uint64{{3, 2, 1}, nil}, Each: []int{2, 1}, Max: 9, Day: today}
	got, err := f.Claim(f.ctx, r)
	f.ok(err)
	f.wantKeys("of both", got, "d", "c", "x")
	r.Max, r.DailyLimit = 1, 4
	got, err = f.Claim(f.ctx, r)
	f.ok(err)
	f.wantKeys("of the first", got, "b")
	_, err = f.Claim(f.ctx, r)
	f.is(err, queue.ErrDailyLimit)
	// What was cancelled, failed or adopted before its turn is passed over like what was claimed before its turn.
	_, err = f.Change(f.ctx, B, queue.Change{Do: queue.DoCancel, Filter: queue.Filter{Key: func(key string) bool { return slices.Contains([]string{"a"}, key) }}})
	f.ok(err)
	f.add(B, "e")
	f.only("what is cancelled", 9, []uint64{0})
	f.wantKeys("the rest", f.claim(9), "e")
	f.want(queue.Counts{Sending: 4, Cancelled: 1})
}
