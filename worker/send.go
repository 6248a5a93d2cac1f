package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

const (
	backoffBase = 500 * time.Millisecond
	backoffCap  = 30 * time.Second
	// outageCap is the longest wait between two canaries of an outage.
	outageCap = 5 * time.Minute
)

// work sends one item after the other until the run ends.
func (p *Pool) work(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		switch p.next(ctx) {
		case BackOff:
			failures++
			_ = ratelimit.Sleep(ctx, ratelimit.Jitter(failures, backoffBase, backoffCap)) // an early end is seen above
		case GoOn:
			failures = 0
		}
	}
}

// next takes one item through the turnstile and the gate and sends it. It returns what this worker does then; End if
// nothing was sent.
func (p *Pool) next(ctx context.Context) Action {
	select {
	case <-ctx.Done():
		return End
	case p.turnstile <- struct{}{}:
	}
	through := sync.OnceFunc(func() { <-p.turnstile })
	defer through()
	pass, err := p.gate.Enter(ctx)
	if err != nil {
		return End
	}
	defer func() { p.gate.Leave(pass) }()
	c, err := p.take(ctx, pass)
	switch {
	case errors.Is(err, errNothing):
		return End
	case err != nil:
		p.fail("claim items from the queue", err)
		return End
	}
	if p.mayBeSent(c) {
		through() // others need not wait for its window
		settled := false
		if pass, settled = p.awaitSettled(ctx, pass, c); !settled {
			p.release(c)
			return End
		}
		if done, action := p.lookAgain(ctx, pass, c); done {
			return action
		}
	}
	for !p.mayGo(ctx, pass) {
		// What was looked up stays true while AiR throttles: nobody else sends this item. Were it thrown away, each
		// burst of lookups of which a single one is throttled would be for nothing, and the run would never get on.
		renewed, ok := p.renew(ctx, pass, c)
		if !ok {
			p.release(c)
			return End
		}
		pass = renewed
	}
	through()
	p.progress.sending()
	// Once on its way, a request is always awaited: its answer is worth a job.
	job := p.newJob(c)
	o := p.API.Submit(context.WithoutCancel(ctx), job)
	if o.Misplaced {
		o.Message = o.Misplacement(job)
	}
	return p.applyVerdict(pass, c, o)
}

// renew returns a new pass for an item that was looked up, once the hold that made the old one void is over; see
// [ratelimit.Gate.Renew].
func (p *Pool) renew(ctx context.Context, pass ratelimit.Pass, c queue.Claimed) (ratelimit.Pass, bool) {
	if !p.mayBeSent(c) {
		return pass, false
	}
	return p.gate.Renew(ctx, pass)
}

// mayGo waits for a token and reports whether the item may then be sent: the pass is valid, and the queue is in its place.
func (p *Pool) mayGo(ctx context.Context, pass ratelimit.Pass) bool {
	return p.Limiter.Wait(ctx) == nil && pass.Valid() && p.checkPlace(pass.Canary) && ctx.Err() == nil
}

// placeCheckedFor is how long one check of the queue's place serves further requests: a stat costs a tenth of a request at
// full rate.
const placeCheckedFor = time.Millisecond

// checkPlace reports whether the file at the queue's path is still the one that is open, and ends the run if it is not. It
// is called before each POST; a canary, such as the first after a pause, always needs a new check.
func (p *Pool) checkPlace(canary bool) bool {
	if at := p.placeCheckedAt.Load(); !canary && at != nil && time.Since(*at) < placeCheckedFor {
		return true
	}
	now := time.Now()
	if err := queue.CheckPlace(p.Store); err != nil {
		p.fail("check that the queue file is in its place", err)
		return false
	}
	p.placeCheckedAt.Store(&now)
	return true
}

// mayBeSent reports whether the item may have been sent before: by this queue, or, if its batch was adopted without proof
// that AiR has no other jobs, by one that was lost.
func (p *Pool) mayBeSent(c queue.Claimed) bool { return c.Sent || p.unproven[c.Batch] }

// lookAgain looks an item up that may have been sent before, immediately before its next POST. It reports whether that settled
// this turn. The lookup takes its own tokens.
func (p *Pool) lookAgain(ctx context.Context, pass ratelimit.Pass, c queue.Claimed) (bool, Action) {
	began := time.Now()
	found, err := p.lookup(ctx, c)
	switch {
	case err == nil && found == (joblist.Found{}):
		return false, GoOn
	case err == nil:
		p.results <- outcome{Result: p.settled(c, found), claimed: c, sent: began}
		return true, GoOn
	}
	p.release(c)
	if ctx.Err() != nil {
		return true, End
	}
	if s := joblist.StopOf(err); s != nil {
		p.stop(s)
		return true, End
	}
	p.Log.Warn().Str("key", c.Key).Err(err).Msg("cannot look up an item that may have been sent before; it is not sent until the lookup succeeds")
	action := BackOff
	if joblist.IsThrottled(err) {
		action = Slow
	}
	p.setBack(pass, Verdict{Action: action, Throttled: action == Slow}, proxyOf(err), err.Error())
	return true, BackOff
}

