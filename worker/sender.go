package worker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/bottleneck"
	"airlift/worker/joblist"
	"airlift/worker/slots"
	"airlift/worker/stop"
	"airlift/worker/verdict"
)

const (
	backoffBase = 500 * time.Millisecond
	backoffCap  = 30 * time.Second
)

// sender sends items with several workers. Each takes one item at a time from the scheduler to a verdict.
type sender struct {
	*shared
	scheduler      *scheduler
	lookups        *lookups
	pauses         *pauses
	slots          slots.Slots
	settleWaits    atomic.Int64              // workers that wait for a settle window
	placeCheckedAt atomic.Pointer[time.Time] // when the queue file was last seen in its place
}

// run keeps as many workers at work as the limits say, until ctx is done.
func (s *sender) run(ctx context.Context) {
	var workers sync.WaitGroup
	var ends []context.CancelFunc
	for ctx.Err() == nil {
		changed := s.live.changed.Wait()
		n := s.live.get().Workers
		for len(ends) < n {
			working, end := context.WithCancel(ctx)
			ends = append(ends, end)
			workers.Go(func() { s.work(working) })
		}
		for len(ends) > n { // their requests in flight are still awaited
			ends[len(ends)-1]()
			ends = ends[:len(ends)-1]
		}
		s.slots.Changed()
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
	workers.Wait()
	for _, end := range ends {
		end()
	}
}

// work sends one item after the other until the run ends.
func (s *sender) work(ctx context.Context) {
	failures := 0
	at := s.phases.Begin()
	defer at.End()
	toEnd := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		at.Enter(bottleneck.Rest)
		switch s.next(ctx, toEnd, at) {
		case verdict.BackOff:
			failures++
			at.Enter(bottleneck.BackOff)
			_ = ratelimit.Sleep(ctx, ratelimit.Jitter(failures, backoffBase, backoffCap)) // the loop sees the end of ctx
		case verdict.GoOn:
			failures = 0
		}
	}
}

// next takes one item through a claim slot and the gate and sends it. It returns what this worker does then; End if nothing
// was sent. The answer of a sent request is always awaited: toEnd is ctx without its end.
func (s *sender) next(ctx, toEnd context.Context, at *bottleneck.Worker) verdict.Action {
	if !s.slots.Acquire(ctx) {
		return verdict.End
	}
	held := true
	through := func() {
		if held {
			held = false
			s.slots.Release()
		}
	}
	defer through()
	at.Enter(bottleneck.Pass)
	pass, err := s.gate.Enter(ctx)
	if err != nil {
		return verdict.End
	}
	defer func() { s.gate.Leave(pass) }()
	at.Enter(bottleneck.Claim)
	c, err := s.scheduler.next(ctx, pass)
	switch {
	case errors.Is(err, errNothing):
		return verdict.End
	case err != nil:
		s.fail("claim items from the queue", err)
		return verdict.End
	case !s.batches.maySend(c.Batch) || !s.trials.Allows(c.Batch, c.Seq) || !s.media.Allows(&c):
		// It left meanwhile, was paused, a sample goes first, or it goes beyond the budget.
		s.release(c)
		return verdict.End
	}
	if s.mayBeSent(c) {
		through() // others need not wait for its window
		settled := false
		at.Enter(bottleneck.Settle)
		if pass, settled = s.awaitSettled(ctx, pass, c); !settled {
			s.release(c)
			return verdict.End
		}
		at.Enter(bottleneck.LookUp)
		if done, action := s.lookAgain(ctx, pass, c); done {
			return action
		}
	}
	at.Enter(bottleneck.Space)
	for !s.mayGo(ctx, pass) {
		// The lookup's result stays valid while AiR throttles, because nobody else sends this item. Otherwise one
		// throttled lookup would void a whole burst of them, and the run would make no progress.
		renewed, ok := s.renew(ctx, pass, c)
		if !ok {
			s.release(c)
			return verdict.End
		}
		pass = renewed
	}
	through()
	at.Enter(bottleneck.Request)
	s.Observer.Sent(c.Batch)
	job := s.newJob(c)
	o := s.API.Submit(toEnd, job)
	at.Enter(bottleneck.Claim) // handing the result over may have to wait for a commit, too
	if o.Misplaced {
		o.Message = o.Misplacement(job)
	}
	return s.applyVerdict(pass, c, o)
}

// renew returns a new pass for an item that was looked up, once the hold that made the old one void is over; see
// [ratelimit.Gate.Renew].
func (s *sender) renew(ctx context.Context, pass ratelimit.Pass, c queue.Claimed) (ratelimit.Pass, bool) {
	if !s.mayBeSent(c) {
		return pass, false
	}
	return s.gate.Renew(ctx, pass)
}

// mayGo waits for a token and reports whether the item may be sent: the pass is valid and the queue file was not replaced.
func (s *sender) mayGo(ctx context.Context, pass ratelimit.Pass) bool {
	if s.Limiter.Wait(ctx) != nil {
		return false
	}
	s.hours.Update()
	return pass.Valid() && s.checkPlace(pass.Canary) && ctx.Err() == nil
}

// placeCheckedFor is how long one check of the queue file is valid: a stat costs a tenth of a request at
// full rate.
const placeCheckedFor = time.Millisecond

// checkPlace reports whether the file at the queue's path is still the one that is open, and ends the run if it is not. It
// is called before each POST; a canary, such as the first after a pause, always needs a new check.
func (s *sender) checkPlace(canary bool) bool {
	if at := s.placeCheckedAt.Load(); !canary && at != nil && time.Since(*at) < placeCheckedFor {
		return true
	}
	now := time.Now()
	if err := queue.CheckPlace(s.Store); err != nil {
		s.fail("check that the queue file is in its place", err)
		return false
	}
	s.placeCheckedAt.Store(&now)
	return true
}

