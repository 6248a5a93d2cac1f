package queuetest

import (
	"fmt"
	"sync"

	"airlift/queue"
)

var sharedTests = []test{
	{"several batches", severalBatches},
	{"sent elsewhere", sentElsewhere},
	{"wake-up", wakeUp},
	{"many at once", concurrent},
}

func severalBatches(f *fixture) {
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "two", Account: "default"}))
	f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: "other", Account: "other"}))
	f.add(B, "a", "b")
	f.same("the same object in another batch", f.add("two", "a"), queue.Added{Added: 1})
	f.add("other", "x")
	list, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{"two", B, "two"}, Max: 9, Day: today})
	f.ok(err)
	f.wantKeys("in the order of the request", list, "a", "a", "b")
	f.same("batches", []string{list[0].Batch, list[1].Batch}, []string{"two", B})
	if _, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{B, "other"}, Max: 9}); err == nil {
		f.Error("two accounts in one claim: got no error")
	}
	f.finish(list, queue.Result{To: queue.Submitted})
	for id, sent := range map[string]bool{B: true, "two": true, "other": false} {
		b, err := f.Batch(f.ctx, id)
		f.ok(err)
		f.same("sent", b.Sent, sent)
	}
	f.same("day", f.day("default", today), queue.DayCount{Claimed: 3, Submitted: 3})
}

func sentElsewhere(f *fixture) {
	for _, id := range []string{"one", "two", "three"} {
		f.ok(f.CreateBatch(f.ctx, queue.Batch{ID: id, Account: "default"}))
		f.add(id, "a", "b", "c", "d")
	}
	look := func(not string, want string, wantN int, keys ...string) {
		f.Helper()
		id, n, err := queue.SentElsewhere(f.ctx, f, not, items(keys...))
		f.ok(err)
		f.same("sent elsewhere", fmt.Sprint(id, n), fmt.Sprint(want, wantN))
	}
	look(B, "", 0, "a", "b", "c")
	list, err := f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{"two"}, Max: 3, Day: today})
	f.ok(err)
	look(B, "two", 3, "d", "c", "b", "a", "none")
	f.finish(list[:1], queue.Result{To: queue.Failed, Code: "X"})
	look(B, "", 0, "a")
	f.finish(list[1:2], queue.Result{To: queue.InDoubt})
	f.finish(list[1:2], queue.Result{To: queue.Pending})
	look(B, "two", 1, "b") // was in doubt once
	f.finish(list[2:], queue.Result{To: queue.Submitted})
	f.reopen()
	look(B, "two", 2, "a", "b", "c", "d")
	look("two", "", 0, "a", "b", "c", "d")
	_, err = f.Claim(f.ctx, queue.ClaimRequest{Batches: []string{"one"}, Max: 1, Day: today})
	f.ok(err)
	look(B, "one", 1, "a", "b", "c", "d")
	look(B, "", 0)
}

func wakeUp(f *fixture) {
	woken := func(ch <-chan struct{}) bool {
		select {
		case <-ch:
			return true
		default:
			return false
		}
	}
	ch := f.Changed()
	f.add(B, "a", "b")
	f.same("woken by an add", woken(ch), true)
	ch = f.Changed()
	f.same("at once", woken(ch), false)
	list := f.claim(2)
	f.same("woken by a claim", woken(ch), false)
	f.finish(list[:1], queue.Result{To: queue.Failed})
	f.same("woken by a failure", woken(ch), false)
	f.finish(list[1:], queue.Result{To: queue.Pending})
	f.same("woken by a result", woken(ch), true)
	ch = f.Changed()
	_, err := f.Retry(f.ctx, B, queue.Failed, queue.Filter{})
	f.ok(err)
	f.same("woken by a retry", woken(ch), true)
}

// crowd is many goroutines that work the same batch of n items.
type crowd struct {
	*fixture
	n int

	mu        sync.Mutex // guards all below
	jobs      map[uint64]int
	sending   map[uint64]bool
	submitted int
}

// concurrent adds, claims, finishes, reads and retries from many goroutines until all is submitted.
func concurrent(f *fixture) {
	const chunk = 500
	c := &crowd{fixture: f, n: 6000, jobs: map[uint64]int{}, sending: map[uint64]bool{}}
	all := keys(c.n)
	var wg sync.WaitGroup
	f.ok(f.BeginReading(f.ctx, B, false))
	for part := range 2 {
		wg.Go(func() { // each adds half of it, and a little of the other's
			for i := part * chunk; i < c.n; i += 2 * chunk {
				if _, err := f.Add(f.ctx, B, queue.Chunk{Items: items(all[max(0, i-20) : i+chunk]...)}); err != nil {
					f.Error(err)
				}
			}
		})
	}
	for worker := range 16 {
		wg.Go(func() { c.work(worker%7 + 1) })
	}
	wg.Go(func() {
		for range 20 {
			if _, err := f.Batch(f.ctx, B); err != nil {
				f.Error(err)
			}
			if err := f.Entries(f.ctx, B, queue.Filter{State: queue.Submitted}, func(*queue.Entry) error { return nil }); err != nil {
				f.Error(err)
			}
		}
	})
	wg.Wait()
	f.same("submitted and one more", f.counts().Submitted, c.n)
}

// work claims and finishes up to so many items at once, until all are submitted.
func (c *crowd) work(most int) {
	for {
		changed := c.Changed()
		list, err := c.Claim(c.ctx, queue.ClaimRequest{Batches: []string{B}, Max: most, Day: today})
		switch {
		case err != nil:
			c.Error(err)
			return
		case c.claimed(list):
			return
		case len(list) == 0:
			<-changed
			continue
		}
		results, last := c.results(list)
		if _, err := c.Finish(c.ctx, results); err != nil {
			c.Error(err)
			return
		}
		if last { // wake those who wait
			if _, err := c.Add(c.ctx, B, queue.Chunk{Items: items("the last")}); err != nil {
				c.Error(err)
			}
		}
	}
}

// claimed notes claimed items, and reports whether all are submitted.
func (c *crowd) claimed(list []queue.Claimed) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range list {
		if c.sending[one.Seq] {
			c.Errorf("item %d was claimed twice", one.Seq)
		}
		c.sending[one.Seq] = true
	}
	return c.submitted == c.n
}

// results submits claimed items, but for the first claim of every fifth item. It reports whether now all are submitted.
func (c *crowd) results(list []queue.Claimed) (results []queue.Result, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range list {
		r := queue.Result{Batch: B, Seq: one.Seq, To: queue.Submitted, JobID: jobID(one.Seq), At: noon}
		if c.jobs[one.Seq]++; c.jobs[one.Seq] == 1 && one.Seq%5 == 0 {
			r.To, r.JobID = queue.Pending, ""
		} else {
			c.submitted++
		}
		delete(c.sending, one.Seq)
		results = append(results, r)
	}
	return results, c.submitted == c.n
}
