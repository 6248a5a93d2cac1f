package queuetest

import (
	"fmt"

	"airlift/queue"
)

var versionTests = []test{
	{"a changed object gets another item", changedGetsAnother},
	{"what was not sent takes the change over", changedBeforeSending},
	{"contents that come and go", changedBack},
	{"contents that are not known", changedUnsure},
	{"changed among many", changedMany},
	{"changed rows that contradict", changedConflict},
	{"a trial stores nothing", trial},
	{"sent in a batch", sentInBatch},
	{"adopt a version", adoptVersion},
}

// content stands for some contents; 0 says nothing.
func content(n int) queue.Content {
	if n == 0 {
		return 0
	}
	return queue.ContentOf(fmt.Sprintf("%032x", n), int64(n), true)
}

// row is an object as a source tells of it.
func row(key string, n int) queue.Item {
	return queue.Item{Line: 2, Bucket: "src", Key: key, Content: content(n)}
}

// night reads the rows with Changed, as a new reading.
func (f *fixture) night(rows ...queue.Item) queue.Added {
	f.Helper()
	f.ok(f.BeginReading(f.ctx, B, false))
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: rows, Changed: true})
	f.ok(err)
	f.ok(f.EndReading(f.ctx, B, true))
	f.sound()
	return added
}

// submitAll sends all that is pending and returns the keys with their versions.
func (f *fixture) submitAll() (sent []string) {
	f.Helper()
	for {
		list := f.claim(100)
		if len(list) == 0 {
			return sent
		}
		for _, c := range list {
			sent = append(sent, name(c.Item))
		}
		f.finish(list, queue.Result{To: queue.Submitted})
	}
}

// name tells an item by its key and by the number of the contents that are its version.
func name(it queue.Item) string {
	for n := range 20 {
		if uint64(content(n)) == it.Version {
			return fmt.Sprintf("%s/%d", it.Key, n)
		}
	}
	return fmt.Sprintf("%s/%x", it.Key, it.Version)
}

func changedGetsAnother(f *fixture) {
	f.same("first night", f.night(row("a", 1), row("b", 1), row("c", 1)), queue.Added{Added: 3})
	f.same("sent", f.submitAll(), []string{"a/0", "b/0", "c/0"})
	f.same("nothing changed", f.night(row("a", 1), row("b", 1), row("c", 1)), queue.Added{Known: 3})
	f.same("b changed, d is new", f.night(row("a", 1), row("b", 2), row("c", 1), row("d", 1), row("b", 2)), queue.Added{Added: 2, Known: 2, Duplicates: 1})
	f.reopen()
	f.same("read again", f.night(row("b", 2), row("b", 3), row("d", 1)), queue.Added{Known: 2, Duplicates: 1})
	f.same("sent then", f.submitAll(), []string{"b/2", "d/0"})
	f.same("b changed again", f.night(row("b", 3)), queue.Added{Added: 1})
	f.same("sent at last", f.submitAll(), []string{"b/3"})
	f.same("all", f.night(row("d", 1), row("c", 1), row("b", 3), row("a", 1)), queue.Added{Known: 4})
	f.want(queue.Counts{Submitted: 6})
	var all []string
	for _, e := range f.entries(B, queue.Filter{}) {
		all = append(all, name(e.Item))
		got, ok, err := f.Find(f.ctx, B, queue.Object{Bucket: e.Bucket, Key: e.Key, Version: e.Version})
		f.ok(err)
		f.same("found", fmt.Sprintf("%v %+v", ok, got), fmt.Sprintf("%v %+v", true, e))
	}
	f.same("items", all, []string{"a/0", "b/0", "c/0", "b/2", "d/0", "b/3"})
	for _, o := range []queue.Object{{Bucket: "src", Key: "a", Version: 7}, {Bucket: "src", Key: "b", Version: 7}, {Bucket: "src", Key: "z", Version: 7}} {
		_, ok, err := f.Find(f.ctx, B, o)
		f.ok(err)
		f.same(fmt.Sprint("found ", o), ok, false)
	}
	// Without asking for changes there are none.
	f.ok(f.BeginReading(f.ctx, B, false))
	added, err := f.Add(f.ctx, B, queue.Chunk{Items: []queue.Item{row("a", 9), row("b", 9), row("b", 8)}})
	f.ok(err)
	f.same("not asked for", added, queue.Added{Known: 2, Duplicates: 1})
}