// mayBeSent reports whether the item may have been sent before: by this queue, or, if its batch was adopted without proof
// that AiR has no other jobs, by one that was lost.
func (s *sender) mayBeSent(c queue.Claimed) bool { return c.Sent || s.batches.get(c.Batch).Unproven }

// lookAgain looks up an item that may have been sent before, immediately before its next POST. It reports whether the item
// needs no POST now. The lookup takes its own tokens.
func (s *sender) lookAgain(ctx context.Context, pass ratelimit.Pass, c queue.Claimed) (bool, verdict.Action) {
	began := time.Now()
	found, err := s.lookups.lookup(ctx, c)
	switch {
	case err == nil && found == (joblist.Found{}):
		return false, verdict.GoOn
	case err == nil:
		s.results <- claimResult{Result: s.lookups.conclude(c, found), claimed: c, sent: began}
		return true, verdict.GoOn
	}
	s.release(c)
	if ctx.Err() != nil {
		return true, verdict.End
	}
	if ended := joblist.StopOf(err); ended != nil {
		s.stop(ended)
		return true, verdict.End
	}
	s.Log.Warn().Str("key", c.Key).Err(err).Msg("cannot look up an item that may have been sent before; it is not sent until the lookup succeeds")
	action := verdict.BackOff
	if joblist.IsThrottled(err) {
		action = verdict.Slow
	}
	s.holdBack(pass, verdict.Verdict{Action: action, Throttled: action == verdict.Slow}, proxyOf(err), err.Error())
	return true, verdict.BackOff
}

// awaitSettled waits for the end of the item's settle window. It returns the pass to use from then on, or
// false if ctx ends or the gate is closed by more than a hold.
func (s *sender) awaitSettled(ctx context.Context, pass ratelimit.Pass, c queue.Claimed) (ratelimit.Pass, bool) {
	wait := time.Until(s.settledAt(c))
	if waiting := s.settleWaits.Add(1); wait > 0 && (pass.Canary || waiting == int64(s.live.get().Workers)) {
		s.showSettleWait(wait)
	}
	defer func() {
		s.settleWaits.Add(-1)
		s.gate.Unexplain(settleReason)
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return pass, false
		case <-timer.C:
			return pass, true
		case <-pass.Void():
			renewed, ok := s.gate.Renew(ctx, pass)
			if !ok {
				return pass, false
			}
			pass = renewed
		}
	}
}

// newJob returns the body of the POST, made of the row's own fields, else of the batch's settings.
func (s *sender) newJob(c queue.Claimed) air.NewJob {
	b := s.batches.get(c.Batch)
	f := b.settings.Fields(&c.Item)
	return air.NewJob{
		Name: b.Name(&c.Item), Priority: f.Priority, Services: f.Services, Batch: c.Batch,
		Destination: air.Destination{Bucket: f.DestinationBucket, Region: f.DestinationRegion},
		Source:      air.Source{Endpoint: air.EndpointHost(f.SourceEndpoint), Bucket: c.Bucket, Region: f.SourceRegion, ObjectKey: c.Key},
	}
}

// outageThreshold returns how many bad outcomes in a row are an outage.
func (s *shared) outageThreshold() int { return 2 * s.live.get().Workers }

// throttledFor returns how long to hold all requests after so many throttling answers without a success between. If the rate is
// found, it has fallen already, which is all that the first one asks for: a wait after each probe would cost more than the probe.
func (s *sender) throttledFor(n int) time.Duration {
	if s.autoRate.On() {
		n--
	}
	if n == 0 {
		return 0
	}
	return ratelimit.Jitter(n, backoffBase, backoffCap)
}

// holdBack holds all requests after throttling or a missing answer. proxy names the proxy that blocked the request,
// if there is one.
func (s *sender) holdBack(pass ratelimit.Pass, v verdict.Verdict, proxy, why string) {
	// Requests that were in flight when the gate was shut add no wait: of many workers throttled at once only one counts. Otherwise a
	// single burst would hold them as long as hours of throttling.
	current := pass.Valid()
	if v.Throttled && current {
		s.gate.Hold(s.throttledFor(s.outage.Throttled()), false)
	}
	if v.Action != verdict.BackOff {
		return
	}
	now := time.Now()
	silence, lasting := "AiR does not answer", "AiR has not answered"
	if proxy != "" {
		silence, lasting = "there is no connection to AiR", "there has been no connection to AiR"
	}
	hold, giveUp := s.outage.Bad(now, s.outageThreshold(), current, pass.Canary, s.anyAnswer.Load())
	switch {
	case giveUp && s.reason() != nil: // an outage does not overwrite a stop
	case giveUp:
		s.stop(stop.Errorf(stop.Unexpected, "%s for %v: %s. What is in doubt is looked up by the next run; run the same command again (--give-up sets how long to wait)",
			lasting, s.outage.Lasting(now).Round(time.Second), why))
	case hold == 0:
		if !s.anyAnswer.Load() { // the host's name may be wrong: it shows from the first request on
			s.gate.Explain(silence + ": " + why)
		}
	case hold > 0:
		if !pass.Canary {
			s.Log.Warn().Stringer("wait", hold.Round(time.Millisecond)).Str("error", why).Msg(silence + ": only a canary is sent from time to time until that changes")
		}
		s.gate.Explain(silence + ": " + why)
		s.gate.Hold(hold, true)
	}
}
