package queuetest

import (
	"slices"
	"strings"

	"airlift/queue"
)

var withdrawTests = []test{
	{"withdraw a reading", withdrawReading},
	{"replace what a reading lacks", replaceEarlier},
	{"what is in doubt is not sent again once withdrawn", withdrawInDoubt},
	{"withdrawn versions", withdrawVersions},
	{"replace many", replaceMany},
	{"replace wants a whole reading", replaceWhole},
}

// read adds the keys in a reading of their own.
func (f *fixture) read(keys ...string) queue.Added {
	f.Helper()
	f.ok(f.BeginReading(f.ctx, B, false))
	added := f.add(B, keys...)
	f.ok(f.EndReading(f.ctx, B, true))
	return added
}

// stateOf tells the keys of the items in a state.
func (f *fixture) stateOf(s queue.State) (keys []string) {
	f.Helper()
	for _, e := range f.entries(B, queue.Filter{State: s}) {
		keys = append(keys, e.Key)
	}
	return keys
}

func (f *fixture) span(reading string) *queue.Span {
	f.Helper()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	span, err := b.Span(reading)
	f.ok(err)
	return &span
}

func withdrawReading(f *fixture) {
	f.read("a", "b")
	f.read("x", "y", "b", "z")
	f.read("a", "x") // adds nothing, so it is not the last that did
	f.reopen()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("who added them", []int64{b.AddedBy(0), b.AddedBy(1), b.AddedBy(2), b.AddedBy(4)}, []int64{1, 1, 2, 2})
	f.same("the spans", []queue.Span{*f.span("1"), *f.span("2"), *f.span(queue.LastReading)}, []queue.Span{{To: 2}, {From: 2, To: 5}, {From: 2, To: 5}})
	if _, err := b.Span("3"); err == nil || !strings.Contains(err.Error(), "1, 2") {
		f.Errorf("a reading that added nothing: got %v, want an error that names the others", err)
	}
	got := f.claim(3) // a, b, x
	f.finish(got, queue.Result{To: queue.Failed, Code: "BAD", HTTPStatus: 400})
	withdraw := func(filter queue.Filter, want queue.Changed) {
		f.Helper()
		w, err := f.Withdraw(f.ctx, B, filter)
		f.ok(err)
		f.same("withdrawn", w, want)
		f.sound()
	}
	withdraw(queue.Filter{Span: f.span("2"), Code: "BAD"}, queue.Changed{Items: 1})
	withdraw(queue.Filter{Span: f.span("2")}, queue.Changed{Items: 2})
	withdraw(queue.Filter{Span: f.span("2")}, queue.Changed{})
	f.same("cancelled", f.stateOf(queue.Cancelled), []string{"x", "y", "z"})
	f.same("nothing to send", len(f.claim(9)), 0)
	f.reopen()
	added := f.read("y", "x", "y", "new")
	f.same("read again", added, queue.Added{Added: 1, Known: 2, Duplicates: 1, Restored: 2})
	f.same("pending again", f.stateOf(queue.Pending), []string{"x", "y", "new"})
	f.same("x stays marked as sent", []bool{f.entry("x").Sent, f.entry("y").Sent}, []bool{true, false})
	f.same("and once more", f.read("y", "x"), queue.Added{Known: 2})
	n, err := f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{})
	f.ok(err)
	f.same("retried", n, 1)
	n, err = f.Cancel(f.ctx, B, queue.Filter{Key: suffix("z")})
	f.ok(err)
	f.same("cancelled by the user", n, 1)
	f.same("a reading does not undo that", f.read("z"), queue.Added{Known: 1})
	f.same("cancelled", f.stateOf(queue.Cancelled), []string{"z"})
	if _, err := f.Withdraw(f.ctx, B, queue.Filter{State: queue.Submitted}); err == nil {
		f.Error("withdraw what is submitted: got no error")
	}
}

func replaceEarlier(f *fixture) {
	f.read("sent", "wrong/1", "both", "wrong/2", "user")
	f.finish(f.claim(1), queue.Result{To: queue.Submitted})
	f.finish(f.claim(1), queue.Result{To: queue.Failed, Code: "BAD", HTTPStatus: 400})
	_, err := f.Cancel(f.ctx, B, queue.Filter{Key: suffix("user")})
	f.ok(err)
	replace := func(want queue.Changed) {
		f.Helper()
		w, err := f.Replace(f.ctx, B)
		f.ok(err)
		f.same("replaced", w, want)
		b, err := f.Batch(f.ctx, B)
		f.ok(err)
		f.same("in the reading", b.Reading.Withdrawn, want.Items+want.InDoubt)
		f.sound()
	}
	f.read("both", "right")
	replace(queue.Changed{Items: 2, Accepted: 1})
	f.same("pending", f.stateOf(queue.Pending), []string{"both", "right"})
	f.same("cancelled", f.stateOf(queue.Cancelled), []string{"wrong/1", "wrong/2", "user"})
	f.reopen()
	f.same("the first reading again", f.read("sent", "wrong/1", "wrong/2", "user"), queue.Added{Known: 4, Restored: 2})
	replace(queue.Changed{Items: 2})
	f.same("pending then", f.stateOf(queue.Pending), []string{"wrong/1", "wrong/2"})
	f.same("a refused item is looked up first", f.entry("wrong/1").Sent, true)
	f.same("the submitted stay", f.stateOf(queue.Submitted), []string{"sent"})
	other := items("wrong/1")
	other[0].Own.Priority = 3
	f.ok(f.BeginReading(f.ctx, B, false))
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: other})
	f.ok(err)
	f.same("other fields", len(added.Conflicts), 1)
	f.ok(f.EndReading(f.ctx, B, true))
	replace(queue.Changed{Items: 2, Accepted: 1})
	f.same("none of it is sent with the former fields", len(f.claim(9)), 0)
}

