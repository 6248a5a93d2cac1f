package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/delayqueue"
	"airlift/worker/joblist"
	"airlift/worker/outage"
)

// lookups looks up items in doubt in AiR's lists, within the rate, also while the run is paused.
type lookups struct {
	*shared
	scheduler *scheduler
	pending   *delayqueue.Queue // due when their settle windows have passed
}

// load schedules a lookup for each item that was in doubt when the queue was opened, one settle window later: it is not
// known when the attempt ended, only that it was before.
func (l *lookups) load(ctx context.Context, batch string) error {
	const page = 1000
	after := int64(-1)
	for {
		got, err := l.Store.InDoubt(ctx, batch, after, page)
		if err != nil {
			return err
		}
		for _, c := range got {
			l.pending.Add(c, l.settledAt(c))
			after = int64(c.Seq)
		}
		if len(got) < page {
			return nil
		}
	}
}

// run looks up items in doubt as they become due. While lookups fail, it tries one at a time at growing intervals.
func (l *lookups) run(ctx context.Context) {
	failed := 0
	var since time.Time
	for ctx.Err() == nil {
		arrived := l.pending.Added()
		n := min(l.live.get().Workers, joblist.LookupsAtOnce)
		if failed > 0 {
			n = 1
		}
		due, wait := l.pending.Take(n)
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
		l.gate.Unexplain(settleReason)
		if err := l.settleAll(ctx, due); err == nil {
			failed, since = 0, time.Time{}
			l.scheduler.endIfDone(ctx)
			continue
		}
		if failed++; failed == 1 {
			since = time.Now()
		}
		if time.Since(since) >= joblist.GiveUp && l.scheduler.onlyLookups(ctx) {
			l.Log.Error().Stringer("for", time.Since(since).Round(time.Second)).Msg("all lookups have failed: items in doubt stay in doubt; `airlift reconcile` looks them up later")
			l.cancel(errDone)
			return
		}
		_ = ratelimit.Sleep(ctx, ratelimit.Backoff(failed, time.Second, outage.MaxWait))
	}
}

// settleAll looks some items up at once and stores the results. It plans failed lookups again, and returns the error of
// one.
func (l *lookups) settleAll(ctx context.Context, due []delayqueue.Item) error {
	var wg sync.WaitGroup
	found, errs := make([]joblist.Found, len(due)), make([]error, len(due))
	for i := range due {
		wg.Go(func() { found[i], errs[i] = l.lookup(ctx, due[i].Claimed) })
	}
	wg.Wait()
	var results []queue.Result
	var failure error
	for i, d := range due {
		if errs[i] == nil {
			results = append(results, l.conclude(d.Claimed, found[i]))
			continue
		}
		l.pending.Add(d.Claimed, d.Due)
		if ctx.Err() != nil {
			continue
		}
		if ended := joblist.StopOf(errs[i]); ended != nil {
			l.stop(ended)
		}
		if failure == nil {
			l.Log.Warn().Str("batch", d.Batch).Str("key", d.Key).Err(errs[i]).Msg("cannot look up an item in doubt; trying again")
		}
		failure = errs[i]
	}
	if len(results) > 0 {
		_, clashes, err := l.Store.Exchange(context.WithoutCancel(ctx), results, queue.ClaimRequest{})
		if err != nil {
			l.fail("store what a lookup showed in the queue", err)
			return err
		}
		l.contested(clashes)
		l.committed(results)
	}
	l.pending.Done(due)
	l.count(results)
	return failure
}

// conclude returns the result of a lookup after the settle window. Whether the item is withdrawn is
// taken from the record as it was when the lookup was planned.
func (l *lookups) conclude(c queue.Claimed, f joblist.Found) queue.Result {
	r := queue.Result{Batch: c.Batch, Seq: c.Seq, Lookup: true, At: time.Now().UTC()}
	log := l.Log.Info().Str("batch", c.Batch).Int64("line", c.Line).Str("key", c.Key)
	switch {
	case f.Code != "":
		r.To, r.Code, r.Message = queue.InDoubt, f.Code, f.Text
		l.Log.Error().Str("batch", c.Batch).Int64("line", c.Line).Str("key", c.Key).Str("code", f.Code).Msg(f.Text + "; the item is not sent again")
		return r
	case f.JobID != "":
		r.To, r.JobID = queue.Submitted, f.JobID
		r.HTTPStatus, r.Code, r.Message = 0, "", ""
		log.Str("job_id", f.JobID).Msg("an item that was sent has its job")
	case c.Withdrawn:
		r.To, r.Refund = queue.Pending, true // which queue.Apply makes cancelled
		log.Msg("a withdrawn item has no job: it is cancelled")
	case c.Attempts >= l.live.get().MaxAttempts && !l.outage.IsOutage(l.outageThreshold()): // an outage fails no item
		r.To, r.Refund, r.HTTPStatus, r.Code, r.Message = queue.Failed, true, c.HTTPStatus, c.Code, c.Message
		log.Int("attempts", c.Attempts).Msg("an item has no job and no attempts left: it failed")
	default:
		r.To, r.Refund = queue.Pending, true
		log.Msg("an item in doubt has no job: it is sent again")
	}
	return r
}

// count counts refunds and failures of stored lookup results.
func (l *lookups) count(results []queue.Result) {
	refunded := 0
	for _, r := range results {
		if r.Refund {
			refunded++
		}
		if r.To == queue.Failed {
			l.itemDecided(r.Batch, r.Seq, true, r.Code+" "+r.Message)
		}
	}
	l.scheduler.finished(0, 0, refunded)
}

// lookup asks AiR for the item's job; see [joblist.Batch.Lookup].
func (l *lookups) lookup(ctx context.Context, c queue.Claimed) (joblist.Found, error) {
	began := time.Now()
	found, err := l.batches.get(c.Batch).Lookup(ctx, c, joblist.Attempt{
		Settled: l.settledAt(c), Began: func() time.Time { return l.attemptBegan(c) },
	})
	l.Observer.LookedUp(c.Batch, found, err, time.Since(began))
	return found, err
}

// page asks for one page of a list of jobs.
func (l *lookups) page(ctx context.Context, q air.ListQuery) (air.Page, error) {
	if err := l.Limiter.Wait(ctx); err != nil {
		return air.Page{}, err
	}
	sent := time.Now()
	got, err := l.API.List(ctx, q)
	l.answered(err)
	if err == nil {
		l.learned.observeDate(got.Date, sent, time.Now())
	}
	return got, err
}

// answered records whether AiR answered a list request of this run, and warns when lists cannot be read.
func (l *lookups) answered(err error) {
	if l.unreadable.Observe(err) {
		l.warnUnreadable(err)
	}
	var e *air.Error
	if err == nil || errors.As(err, &e) && e.Status != 0 {
		l.anyAnswer.Store(true)
	}
}
