package queuetest

import (
	"errors"
	"fmt"

	"airlift/queue"
)

// unsourcedTests adopt jobs of objects that no source shows.
var unsourcedTests = []test{
	{"adopt an object that no source shows", adoptUnsourced},
	{"an unsourced object returns to its source", unsourcedReturns},
	{"an unsourced object returns with other fields", unsourcedConflicts},
	{"an unsourced object returns within a reading", unsourcedWithinReading},
	{"an unsourced object returns changed", unsourcedChanged},
	{"adopt many objects that no source shows", adoptManyUnsourced},
	{"unlawful unsourced adoptions", unsourcedUnlawful},
	{"an adoption that did not end well", adopting},
}

// unsourced is the job of an object that no source shows.
func unsourced(key, job string) queue.Adopted {
	return queue.Adopted{Unsourced: &queue.Item{Bucket: "src", Key: key}, JobID: job, At: noon, Day: today}
}

// adoptAll adopts jobs and wants so many to change something.
func (f *fixture) adoptAll(want int, jobs ...queue.Adopted) {
	f.Helper()
	n, err := f.Adopt(f.ctx, B, jobs)
	f.ok(err)
	f.same("adopted", n, want)
	f.sound()
}

func (f *fixture) unsourcedCount(want int64) {
	f.Helper()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("unsourced", b.Unsourced, want)
}

// adoptUnsourced adopts such a job among others: at once, again, and after the end of the process.
func adoptUnsourced(f *fixture) {
	f.add(B, "a", "b")
	gone := unsourced("gone", "g")
	gone.Unsourced.Name, gone.Unsourced.Line, gone.Unsourced.Version = "by hand", 7, 9
	f.adoptAll(2, queue.Adopted{Seq: 0, JobID: "j", At: noon, Day: today}, gone)
	want := queue.Entry{
		Item:   queue.Item{Seq: 2, Bucket: "src", Key: "gone", Name: "by hand", Unsourced: true},
		Record: queue.Record{State: queue.Submitted, Sent: true, JobID: "g", At: noon, Day: today},
	}
	for range 2 {
		f.same("the item", f.entry("gone"), want)
		f.want(queue.Counts{Submitted: 2, Pending: 1})
		f.unsourcedCount(1)
		f.same("day", f.day("default", today), queue.DayCount{Claimed: 2, Submitted: 2})
		f.adoptAll(0, gone, unsourced("gone", "another"), unsourced("a", "third"))
		f.reopen()
	}
	f.wantKeys("what may still be sent", f.claim(9), "b")
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("the reading's rows are those of sources alone", b.Reading.Rows, 2)
	// A job of an object that the batch has is that item's, and of two for one object the first is taken.
	f.add(B, "c")
	f.adoptAll(2, unsourced("c", "cj"), unsourced("twice", "first"), unsourced("twice", "second"))
	f.same("the known object", f.entry("c").Unsourced, false)
	f.same("the first of two", f.entry("twice").JobID, "first")
	f.unsourcedCount(2)
	f.same("as another batch sees it", mustElsewhere(f, "gone"), 1)
}

func mustElsewhere(f *fixture, key string) int {
	f.Helper()
	_, n, err := queue.SentElsewhere(f.ctx, f, "other", items(key))
	f.ok(err)
	return n
}

// unsourcedReturns reads sources that show the object again: it is known, and not sent.
func unsourcedReturns(f *fixture) {
	f.add(B, "a")
	f.adoptAll(1, unsourced("gone", "g"))
	for i := range 3 {
		f.ok(f.BeginReading(f.ctx, B, false))
		has, err := f.Has(f.ctx, B, items("gone", "new"), false)
		f.ok(err)
		f.same("has", has, []bool{true, false})
		sent, _, err := f.Sent(f.ctx, B, items("gone", "new"), false)
		f.ok(err)
		f.same("sent", sent, []bool{true, false})
		f.same("added", f.add(B, "gone", "a", "gone"), queue.Added{Known: 2, Duplicates: 1})
		f.ok(f.EndReading(f.ctx, B, true))
		if i == 1 {
			f.reopen()
		}
	}
	f.want(queue.Counts{Submitted: 1, Pending: 1})
	f.wantKeys("what is sent", f.claim(9), "a")
}

// unsourcedConflicts reads a row with fields of its own: nothing is known of the row of before, so nothing contradicts it.
func unsourcedConflicts(f *fixture) {
	f.adoptAll(1, unsourced("gone", "g"))
	row := items("gone", "gone")
	row[0].Name, row[0].Own.Priority = "named", 7
	f.ok(f.BeginReading(f.ctx, B, false))
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: row})
	f.ok(err)
	f.same("added", added, queue.Added{Known: 1, Duplicates: 1})
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("rejected", b.Reading.Rejected, 0)
	f.same("own fields", b.Own, queue.OwnCounts{})
}