func withdrawInDoubt(f *fixture) {
	f.read("gone", "there", "back", "again")
	got := f.claim(4)
	f.finish(got, queue.Result{To: queue.InDoubt, Sent: true})
	f.read("other")
	w, err := f.Replace(f.ctx, B)
	f.ok(err)
	f.same("replaced", w, queue.Changed{InDoubt: 4})
	f.want(queue.Counts{InDoubt: 4, Pending: 1})
	f.reopen()
	f.same("one is read again", f.read("back"), queue.Added{Known: 1, Restored: 1})
	doubts, err := f.InDoubt(f.ctx, B, -1, 10)
	f.ok(err)
	f.finish(doubts[3:], queue.Result{To: queue.InDoubt}) // a lookup that found nothing out
	f.finish(slices.Clone(doubts[:1]), queue.Result{To: queue.Pending})
	f.finish(doubts[1:2], queue.Result{To: queue.Submitted})
	f.finish(doubts[2:3], queue.Result{To: queue.Pending})
	f.finish(doubts[3:], queue.Result{To: queue.Failed, Code: "ATTEMPTS"})
	f.same("cancelled, for they have no job", f.stateOf(queue.Cancelled), []string{"gone", "again"})
	f.same("submitted, for it has one", f.stateOf(queue.Submitted), []string{"there"})
	f.same("pending", f.stateOf(queue.Pending), []string{"back", "other"})
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	f.same("no errors", len(b.Errors), 0)
	n, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 0, JobID: "j", At: noon, Day: today}})
	f.ok(err)
	f.same("adopted all the same", n, 1)
}

// withdrawVersions has objects with several items: a row has them all.
func withdrawVersions(f *fixture) {
	f.night(row("a", 1), row("b", 1))
	f.submitAll()
	f.night(row("a", 2), row("b", 2))
	f.same("a is read", f.read("a"), queue.Added{Known: 1})
	w, err := f.Replace(f.ctx, B)
	f.ok(err)
	f.same("replaced", w, queue.Changed{Items: 1, Accepted: 1})
	f.same("cancelled", f.stateOf(queue.Cancelled), []string{"b"})
	f.sound()
	f.reopen()
	f.same("b is read again", f.read("b"), queue.Added{Known: 1, Restored: 1})
	f.same("sent", f.submitAll(), []string{"a/2", "b/2"})
}

// replaceMany takes more items than one commit holds, and ends in the middle.
func replaceMany(f *fixture) {
	const n = 12_000
	all := keys(2 * n)
	f.read(all[:n]...)
	f.finish(f.claim(100), queue.Result{To: queue.Failed, Code: "A"})
	f.read(append(all[n:2*n:2*n], all[:10]...)...)
	w, err := f.Replace(f.ctx, B)
	f.ok(err)
	f.same("replaced", w, queue.Changed{Items: n - 10})
	f.want(queue.Counts{Pending: n, Failed: 10, Cancelled: n - 10})
	f.same("all is read", f.read(all...), queue.Added{Known: 2 * n, Restored: n - 10})
	f.want(queue.Counts{Pending: 2*n - 10, Failed: 10})
}

func replaceWhole(f *fixture) {
	refused := func(what string) {
		f.Helper()
		if w, err := f.Replace(f.ctx, B); err == nil || w != (queue.Changed{}) {
			f.Errorf("%s: got %+v, %v, want an error", what, w, err)
		}
		f.want(queue.Counts{Pending: 2})
	}
	f.read("a", "b")
	f.reopen()
	refused("read by another process")
	f.ok(f.BeginReading(f.ctx, B, false))
	f.add(B, "a")
	refused("not ended")
	f.ok(f.EndReading(f.ctx, B, false))
	refused("broken off")
	f.reopen()
	f.ok(f.BeginReading(f.ctx, B, true))
	f.add(B, "b")
	f.ok(f.EndReading(f.ctx, B, true))
	refused("begun by another process")
}
