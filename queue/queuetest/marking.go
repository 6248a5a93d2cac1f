package queuetest

import (
	"bytes"
	"strings"

	"airlift/queue"
)

var markTests = []test{
	{"marks", marks},
	{"a reading that goes on", resumed},
	{"marks that cannot be", badMarks},
}

func (f *fixture) marks(batch string) []queue.Mark {
	f.Helper()
	list, err := f.Marks(f.ctx, batch)
	f.ok(err)
	return list
}

func (f *fixture) mark(c queue.Chunk, marks ...queue.Mark) {
	f.Helper()
	c.Marks = marks
	_, err := f.Add(f.ctx, B, c)
	f.ok(err)
}

// marks come and go with the rows of their chunk, and end with their reading.
func marks(f *fixture) {
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other"}))
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("none", f.marks(B), []queue.Mark(nil))
	odd := queue.Mark{Key: "odd \x00\xff", Value: bytes.Repeat([]byte("\x00\xffz"), 100_000)}
	f.mark(queue.Chunk{Items: items("a")}, queue.Mark{Key: "b", Value: []byte("1")}, queue.Mark{Key: "a", Value: []byte{}}, odd)
	f.same("set", f.marks(B), []queue.Mark{{Key: "a", Value: []byte{}}, {Key: "b", Value: []byte("1")}, odd})
	f.mark(queue.Chunk{}, queue.Mark{Key: "b", Value: []byte("2")}, queue.Mark{Key: odd.Key}, queue.Mark{Key: "never there"})
	want := []queue.Mark{{Key: "a", Value: []byte{}}, {Key: "b", Value: []byte("2")}}
	f.same("changed without rows", f.marks(B), want)
	f.same("rows", f.reading().Rows, 1)
	f.reopen()
	f.same("after reopen", f.marks(B), want)
	f.same("of another batch", f.marks("other"), []queue.Mark(nil))
	f.ok(f.EndReading(f.ctx, B, false))
	f.same("after a reading that broke off", f.marks(B), want)
	f.ok(f.BeginReading(f.ctx, B, true))
	f.ok(f.EndReading(f.ctx, B, true))
	f.same("after a complete reading", f.marks(B), []queue.Mark(nil))
	f.ok(f.BeginReading(f.ctx, B, false))
	f.mark(queue.Chunk{}, queue.Mark{Key: "b", Value: []byte("3")})
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("in the next reading", f.marks(B), []queue.Mark(nil))
	_, err := f.Marks(f.ctx, "none")
	f.is(err, queue.ErrBatchNotFound)
}

// A reading that goes on after a crash counts on, and still tells its own items from those known before.
func resumed(f *fixture) {
	if err := f.BeginReading(f.ctx, B, true); err == nil {
		f.Error("resume before any reading: got no error")
	}
	f.ok(f.BeginReading(f.ctx, B, false))
	f.add(B, "old1", "old2")
	f.ok(f.EndReading(f.ctx, B, true))
	if err := f.BeginReading(f.ctx, B, true); err == nil {
		f.Error("resume a complete reading: got no error")
	}
	f.ok(f.BeginReading(f.ctx, B, false))
	f.mark(queue.Chunk{Items: items("old1", "a", "b"), Rejected: []queue.Rejected{{Line: 9, Reason: "no key"}}, Skipped: map[string]int64{"type": 2}},
		queue.Mark{Key: "at", Value: []byte("b")})
	want := queue.Reading{Rows: 6, Added: 2, Known: 1, Rejected: 1, Skipped: 2, SkippedBy: map[string]int64{"type": 2}}
	f.reopen()
	f.ok(f.BeginReading(f.ctx, B, true))
	f.same("reading", f.reading(), want)
	f.same("rejected", len(f.rejected()), 1)
	f.same("mark", f.marks(B), []queue.Mark{{Key: "at", Value: []byte("b")}})
	f.same("the rest", f.add(B, "old2", "c", "a", "c"), queue.Added{Added: 1, Known: 1, Duplicates: 2})
	f.ok(f.EndReading(f.ctx, B, true))
	want.Rows, want.Added, want.Known, want.Duplicates, want.Complete = 10, 3, 2, 2, true
	f.same("reading at its end", f.reading(), want)
	f.reopen()
	f.ok(f.BeginReading(f.ctx, B, false))
	f.same("the next reading", f.add(B, "a", "old1", "a"), queue.Added{Known: 2, Duplicates: 1})
	f.is(f.BeginReading(f.ctx, "none", true), queue.ErrBatchNotFound)
}

func badMarks(f *fixture) {
	for _, key := range []string{"", strings.Repeat("k", 40_000)} {
		_, err := f.Add(f.ctx, B, queue.Chunk{Items: items("a"), Marks: []queue.Mark{{Key: key, Value: []byte("1")}}})
		if err == nil {
			f.Errorf("a key of %d bytes: got no error", len(key))
		}
	}
	f.want(queue.Counts{})
	f.add(B, "a") // the queue is as usable as before
}
