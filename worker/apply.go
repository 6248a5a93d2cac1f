package worker

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/stop"
	"airlift/worker/verdict"
)

// applyVerdict judges an outcome, applies the verdict and passes the result to the committer.
func (s *sender) applyVerdict(pass ratelimit.Pass, c queue.Claimed, o air.Outcome) verdict.Action {
	// A job accepted at this address by an earlier run shows that it is AiR's, but not for a 2xx without a job.
	v := verdict.Judge(o, s.learned.answered.Load() || o.Status >= 300 && s.learned.isKnown())
	if o.Status != 0 {
		s.anyAnswer.Store(true)
		s.learned.observeDate(o.Date, o.Sent, o.Ended)
	}
	if v.State != queue.Submitted {
		s.remember(c, o)
	}
	r := queue.Result{
		Batch: c.Batch, Seq: c.Seq, To: v.State, Sent: o.Written, Attempted: v.Attempted, Refund: v.Refund,
		HTTPStatus: o.Status, Code: o.Code, Message: o.Message, At: o.Ended.UTC(), Duration: o.Ended.Sub(o.Sent),
	}
	if r.Message == "" && o.Err != nil {
		r.Message = o.Err.Error()
	}
	if v.State == queue.Submitted {
		r.JobID = o.JobID
		s.learned.accepted()
		s.mixups.Reset()
	}
	if v.Action == verdict.ForeignAnswer && c.Attempts+1 >= s.live.get().MaxAttempts {
		r.To, v.State = queue.Failed, queue.Failed
	}
	if v.Action == verdict.ForeignAnswer && r.Message == "" {
		r.Message = "the answer is not AiR's: " + verdict.Describe(o)
	}
	s.logOutcome(c, o, v)
	s.Observer.Answered(c.Batch, o, v)
	s.apply(pass, c, o, v)
	s.results <- claimResult{Result: r, claimed: c, sent: o.Sent} // last, so that a stop is known before the claim ends
	return v.Action
}

// apply changes gate, detectors and limits, or ends the run, as a verdict says.
func (s *sender) apply(pass ratelimit.Pass, c queue.Claimed, o air.Outcome, v verdict.Verdict) {
	if v.Action != verdict.BackOff {
		s.outage.Reset(v.Throttled)
	}
	if v.Action != verdict.Wait && o.Status != 0 {
		s.refusals.answered(v)
	}
	switch v.Action {
	case verdict.GoOn:
		s.gate.Open(pass)
		if v.State == queue.Submitted {
			s.pauses.accepted()
		}
		failed, why := v.State == queue.Failed, ""
		if failed {
			why = verdict.Describe(o)
		}
		s.itemDecided(c.Batch, c.Seq, failed, why)
	case verdict.MixUp:
		s.countMixUp(&s.mixups, o.Sent, "item "+strconv.Quote(c.Key)+": "+o.Message)
	case verdict.Slow, verdict.BackOff:
		s.holdBack(pass, v, o.Proxy, verdict.Describe(o))
	case verdict.Wait:
		s.waitForRate(pass, o)
	case verdict.Pause:
		s.pauses.forCap(pass, o, "daily cap reached: "+verdict.Describe(o))
	case verdict.ForeignAnswer:
		s.foreignAnswer(c, o, v)
	case verdict.StopQuota, verdict.StopForbidden:
		s.pauses.stopForQuota(v.Action, o)
	case verdict.StopAccess, verdict.StopCredentials, verdict.StopSetup:
		s.stop(refused(v.Action, c, o))
	}
}

// refused returns the stop for an answer that ends the run.
func refused(a verdict.Action, c queue.Claimed, o air.Outcome) *stop.Error {
	var ended *stop.Error
	switch a {
	case verdict.StopAccess:
		return accessRefused(o)
	case verdict.StopCredentials:
		ended = stop.BadCredentials(nil)
	default:
		ended = stop.NotAiR(nil)
	}
	ended.Text += " (" + verdict.Describe(o) + ")"
	if a == verdict.StopSetup && !o.Cut && o.Status >= 300 {
		ended.Text += fmt.Sprintf("; this was the answer for %q: if other objects are accepted, take this one out with `airlift cancel BATCH --key KEY`", c.Key)
	}
	return ended
}

func (s *sender) logOutcome(c queue.Claimed, o air.Outcome, v verdict.Verdict) {
	e := s.Log.Debug()
	if v.State == queue.Failed || v.State == queue.InDoubt {
		e = s.Log.Warn()
	}
	if !e.Enabled() {
		return
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

// itemDecided counts an item against the failure limit; last describes its failure. At the limit the run ends or, if the batch is a
// guest, which has a count of its own, its part of the run.
func (s *shared) itemDecided(batch string, seq uint64, failed bool, last string) {
	b, count := s.batches.get(batch), &s.failures
	if b.guest {
		count = b.failures
	}
	why := count.Decided(failed, s.live.get().MaxFailures)
	if why == "" || b.refused != nil {
		return
	}
	text := fmt.Sprintf("%s; the last failed with: %s. Check the settings, run `airlift retry BATCH`, then run again (--max-failures sets the limit)", why, last)
	if b, err := s.Store.Batch(context.Background(), batch); err == nil {
		if reading := b.AddedBy(seq); reading > 0 {
			text += fmt.Sprintf(". If reading %d of the sources was wrong (for example by a wrong column), correct them and run again with --replace, "+
				"or cancel what that reading added: %s", reading, s.CancelCommand(batch, reading))
		}
	}
	ended := stop.Errorf(stop.Failures, "%s", text)
	if !b.guest {
		s.stop(ended)
		return
	}
	s.Log.Error().Str("batch", batch).Err(ended).Msg("nothing more of this batch is sent in this run")
	s.batches.refuse(batch, ended)
}
