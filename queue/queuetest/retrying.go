package queuetest

import (
	"fmt"
	"strings"

	"airlift/queue"
)

var retryTests = []test{
	{"cancel ahead", cancelAhead},
	{"filters", filters},
	{"retry and cancel many", changeMany},
	{"stop in the middle", stopEntries},
	{"pages whose memory is used again", releasedPages},
}

func suffix(s string) func(string) bool {
	return func(key string) bool { return strings.HasSuffix(key, s) }
}

// cancelAhead cancels items before their turn, and takes some of them back.
func cancelAhead(f *fixture) {
	all := keys(1000)
	f.add(B, all...)
	f.claim(10)
	cancel := func(filter queue.Filter, want int64) {
		f.Helper()
		n, err := f.Cancel(f.ctx, B, filter)
		f.ok(err)
		f.same("cancelled", n, want)
		f.sound()
	}
	cancel(queue.Filter{Key: suffix("5.mov")}, 99)
	cancel(queue.Filter{Key: suffix("5.mov")}, 0)
	f.reopen()
	n, err := f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{Key: suffix("35.mov")})
	f.ok(err)
	f.same("retried", n, 10)
	cancel(queue.Filter{State: queue.Pending, Key: suffix("935.mov")}, 1)
	f.sound()
	f.wantKeys("what was never claimed, past what is cancelled", f.claim(6), all[10], all[11], all[12], all[13], all[14], all[16])
	retried := func(k string) bool { return strings.HasSuffix(k, "35.mov") }
	cancel(queue.Filter{State: queue.Pending, Key: func(k string) bool { return !retried(k) }}, 990-99-6)
	f.wantKeys("then the retried", f.claim(9), all[35], all[135], all[235], all[335], all[435], all[535], all[635], all[735], all[835])
	f.wantKeys("nothing", f.claim(3))
	f.add(B, "after")
	f.wantKeys("what came after", f.claim(3), "after")
	f.reopen()
	f.want(queue.Counts{InDoubt: 10 + 12 + 3 + 1, Cancelled: 1001 - 26})
}

func filters(f *fixture) {
	f.add(B, keys(100)...)
	got := f.claim(60)
	f.finish(got[:20], queue.Result{To: queue.Failed, Code: "A"})
	f.finish(got[20:40], queue.Result{To: queue.Failed, Code: "B"})
	f.finish(got[40:50], queue.Result{To: queue.Submitted})
	for _, c := range []struct {
		filter queue.Filter
		want   int
	}{
		{queue.Filter{}, 100},
		{queue.Filter{State: queue.Failed}, 40},
		{queue.Filter{Code: "A"}, 20},
		{queue.Filter{State: queue.Failed, Code: "B", Key: suffix("3.mov")}, 2},
		{queue.Filter{State: queue.Sending}, 10},
		{queue.Filter{State: queue.Submitted}, 10},
		{queue.Filter{State: queue.Pending}, 40},
		{queue.Filter{State: queue.Cancelled}, 0},
		{queue.Filter{Key: func(string) bool { return false }}, 0},
	} {
		list := f.entries(B, c.filter)
		f.same(fmt.Sprintf("entries by %q %q", c.filter.State, c.filter.Code), len(list), c.want)
		for i, e := range list {
			if i > 0 && e.Seq <= list[i-1].Seq || !c.filter.Match(&e) {
				f.Errorf("entry %d is out of place: %+v", i, e)
			}
		}
	}
	n, err := f.Retry(f.ctx, B, queue.Failed, queue.Filter{Code: "A", Key: suffix("7.mov")})
	f.ok(err)
	f.same("retried", n, 2)
	n, err = f.Cancel(f.ctx, B, queue.Filter{Code: "B"})
	f.ok(err)
	f.same("cancelled", n, 20)
	f.want(queue.Counts{Pending: 42, Sending: 10, Failed: 18, Submitted: 10, Cancelled: 20})
	if err := f.Entries(f.ctx, B, queue.Filter{State: "none"}, nil); err == nil {
		f.Error("a state that is none: got no error")
	}
}

// changeMany takes more items than one commit or one read holds.
func changeMany(f *fixture) {
	const n = 20_000
	f.add(B, keys(n)...)
	got := f.claim(n / 2)
	f.finish(got, queue.Result{To: queue.Failed, Code: "A"})
	for round := range 2 {
		changed, err := f.Retry(f.ctx, B, queue.Failed, queue.Filter{})
		f.ok(err)
		f.same("retried", changed, map[bool]int64{true: n / 2, false: 0}[round == 0])
		changed, err = f.Cancel(f.ctx, B, queue.Filter{})
		f.ok(err)
		f.same("cancelled", changed, n)
		f.want(queue.Counts{Cancelled: n})
		changed, err = f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{})
		f.ok(err)
		f.same("retried", changed, n)
		f.want(queue.Counts{Pending: n})
	}
	// The progress grows up to what is returned.
	var told queue.Changed
	all, err := f.Change(f.ctx, B, queue.Change{Do: queue.DoCancel, Progress: func(c queue.Changed) {
		f.same("the progress grows", c.Items > told.Items, true)
		told = c
	}})
	f.ok(err)
	f.same("the last progress", told, all)
	f.same("cancelled", all.Items, n)
	_, err = f.Retry(f.ctx, B, queue.Cancelled, queue.Filter{})
	f.ok(err)
	seen := map[uint64]bool{}
	for len(seen) < n {
		list := f.claim(3000)
		if len(list) == 0 {
			f.Fatalf("claimed %d of %d", len(seen), n)
		}
		for _, c := range list {
			if seen[c.Seq] {
				f.Fatalf("item %d was claimed twice", c.Seq)
			}
			seen[c.Seq] = true
		}
	}
}

func stopEntries(f *fixture) {
	f.add(B, keys(3000)...)
	stop, n := fmt.Errorf("enough"), 0
	err := f.Entries(f.ctx, B, queue.Filter{}, func(e *queue.Entry) error {
		if n++; n == 1500 {
			return stop
		}
		if n%500 == 0 { // outside any transaction, so that the queue may be used
			f.finish(f.claim(1), queue.Result{To: queue.Submitted})
		}
		return nil
	})
	f.is(err, stop)
	f.same("entries", n, 1500)
}

// releasedPages goes through more items than a page has, and lets go of each page.
func releasedPages(f *fixture) {
	const n = 5000
	all := keys(n)
	f.add(B, all...)
	f.finish(f.claim(n/2), queue.Result{To: queue.Failed, Code: "A", Message: "m"})
	seen, pages := 0, 0
	f.ok(f.Pages(f.ctx, B, queue.Filter{}, func(p queue.Page) error {
		entries, err := p.Entries()
		if err != nil {
			return err
		}
		for i := range entries {
			e := &entries[i]
			if e.Seq != uint64(seen) || e.Key != all[seen] {
				f.Fatalf("entry %d: got item %d %q, want %q", seen, e.Seq, e.Key, all[seen])
			}
			if failed := seen < n/2; failed != (e.State == queue.Failed) || failed != (e.Code == "A" && e.Message == "m") {
				f.Fatalf("entry %d: got %+v", seen, e.Record)
			}
			seen++
		}
		pages++
		p.Release()
		return nil
	}))
	f.same("entries", seen, n)
	if pages < 3 {
		f.Errorf("got %d pages, want several", pages)
	}
	stop := fmt.Errorf("enough")
	f.is(f.Pages(f.ctx, B, queue.Filter{}, func(queue.Page) error { return stop }), stop)
	f.is(f.Pages(f.ctx, "none", queue.Filter{}, nil), queue.ErrBatchNotFound)
}