// changedBeforeSending changes objects in every state: only of what may have been sent is there a further item.
func changedBeforeSending(f *fixture) {
	keys := []string{"submitted", "failed", "doubted", "in doubt", "again", "cancelled", "sending", "pending"}
	rows := func(n int) (list []queue.Item) {
		for _, key := range keys {
			list = append(list, row(key, n))
		}
		return list
	}
	f.night(rows(1)...)
	list := f.claim(7)
	f.finish(list[:1], queue.Result{To: queue.Submitted})
	f.finish(list[1:2], queue.Result{To: queue.Failed, Code: "A"})
	f.finish(list[2:4], queue.Result{To: queue.InDoubt})
	f.finish(list[2:3], queue.Result{To: queue.Pending, Refund: true})
	f.finish(list[4:6], queue.Result{To: queue.Pending, Refund: true})
	_, err := f.Cancel(f.ctx, B, queue.Filter{Key: func(k string) bool { return k == "cancelled" }})
	f.ok(err)
	f.same("changed", f.night(rows(2)...), queue.Added{Added: 4, Known: 4})
	var got []string
	for _, e := range f.entries(B, queue.Filter{}) {
		if e.Version != 0 {
			got = append(got, name(e.Item))
		}
	}
	f.same("further items", got, []string{"submitted/2", "doubted/2", "in doubt/2", "sending/2"})
	f.reopen()
	f.same("the same night once more", f.night(rows(2)...), queue.Added{Known: 8})
	// All that is sent now reads these contents: there is no change any more.
	_, err = f.Retry(f.ctx, B, queue.Failed, queue.Filter{})
	f.ok(err)
	f.submitAll()
	f.same("the next night", f.night(rows(2)...), queue.Added{Known: 8})
	f.same("but what was sent and changes then", f.night(row("pending", 3), row("failed", 3), row("cancelled", 3)), queue.Added{Added: 2, Known: 1})
	f.same("a further item that was not sent", f.night(row("pending", 4), row("failed", 4)), queue.Added{Known: 2})
	f.submitAll()
	f.same("and was then", f.night(row("pending", 4), row("failed", 4)), queue.Added{Known: 2})
}

// changedBack lets contents return that had a job, or that never got one although an item was named after them.
func changedBack(f *fixture) {
	f.night(row("a", 1))
	f.submitAll()
	f.same("2", f.night(row("a", 2)), queue.Added{Added: 1})
	f.same("3 before 2 was sent", f.night(row("a", 3)), queue.Added{Known: 1})
	f.same("sent", f.submitAll(), []string{"a/2"}) // and reads 3
	f.same("back to 1", f.night(row("a", 1)), queue.Added{Known: 1})
	f.same("again 3", f.night(row("a", 3)), queue.Added{Known: 1})
	f.same("2, which never had a job", f.night(row("a", 2)), queue.Added{Added: 1})
	list := f.claim(9)
	f.same("claimed", len(list), 1)
	f.same("its version", list[0].Version, uint64(content(2))+1)
	f.finish(list, queue.Result{To: queue.Submitted})
	f.same("and now has", f.night(row("a", 2)), queue.Added{Known: 1})
	f.want(queue.Counts{Submitted: 3})
}

func changedUnsure(f *fixture) {
	f.add(B, "a", "b", "c")
	list := f.claim(2)
	f.finish(list, queue.Result{To: queue.Submitted})
	f.same("nothing was known", f.night(row("a", 1), row("b", 1), row("c", 1)), queue.Added{Known: 3, Unsure: 2}) // c was not sent
	f.reopen()
	f.same("since then it is", f.night(row("a", 1), row("b", 2), row("c", 1)), queue.Added{Added: 1, Known: 2})
	f.same("nothing is known now", f.night(row("a", 0), row("b", 0)), queue.Added{Known: 2, Unsure: 2})
	size, etag := row("a", 1), row("a", 1)
	size.Content, etag.Content = queue.ContentOf("", 1, true), queue.ContentOf(fmt.Sprintf("%032x", 1), 0, false)
	f.same("the size alone", f.night(size), queue.Added{Known: 1})
	f.same("the ETag alone", f.night(etag), queue.Added{Known: 1})
	size.Content = queue.ContentOf("", 2, true)
	f.same("another size", f.night(size), queue.Added{Added: 1})
	f.submitAll()
	f.same("an ETag to it", f.night(etag), queue.Added{Known: 1}) // that of the first item
	f.same("with the size", f.night(row("a", 2)), queue.Added{Known: 1})
	etag.Content = queue.ContentOf("other", 0, false)
	f.same("another ETag", f.night(etag), queue.Added{Added: 1})
}

