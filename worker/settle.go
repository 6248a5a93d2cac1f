package worker

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/joblist"
)

// doubt is an item in doubt and when its absence may be believed.
type doubt struct {
	queue.Claimed
	due time.Time
}

// doubts are the items that wait for their lookup, the earliest due first.
type doubts struct {
	arrived *signal
	mu      sync.Mutex
	// The fields below are guarded by mu.
	heap  doubtHeap
	taken int // being looked up
}

// expect adds an item whose absence may be believed from due on.
func (d *doubts) expect(c queue.Claimed, due time.Time) {
	d.mu.Lock()
	heap.Push(&d.heap, doubt{c, due})
	d.mu.Unlock()
	d.arrived.fire()
}

// take returns up to n items that are due, or else how long until the next is (0: there is none).
func (d *doubts) take(n int) ([]doubt, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	var due []doubt
	for len(due) < n && len(d.heap) > 0 && !d.heap[0].due.After(now) {
		due = append(due, heap.Pop(&d.heap).(doubt))
	}
	d.taken += len(due)
	if len(due) > 0 || len(d.heap) == 0 {
		return due, 0
	}
	return nil, d.heap[0].due.Sub(now)
}

// next returns how long until the earliest is due; 0 if one is, or none waits.
func (d *doubts) next() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.heap) == 0 {
		return 0
	}
	return max(time.Until(d.heap[0].due), 0)
}

// done books n items as no longer being looked up.
func (d *doubts) done(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken -= n
}

// waiting counts the items whose lookup is still to come or under way.
func (d *doubts) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.heap) + d.taken
}

type doubtHeap []doubt

func (h doubtHeap) Len() int           { return len(h) }
func (h doubtHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h doubtHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *doubtHeap) Push(x any)        { *h = append(*h, x.(doubt)) }
func (h *doubtHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = doubt{}
	*h = (*h)[:last]
	return x
}

// loadDoubts expects what was in doubt as the queue was opened. One window after the open serves all: nobody knows when
// their attempts ended, only that it was before.
func (p *Pool) loadDoubts(ctx context.Context, batch string) error {
	const page = 1000
	after := int64(-1)
	for {
		got, err := p.Store.InDoubt(ctx, batch, after, page)
		if err != nil {
			return err
		}
		for _, c := range got {
			p.doubts.expect(c, p.settledAt(c))
			after = int64(c.Seq)
		}
		if len(got) < page {
			return nil
		}
	}
}

// settle looks up what is in doubt once it is due. While lookups fail, one at a time is tried at growing intervals.
func (p *Pool) settle(ctx context.Context) {
	failed := 0
	var since time.Time
	for ctx.Err() == nil {
		arrived := p.doubts.arrived.wait()
		n := min(p.Workers, joblist.LookupsAtOnce)
		if failed > 0 {
			n = 1
		}
		due, wait := p.doubts.take(n)
		if len(due) == 0 {
			var elapsed <-chan time.Time
			if wait > 0 {
				elapsed = time.After(wait)
			}
			select {
			case <-ctx.Done():
			case <-arrived:
			case <-elapsed:
			}
			continue
		}
		p.progress.noLonger(settleReason)
		if err := p.settleAll(ctx, due); err == nil {
			failed, since = 0, time.Time{}
			p.endIfDone(ctx)
			continue
		}
		if failed++; failed == 1 {
			since = time.Now()
		}
		if time.Since(since) >= joblist.GiveUp && p.onlyDoubtsLeft(ctx) {
			p.Log.Error().Stringer("for", time.Since(since).Round(time.Second)).Msg("all lookups have failed: items in doubt stay in doubt; `airlift reconcile` looks them up later")
			p.cancel(errDone)
			return
		}
		_ = ratelimit.Sleep(ctx, ratelimit.Backoff(failed, time.Second, outageCap))
	}
}

// settleAll looks some items up at once and stores what came of it. What could not be looked up is expected again; the
// error is then that of a lookup.
func (p *Pool) settleAll(ctx context.Context, due []doubt) error {
	var wg sync.WaitGroup
	found, errs := make([]joblist.Found, len(due)), make([]error, len(due))
	for i := range due {
		wg.Go(func() { found[i], errs[i] = p.lookup(ctx, due[i].Claimed) })
	}
	wg.Wait()
	var results []queue.Result
	var failure error
	for i, d := range due {
		if errs[i] == nil {
			results = append(results, p.settled(d.Claimed, found[i]))
			continue
		}
		p.doubts.expect(d.Claimed, d.due)
		if ctx.Err() != nil {
			continue
		}
		if s := joblist.StopOf(errs[i]); s != nil {
			p.stop(s)
		}
		if failure == nil {
			p.Log.Warn().Str("batch", d.Batch).Str("key", d.Key).Err(errs[i]).Msg("cannot look up an item in doubt; trying again")
		}
		failure = errs[i]
	}
	if len(results) > 0 {
		_, clashes, err := p.Store.Exchange(context.WithoutCancel(ctx), results, queue.ClaimRequest{})
		if err != nil {
			p.fail("store what a lookup showed in the queue", err)
			return err
		}
		p.contested(clashes)
	}
	p.doubts.done(len(due))
	p.recount(results)
	return failure
}

// settled returns what a finding means for an item whose absence can be believed. It judges a withdrawal by the record of
// when the lookup was planned.
func (p *Pool) settled(c queue.Claimed, f joblist.Found) queue.Result {
	r := queue.Result{Batch: c.Batch, Seq: c.Seq, At: time.Now().UTC()}
	log := p.Log.Info().Str("batch", c.Batch).Int64("line", c.Line).Str("key", c.Key)
	switch {
	case f.Code != "":
		r.To, r.Code, r.Message = queue.InDoubt, f.Code, f.Text
		p.Log.Error().Str("batch", c.Batch).Int64("line", c.Line).Str("key", c.Key).Str("code", f.Code).Msg(f.Text + "; the item is not sent again")
		return r
	case f.JobID != "":
		r.To, r.JobID = queue.Submitted, f.JobID
		r.HTTPStatus, r.Code, r.Message = 0, "", ""
		log.Str("job_id", f.JobID).Msg("an item that was sent has its job")
	case c.Withdrawn:
		r.To, r.Refund = queue.Pending, true // which queue.Apply makes cancelled
		log.Msg("a withdrawn item has no job: it is cancelled")
	case c.Attempts >= p.MaxAttempts && !p.trouble.outage(): // a night of 500s fails no item
		r.To, r.Refund, r.HTTPStatus, r.Code, r.Message = queue.Failed, true, c.HTTPStatus, c.Code, c.Message
		log.Int("attempts", c.Attempts).Msg("an item has no job and no attempts left: it failed")
	default:
		r.To, r.Refund = queue.Pending, true
		log.Msg("an item in doubt has no job: it is sent again")
	}
	return r
}

// recount books what lookups decided.
func (p *Pool) recount(results []queue.Result) {
	refunded := 0
	for _, r := range results {
		p.progress.booked(r.To)
		if r.Refund {
			refunded++
		}
		if r.To == queue.Failed {
			p.itemDecided(r.Batch, r.Seq, true, r.Code+" "+r.Message)
		}
	}
	p.finished(0, refunded)
}

// onlyDoubtsLeft reports whether nothing but lookups keeps the run alive.
func (p *Pool) onlyDoubtsLeft(ctx context.Context) bool {
	select {
	case <-p.Fed:
	default:
		return false
	}
	return p.LookupsOnly || !p.hasWork(ctx)
}