// applyVerdict does what the verdict on an outcome says.
func (p *Pool) applyVerdict(pass ratelimit.Pass, c queue.Claimed, o air.Outcome) Action {
	// What an earlier run had accepted at this address shows that it is AiR's, unless something answers 2xx in its place.
	v := Judge(o, p.answered.Load() || o.Status >= 300 && p.isKnown())
	if o.Status != 0 {
		p.anyAnswer.Store(true)
		p.observeDate(o.Date, o.Sent, o.Ended)
	}
	if v.State != queue.Submitted {
		p.remember(c, o)
	}
	r := queue.Result{
		Batch: c.Batch, Seq: c.Seq, To: v.State, Sent: o.Written, Attempted: v.Attempted, Refund: v.Refund,
		HTTPStatus: o.Status, Code: o.Code, Message: o.Message, At: o.Ended.UTC(),
	}
	if r.Message == "" && o.Err != nil {
		r.Message = o.Err.Error()
	}
	if v.State == queue.Submitted {
		r.JobID = o.JobID
		p.answered.Store(true)
		p.accepted()
		p.mixups.reset()
	}
	if v.Action == ForeignAnswer && c.Attempts+1 >= p.MaxAttempts {
		r.To, v.State = queue.Failed, queue.Failed
	}
	if v.Action == ForeignAnswer && r.Message == "" {
		r.Message = "the answer is not AiR's: " + describe(o)
	}
	p.logOutcome(c, o, v)
	p.react(pass, c, o, v)
	p.results <- outcome{Result: r, claimed: c, sent: o.Sent} // last, so that a stop is known before the claim ends
	p.progress.booked(v.State)
	return v.Action
}

// react turns the run's wheel: gate, stop, outage, failure limit.
func (p *Pool) react(pass ratelimit.Pass, c queue.Claimed, o air.Outcome, v Verdict) {
	if v.Action != BackOff {
		p.trouble.over(v)
	}
	if v.Action != Wait && o.Status != 0 {
		p.refusals.answered(v)
	}
	switch v.Action {
	case GoOn:
		p.gate.Open(pass)
		if pass.Canary {
			p.progress.because("")
		}
		if v.State == queue.Submitted {
			p.clearStored()
		}
		p.itemDecided(c.Batch, c.Seq, v.State == queue.Failed, describe(o))
	case MixUp:
		p.countMixUp(&p.mixups, o.Sent, "item "+strconv.Quote(c.Key)+": "+o.Message)
	case Slow, BackOff:
		p.setBack(pass, v, o.Proxy, describe(o))
	case Wait:
		p.waitForRate(pass, o)
	case Pause:
		p.pauseForCap(pass, o, "daily cap reached: "+describe(o))
	case ForeignAnswer:
		p.foreignAnswer(c, o, v)
	case StopQuota, StopForbidden:
		p.stopForQuota(v.Action, o)
	case StopAccess:
		p.stop(accessRefused(o))
	case StopCredentials, StopSetup:
		s := stop.BadCredentials(nil)
		if v.Action == StopSetup {
			s = stop.NotAiR(nil)
		}
		s.Text += " (" + describe(o) + ")"
		if v.Action == StopSetup && !o.Cut && o.Status >= 300 {
			s.Text += fmt.Sprintf("; this was the answer for %q: if other objects are accepted, take this one out with `airlift cancel BATCH --key KEY`", c.Key)
		}
		p.stop(s)
	}
}

// newJob puts the body of the POST together: the row's own fields, else the batch's
// settings.
func (p *Pool) newJob(c queue.Claimed) air.NewJob {
	settings := p.settings[c.Batch]
	f := settings.Fields(&c.Item)
	return air.NewJob{
		Name: p.lists[c.Batch].Name(&c.Item), Priority: f.Priority, Services: f.Services, Batch: c.Batch,
		Destination: air.Destination{Bucket: f.DestinationBucket, Region: f.DestinationRegion},
		Source:      air.Source{Endpoint: air.EndpointHost(f.SourceEndpoint), Bucket: c.Bucket, Region: f.SourceRegion, ObjectKey: c.Key},
	}
}

// release puts a claimed item back that was not sent.
func (p *Pool) release(c queue.Claimed) {
	p.results <- outcome{Result: queue.Result{Batch: c.Batch, Seq: c.Seq, To: queue.Pending, Refund: true, At: time.Now().UTC()}}
}

// describe tells of an outcome in a few words.
func describe(o air.Outcome) string {
	var parts []string
	if o.Status != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", o.Status))
	}
	for _, s := range []string{o.Code, o.Message} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if o.Foreign && o.Excerpt != "" {
		parts = append(parts, fmt.Sprintf("%q", o.Excerpt))
	}
	if o.Err != nil {
		parts = append(parts, o.Err.Error())
	}
	if len(parts) == 0 {
		return "no answer"
	}
	return strings.Join(parts, " ")
}

func (p *Pool) logOutcome(c queue.Claimed, o air.Outcome, v Verdict) {
	e := p.Log.Debug()
	if v.State == queue.Failed || v.State == queue.InDoubt {
		e = p.Log.Warn()
	}
	e.Str("batch", c.Batch).Int64("line", c.Line).Str("key", c.Key).Str("state", string(v.State))
	for _, f := range []struct{ name, value string }{{"job_id", o.JobID}, {"code", o.Code}, {"error", o.Message}} {
		if f.value != "" {
			e.Str(f.name, f.value)
		}
	}
	if o.Status != 0 {
		e.Int("status", o.Status)
	}
	e.AnErr("cause", o.Err).Stringer("took", o.Ended.Sub(o.Sent).Round(time.Millisecond)).Msg("answer")
}