// changedMany mixes new, known and changed objects in large chunks and in another order.
func changedMany(f *fixture) {
	const n = 5000
	rows := func(night int) (list []queue.Item) {
		for i, key := range keys(n + 500*night) {
			c := 1
			if i%7 == 0 || i%5 == 0 && night > 1 {
				c = night
			}
			list = append(list, row(key, c))
		}
		for i := range list {
			j := (i * 7919) % len(list)
			list[i], list[j] = list[j], list[i]
		}
		return list
	}
	count := func(night, mod int) (m int) {
		for i := range n + 500*(night-1) {
			if i%7 == 0 || mod != 0 && i%mod == 0 {
				m++
			}
		}
		return m
	}
	f.same("first", f.night(rows(1)...), queue.Added{Added: n + 500})
	f.submitAll()
	two := count(2, 5)
	f.same("second", f.night(rows(2)...), queue.Added{Added: 500 + two, Known: n + 500 - two})
	f.reopen()
	f.same("once more", f.night(rows(2)...), queue.Added{Known: n + 1000})
	f.submitAll()
	three := count(3, 5)
	f.same("third", f.night(rows(3)...), queue.Added{Added: 500 + three, Known: n + 1000 - three})
	f.submitAll()
	f.want(queue.Counts{Submitted: int64(n + 1500 + two + three)})
}

func changedConflict(f *fixture) {
	f.night(row("a", 1), row("b", 1))
	f.submitAll()
	other := row("a", 2)
	other.Own.Priority = 3
	added := f.night(other, row("a", 2))
	f.same("conflicts", len(added.Conflicts), 1)
	added.Conflicts = nil
	f.same("the row that does not contradict", added, queue.Added{Added: 1})
	other.Key = "b"
	added = f.night(other)
	f.same("conflicts", len(added.Conflicts), 1)
	f.want(queue.Counts{Submitted: 2, Pending: 1})
}

func trial(f *fixture) {
	f.night(row("a", 1), row("b", 1))
	f.submitAll()
	before := f.reading()
	chunk := queue.Chunk{Items: []queue.Item{row("a", 2), row("b", 1), row("c", 1), row("c", 1)}, Changed: true, Trial: true}
	for range 2 {
		added, err := f.Add(f.ctx, B, chunk)
		f.ok(err)
		f.same("on trial", added, queue.Added{Added: 2, Known: 1, Duplicates: 1, IsNew: []bool{true, false, true, false}, Seen: []int64{0, 1, -1, -1}})
		f.reopen() // what the latest reading had is forgotten, and makes no difference
	}
	f.want(queue.Counts{Submitted: 2})
	f.same("reading", f.reading(), before)
	f.same("in earnest", f.night(chunk.Items...), queue.Added{Added: 2, Known: 1, Duplicates: 1})
}

