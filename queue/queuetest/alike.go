package queuetest

import (
	"strings"

	"airlift/queue"
)

// alikeTests have rows whose objects may be those of unsourced items in another spelling.
var alikeTests = []test{
	{"a row that is like an unsourced object", alikeRejected},
	{"a row that is not like an unsourced object", alikeAdded},
	{"a row with the job name of an unsourced object", alikeByName},
	{"the job id of an unsourced object is given again", contestUnsourced},
}

// named is an unsourced job whose name does not prove its object.
func named(key, name, job string) queue.Adopted {
	a := unsourced(key, job)
	a.Unsourced.Name = name
	return a
}

// wantAlike wants a row rejected that may be of the object of a job: by a trial, by Has, and by Add.
func (f *fixture) wantAlike(row queue.Item, job, object string) {
	f.Helper()
	before := f.counts()
	for _, trial := range []bool{true, false} {
		added, err := f.Add(f.ctx, B, queue.Chunk{Items: []queue.Item{row}, Trial: trial})
		f.ok(err)
		if added.Added+added.Known+added.Duplicates != 0 || len(added.Conflicts) != 1 {
			f.Errorf("trial %t, %q: got %+v, want it rejected", trial, row.Key, added)
			continue
		}
		r := added.Conflicts[0]
		f.same("the row", []any{r.Line, r.Bucket, r.Key}, []any{row.Line, row.Bucket, row.Key})
		for _, want := range []string{job, object, "batch of its own"} {
			if !strings.Contains(r.Reason, want) {
				f.Errorf("%q: the reason lacks %q: %s", row.Key, want, r.Reason)
			}
		}
	}
	has, err := f.Has(f.ctx, B, []queue.Item{row}, false)
	f.ok(err)
	f.same("has", has, []bool{true})
	_, reasons, err := f.Sent(f.ctx, B, []queue.Item{items("unlike anything")[0], row}, false)
	f.ok(err)
	if len(reasons) != 2 || reasons[0] != "" || !strings.Contains(reasons[1], object) {
		f.Errorf("alike: got %q", reasons)
	}
	f.same("counts", f.counts(), before)
}

func alikeRejected(f *fixture) {
	f.add(B, "a")
	f.adoptAll(3, named("caf\u00e9/\u00e9.mov", "one", "j1"), named("lead/b.mov", "two", "j2"), named("with%20space%2B.mov", "three", "j3"))
	rows := []struct{ key, job, object string }{
		{"cafe\u0301/\u00e9.mov", "j1", "caf\u00e9"},
		{"cafe\u0301/e\u0301.mov", "j1", "caf\u00e9"},
		{"Caf\u00e9/\u00c9.MOV", "j1", "caf\u00e9"},
		{"/lead/b.mov", "j2", "lead/b.mov"},
		{"with space+.mov", "j3", "with%20space%2B.mov"},
	}
	for range 2 {
		for _, r := range rows {
			row := items(r.key)[0]
			row.Name = "another name"
			f.wantAlike(row, r.job, r.object)
		}
		f.reopen()
	}
	f.same("as they are listed they are known", f.read("lead/b.mov", "with%20space%2B.mov"), queue.Added{Known: 2})
	// Among others, and twice in a chunk; then a page of jobs is adopted between two chunks.
	f.ok(f.BeginReading(f.ctx, B, false))
	added := f.add(B, "new", "/lead/b.mov", "a", "/lead/b.mov", "newer")
	f.same("rejected", len(added.Conflicts), 2)
	added.Conflicts = nil
	f.same("the others", added, queue.Added{Added: 2, Known: 1})
	f.adoptAll(1, named("Later.mov", "four", "j4"))
	f.wantAlike(items("later.mov")[0], "j4", "Later.mov")
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("rejected in the reading", []int64{b.Reading.Rejected, int64(len(f.rejected()))}, []int64{3, 3})
	f.wantKeys("what is sent", f.claim(9), "a", "new", "newer")
}

// alikeAdded has rows of other objects: the name of the job proves its spelling, or bucket or key are others.
func alikeAdded(f *fixture) {
	own := queue.Item{Bucket: "src", Key: "a/Proven.mov"}
	f.adoptAll(4, unsourced("a/Plain.mov", "j1"), named(own.Key, queue.JobName(B, own), "j2"), named("a/by hand 1-11.mov", "x", "j3"),
		named("a/Version.mov", queue.JobName(B, queue.Item{Bucket: "src", Key: "a/Version.mov", Version: 7}), "j4"))
	other := items("a/by hand 1-11.mov")
	other[0].Bucket = "src2"
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: append(other, items("a/plain.mov", "a/proven.mov", "a/version.mov", "a/by hand 11-1.mov", "a/by hand 111.mov")...)})
	f.ok(err)
	f.same("added", added, queue.Added{Added: 6})
	_, reasons, err := f.Sent(f.ctx, B, other, false)
	f.ok(err)
	f.same("alike", reasons, make([]string, len(other)))
	_, _, err = f.Sent(f.ctx, "none", other, false)
	f.is(err, queue.ErrBatchNotFound)
}

// alikeByName has a row whose object is written in a way that nobody foresaw, but whose job would have the name.
func alikeByName(f *fixture) {
	row := items("Reel \u00e9/clip 1.mov")[0]
	f.adoptAll(2, named("Reel", queue.JobName(B, row), "j1"), named("listed.mov", "My Name", "j2"))
	f.wantAlike(row, "j1", "src/Reel")
	row = items("true.mov")[0]
	for _, name := range []string{"My Name", "my  name", "My+Name"} {
		row.Name = name
		f.wantAlike(row, "j2", "listed.mov")
	}
	row.Name = "My Name 2"
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: []queue.Item{row}})
	f.ok(err)
	f.same("another name", added, queue.Added{Added: 1})
}

// contestUnsourced gives the job id of an unsourced item to another: if it has no job it is cancelled, and pending again
// only once a reading has its object.
func contestUnsourced(f *fixture) {
	f.adoptAll(2, named("gone.mov", "by hand", "x"), named("there.mov", "too", "y"))
	f.read("one", "two")
	got := f.claim(2)
	f.wantClash(f.shared("x", got[0]), "x", false, "one", "gone.mov")
	f.wantClash(f.shared("y", got[1]), "y", false, "two", "there.mov")
	f.sound()
	f.reopen()
	doubts := f.inDoubt(B)
	f.wantKeys("in doubt", doubts, "gone.mov", "there.mov", "one", "two")
	f.finish(doubts[:1], queue.Result{To: queue.Pending, Refund: true})
	f.finish(doubts[1:], queue.Result{To: queue.Submitted})
	f.want(queue.Counts{Submitted: 3, Cancelled: 1})
	n, err := f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{})
	f.ok(err)
	f.same("retried", n, 0)
	f.read("one")
	f.same("nothing to send", len(f.claim(9)), 0)
	f.wantAlike(items("GONE.mov")[0], "cancelled", "gone.mov")
	f.same("its object is read", f.read("gone.mov"), queue.Added{Known: 1, Restored: 1})
	f.wantKeys("then it is sent", f.claim(9), "gone.mov")
}