// unsourcedWithinReading adopts between two chunks of one reading, and in one that goes on after the end of the process.
func unsourcedWithinReading(f *fixture) {
	f.ok(f.BeginReading(f.ctx, B, false))
	f.add(B, "a")
	f.adoptAll(1, unsourced("gone", "g"))
	f.same("in the same process", f.add(B, "b", "gone", "gone"), queue.Added{Added: 1, Known: 1, Duplicates: 1})
	f.adoptAll(1, unsourced("lost", "l"))
	f.reopen()
	f.ok(f.BeginReading(f.ctx, B, true))
	f.same("in the next", f.add(B, "a", "lost"), queue.Added{Known: 1, Duplicates: 1})
	f.want(queue.Counts{Submitted: 2, Pending: 2})
}

// unsourcedChanged asks for changes: nothing is known of the contents that the job has read.
func unsourcedChanged(f *fixture) {
	f.adoptAll(1, unsourced("gone", "g"))
	row := items("gone")
	night := func(c queue.Content, want queue.Added) {
		f.Helper()
		row[0].Content = c
		f.ok(f.BeginReading(f.ctx, B, false))
		added, err := f.Add(f.ctx, B, queue.Chunk{Items: row, Changed: true})
		f.ok(err)
		f.same("added", added, want)
		f.sound()
	}
	night(5, queue.Added{Known: 1, Unsure: 1})
	night(5, queue.Added{Known: 1})
	f.want(queue.Counts{Submitted: 1})
	night(6, queue.Added{Added: 1})
	f.want(queue.Counts{Submitted: 1, Pending: 1})
}

// adoptManyUnsourced adopts in pages, between which the process ends, beside items that are added.
func adoptManyUnsourced(f *fixture) {
	const pages, page = 12, 100
	all := keys(pages * page)
	for p := range pages {
		var jobs []queue.Adopted
		for _, key := range all[p*page : (p+1)*page] {
			jobs = append(jobs, unsourced(key, "job of "+key))
		}
		n, err := f.Adopt(f.ctx, B, jobs)
		f.ok(err)
		f.same("adopted", n, page)
		f.add(B, fmt.Sprint("beside ", p))
		if p%5 == 0 {
			f.reopen()
		}
	}
	f.want(queue.Counts{Submitted: pages * page, Pending: pages})
	f.unsourcedCount(pages * page)
	f.same("added", f.add(B, all...).Known, len(all))
	f.sound()
	f.reopen()
	for _, key := range []string{all[0], all[page], all[len(all)-1]} {
		f.same("job", f.entry(key).JobID, "job of "+key)
	}
	f.same("what is left", len(f.claim(2*len(all))), pages)
}

// unsourcedUnlawful asks for what must not be: nothing may change.
func unsourcedUnlawful(f *fixture) {
	f.add(B, "a")
	f.claim(1)
	good := unsourced("gone", "g")
	var move *queue.TransitionError
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{good, unsourced("a", "x")}); !errors.As(err, &move) {
		f.Errorf("an object whose item is sending: got %v, want a MoveError", err)
	}
	for what, bad := range map[string]queue.Adopted{"no key": unsourced("", "x"), "no job id": unsourced("other", "")} {
		if _, err := f.Adopt(f.ctx, B, []queue.Adopted{good, bad}); err == nil {
			f.Errorf("%s: got no error", what)
		}
	}
	f.want(queue.Counts{Sending: 1})
	f.unsourcedCount(0)
	f.same("added", f.add(B, "gone"), queue.Added{Added: 1})
}

// adopting remembers a begun adoption until one ends well, and whether that had proof.
func adopting(f *fixture) {
	unproven := map[string]bool{}
	is := func(id string, want bool) {
		f.Helper()
		for range 2 {
			b, err := f.Batch(f.ctx, id)
			f.ok(err)
			f.same("adopting and unproven "+id, []bool{b.Adopting, b.Unproven}, []bool{want, unproven[id]})
			f.reopen()
		}
	}
	is(B, false)
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionProven))
	is(B, false)
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionBegun))
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionBegun))
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "new", Adopting: true}))
	is(B, true)
	is("new", true)
	f.adoptAll(1, unsourced("gone", "g"))
	is(B, true)
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionProven))
	is(B, false)
	is("new", true)
	// One without proof is remembered until one with proof ends.
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionBegun))
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionUnproven))
	unproven[B] = true
	is(B, false)
	is("new", true)
	f.add(B, "more")
	f.finish(f.claim(1), queue.Result{To: queue.Submitted})
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionBegun))
	is(B, true)
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionUnproven))
	is(B, false)
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionBegun))
	f.ok(f.SetAdoption(f.ctx, B, queue.AdoptionProven))
	unproven[B] = false
	is(B, false)
	f.is(f.SetAdoption(f.ctx, "none", queue.AdoptionBegun), queue.ErrBatchNotFound)
	f.is(f.SetAdoption(f.ctx, "none", queue.AdoptionProven), queue.ErrBatchNotFound)
}