func sentInBatch(f *fixture) {
	f.night(row("submitted", 1), row("failed", 1), row("doubted", 1), row("changed", 1), row("pending", 1))
	list := f.claim(4)
	f.finish([]queue.Claimed{list[0], list[3]}, queue.Result{To: queue.Submitted})
	f.finish(list[1:2], queue.Result{To: queue.Failed})
	f.finish(list[2:3], queue.Result{To: queue.InDoubt})
	f.finish(list[2:3], queue.Result{To: queue.Pending})
	f.night(row("changed", 2))
	f.finish(f.claim(1), queue.Result{To: queue.Pending}) // what was in doubt goes first
	look := func(changed bool, want string, rows ...queue.Item) {
		f.Helper()
		got, _, err := f.Sent(f.ctx, B, rows, changed)
		f.ok(err)
		f.same("sent", fmt.Sprint(got), want)
	}
	all := []queue.Item{row("none", 1), row("submitted", 2), row("failed", 1), row("doubted", 1), row("changed", 1), row("pending", 1), row("submitted", 1)}
	look(false, "[false true false true true false true]", all...)
	look(true, "[false false false true true false true]", all...)
	look(true, "[true false]", row("changed", 1), row("changed", 2)) // the second is not sent yet
	look(true, "[true]", row("submitted", 0))
	elsewhere := func(want int, it queue.Item, version int) {
		f.Helper()
		it.Version = uint64(content(version))
		it.Name, it.Version = queue.JobName(B, it), 0
		_, n, err := queue.SentElsewhere(f.ctx, f, "", []queue.Item{it})
		f.ok(err)
		f.same("sent elsewhere", n, want)
	}
	elsewhere(1, row("changed", 0), 0) // the first item, by its job's name
	elsewhere(0, row("changed", 0), 2) // the second
	elsewhere(1, row("changed", 0), 3) // there is none of that name: any
	elsewhere(0, row("failed", 0), 0)
	f.submitAll()
	look(true, "[true true false]", row("changed", 1), row("changed", 2), row("changed", 3))
	f.reopen()
	look(true, "[]")
	_, _, err := f.Sent(f.ctx, "none", nil, false)
	f.is(err, queue.ErrBatchNotFound)
	many := make([]queue.Item, 3000)
	for i, key := range keys(len(many)) {
		many[i] = row(key, 1)
	}
	f.night(many[:1500]...)
	f.submitAll()
	got, _, err := f.Sent(f.ctx, B, many, false)
	f.ok(err)
	for i, sent := range got {
		if sent != (i < 1500) {
			f.Fatalf("sent %d: got %v", i, sent)
		}
	}
}

// adoptVersion rebuilds a queue from the jobs of objects that changed.
func adoptVersion(f *fixture) {
	f.night(row("a", 3), row("b", 3), row("c", 3))
	v := func(n int) uint64 { return uint64(content(n)) }
	jobs := []queue.Adopted{
		{Seq: 0, JobID: "a1", At: noon, Day: today}, {Seq: 0, Version: v(2), JobID: "a2", At: noon, Day: today},
		{Seq: 0, Version: v(3), JobID: "a3", At: noon}, {Seq: 0, Version: v(3), JobID: "another", At: noon},
		{Seq: 1, Version: v(2), JobID: "b2", At: noon, Day: today}, {Seq: 1, JobID: "b1", At: noon, Day: today},
		{Seq: 2, JobID: "c1", At: noon, Day: today},
	}
	before := f.reading()
	n, err := f.Adopt(f.ctx, B, jobs)
	f.ok(err)
	f.same("adopted", n, 6)
	f.sound()
	f.reopen()
	n, err = f.Adopt(f.ctx, B, jobs)
	f.ok(err)
	f.same("adopted again", n, 0)
	f.want(queue.Counts{Submitted: 6})
	f.same("reading", f.reading(), before)
	var got []string
	for _, e := range f.entries(B, queue.Filter{}) {
		got = append(got, name(e.Item)+" "+e.JobID)
	}
	f.same("items", got, []string{"a/0 a1", "b/0 b1", "c/0 c1", "a/2 a2", "a/3 a3", "b/2 b2"})
	f.same("day", f.day("default", today), queue.DayCount{Claimed: 5, Submitted: 5})
	// What a holds now has its job; what b holds has none, for its job of version 2 came after its first.
	f.same("the next night", f.night(row("a", 3), row("b", 3), row("c", 3)), queue.Added{Added: 1, Known: 2})
	f.same("sent", f.submitAll(), []string{"b/3"})
	// The same where more was known of the first item: what it found last need not be what its job had read.
	f.night(row("d", 3))
	f.night(row("d", 4))
	d := f.entry("d").Seq
	n, err = f.Adopt(f.ctx, B, []queue.Adopted{{Seq: d, JobID: "d1", At: noon}, {Seq: d, Version: v(2), JobID: "d2", At: noon}})
	f.ok(err)
	f.same("adopted", n, 2)
	f.same("the night after", f.night(row("d", 4)), queue.Added{Added: 1})
	f.submitAll()
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 3, Version: v(9), JobID: "x"}}); err == nil {
		f.Error("a version of a version: got no error")
	}
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 99, Version: v(9), JobID: "x"}}); err == nil {
		f.Error("a version of no item: got no error")
	}
	if _, err := f.Adopt(f.ctx, B, []queue.Adopted{{Seq: 0, Version: v(9)}}); err == nil {
		f.Error("no job id: got no error")
	}
	f.want(queue.Counts{Submitted: 10})
}
