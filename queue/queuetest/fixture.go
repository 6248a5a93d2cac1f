package queuetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"airlift/queue"
)

// B is the batch that most tests use.
const B = "batch"

// today is the server day that most tests use.
const today = queue.Day(20000)

// noon is an instant on that day.
var noon = time.Date(2024, 10, 4, 12, 0, 0, 0, time.UTC)

// fixture is a queue under test.
type fixture struct {
	testing.TB
	Handle
	ctx  context.Context
	open Open
	path string
}

func newFixture(t testing.TB, open Open) *fixture {
	f := &fixture{TB: t, ctx: context.Background(), open: open, path: filepath.Join(t.TempDir(), "queue.db")}
	f.Handle = On(open(t, f.path))
	t.Cleanup(func() {
		f.sound()
		f.ok(f.Close())
		f.ok(f.Close()) // a second one does nothing
	})
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: B, Account: "default"}))
	return f
}

// sound asks the engine to check itself and balances the books.
func (f *fixture) sound() {
	f.Helper()
	report, err := f.Check(f.ctx, nil)
	if err != nil || !report.OK() {
		f.Errorf("check: got %q, %v, want nothing", report.Problems, err)
	}
	batches, err := f.Batches(f.ctx)
	f.ok(err)
	for _, b := range batches {
		if !b.Counts.Balanced() || !b.Reading.Balanced() {
			f.Errorf("books of %q do not balance: %+v %+v", b.ID, b.Counts, b.Reading)
		}
	}
}

// reopen ends the process, as it were, and begins another.
func (f *fixture) reopen() {
	f.Helper()
	f.ok(f.Close())
	f.Handle = On(f.open(f.TB, f.path))
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("got error %v, want none", err)
	}
}

func (f *fixture) is(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Errorf("got error %v, want %v", err, want)
	}
}

// same compares two values by how they print.
func (f *fixture) same(what string, got, want any) {
	f.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		f.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// items makes plain items of the keys.
func items(keys ...string) []queue.Item {
	list := make([]queue.Item, len(keys))
	for i, k := range keys {
		list[i] = queue.Item{Line: int64(i + 2), Bucket: "src", Key: k}
	}
	return list
}

// keys makes n keys.
func keys(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("folder/file-%06d.mov", i)
	}
	return list
}

// add adds the keys to a batch.
func (f *fixture) add(batch string, keys ...string) queue.Added {
	f.Helper()
	added, err := f.Add(f.ctx, batch, queue.Chunk{Items: items(keys...)})
	f.ok(err)
	return added
}

// claim claims up to n items of the batch today.
func (f *fixture) claim(n int) []queue.Claimed {
	f.Helper()
	list, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B}, Max: n, Day: today})
	f.ok(err)
	return list
}

// finish gives all the claimed items one result.
func (f *fixture) finish(list []queue.Claimed, res queue.Result) {
	f.Helper()
	f.ok(f.store(results(list, res)))
}

// store stores results that do not clash.
func (f *fixture) store(results []queue.Result) error {
	f.Helper()
	clashes, err := f.Finish(f.ctx, results)
	if len(clashes) > 0 {
		f.Errorf("got clashes %+v, want none", clashes)
	}
	return err
}

func results(list []queue.Claimed, res queue.Result) []queue.Result {
	var all []queue.Result
	for _, c := range list {
		res.Batch, res.Seq, res.At = c.Batch, c.Seq, noon
		if res.To == queue.Submitted {
			res.JobID = jobID(c.Seq)
		}
		all = append(all, res)
	}
	return all
}

func jobID(seq uint64) string { return fmt.Sprintf("%032x", seq+1) }

// counts returns the books of the batch.
func (f *fixture) counts() queue.Counts {
	f.Helper()
	b, err := f.Batch(f.ctx, B)
	f.ok(err)
	return b.Counts
}

// want compares the books; items is the sum.
func (f *fixture) want(c queue.Counts) {
	f.Helper()
	c.Items = c.Pending + c.Sending + c.InDoubt + c.Submitted + c.Failed + c.Cancelled
	f.same("counts", f.counts(), c)
}

// entries returns the entries that a filter takes.
func (f *fixture) entries(batch string, filter queue.Filter) []queue.Entry {
	f.Helper()
	var list []queue.Entry
	f.ok(f.Entries(f.ctx, batch, filter, func(e *queue.Entry) error {
		list = append(list, *e)
		return nil
	}))
	var pages []queue.Page
	f.ok(f.Pages(f.ctx, batch, filter, func(p queue.Page) error { pages = append(pages, p); return nil }))
	var paged []queue.Entry
	for _, p := range slices.Backward(pages) {
		some, err := p.Entries()
		f.ok(err)
		paged = slices.Concat(some, paged)
	}
	f.same("entries by Pages, decoded afterwards and last first", paged, list)
	return list
}

func (f *fixture) entry(key string) queue.Entry {
	f.Helper()
	e, ok, err := f.Find(f.ctx, B, queue.Object{Bucket: "src", Key: key})
	f.ok(err)
	if !ok {
		f.Fatalf("find %q: got nothing", key)
	}
	if all := f.entries(B, queue.Filter{Key: func(k string) bool { return k == key }}); len(all) != 1 {
		f.Errorf("entries of %q: got %d, want 1", key, len(all))
	} else {
		f.same("entry by Entries and by Find", all[0], e)
	}
	return e
}

// claimedKeys lists the keys.
func claimedKeys(list []queue.Claimed) []string {
	var all []string
	for _, c := range list {
		all = append(all, c.Key)
	}
	return all
}

func (f *fixture) wantKeys(what string, got []queue.Claimed, want ...string) {
	f.Helper()
	if !slices.Equal(claimedKeys(got), want) {
		f.Errorf("%s: got %q, want %q", what, claimedKeys(got), want)
	}
}
