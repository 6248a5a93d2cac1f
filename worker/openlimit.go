package worker

import (
	"context"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/openjobs"
	"airlift/worker/stop"
	"airlift/worker/trial"
)

// openLimit keeps the jobs that are unfinished at AiR below --max-open, and follows those of canary samples.
type openLimit struct {
	*shared
	lookups *lookups
	freed   func() // items may be claimed again
	limit   openjobs.Limit
}

// prepare makes what follows jobs. With a limit, the open jobs of earlier runs count too.
func (o *openLimit) prepare(ctx context.Context) error {
	c := openjobs.Config{API: o, Settle: o.Settle, OnEnd: o.ended, Stop: o.stop, Log: o.Log}
	if o.live.get().MaxOpen > 0 && !o.LookupsOnly {
		all, err := o.Store.Batches(ctx)
		if err != nil {
			return err
		}
		c.Earlier = openjobs.EarlierOf(all, o.Account, o.Opened, o.Settle)
	}
	o.limit.Counter = openjobs.New(c)
	o.trials.Follow(o.limit.Counter)
	return nil
}

// List implements [openjobs.API].
func (o *openLimit) List(ctx context.Context, q air.ListQuery) (air.Page, error) {
	return o.lookups.page(ctx, q)
}

// JobStatus implements [openjobs.API].
func (o *openLimit) JobStatus(ctx context.Context, id string) (air.JobState, error) {
	return o.ask(ctx, id, o.API.JobStatus)
}

// jobErrors asks for the errors of a job.
func (o *openLimit) jobErrors(ctx context.Context, id string) (air.JobState, error) {
	return o.ask(ctx, id, o.API.JobErrors)
}

// ask asks for a job after a token of the limiter.
func (o *openLimit) ask(ctx context.Context, id string, ask func(context.Context, string) (air.JobState, error)) (air.JobState, error) {
	if err := o.Limiter.Wait(ctx); err != nil {
		return air.JobState{}, err
	}
	return ask(ctx, id)
}

// ended takes ends of jobs.
func (o *openLimit) ended(ends []openjobs.End) {
	o.trials.End(ends)
	o.freed()
}

// stored takes results that are durable.
func (o *openLimit) stored(results []queue.Result) {
	if o.live.get().MaxOpen > 0 {
		for i := range results {
			if r := &results[i]; r.To == queue.Submitted {
				o.limit.Add(openjobs.Job{Batch: r.Batch, ID: r.JobID, At: r.At})
			}
		}
	}
	o.trials.Store(results)
}

// room returns how many of n items may be claimed while so many claims are outstanding. What is in doubt may have a job.
func (o *openLimit) room(n, outstanding int) int {
	return o.limit.Room(n, outstanding+o.lookups.pending.Waiting())
}

// decided stores a trial that has passed or failed. If it failed, nothing more of the batch is sent.
func (p *Pool) decided(batch string, outcome queue.Trial) {
	if err := p.setBatchControl(batch, func(c *queue.BatchControl) { c.Trial = &outcome }); err != nil {
		p.fail("store the result of the canary sample in the queue", err)
	}
}

// setBatchControl changes what is set for a batch and stores it. A trial does not go back to an earlier state.
func (p *Pool) setBatchControl(id string, change func(*queue.BatchControl)) error {
	p.setting.Lock()
	defer p.setting.Unlock()
	b, err := p.Store.Batch(context.Background(), id)
	if err != nil {
		return err
	}
	c := b.Control
	if change(&c); !c.Trial.After(b.Control.Trial) {
		c.Trial = b.Control.Trial
	}
	if err := p.Store.SetBatchControl(context.Background(), id, c); err != nil {
		return err
	}
	p.batches.control(id, c)
	return p.applyTrial(id, c.Trial, b.Control.Trial)
}

// applyTrial begins a trial, or acts on its result.
func (p *Pool) applyTrial(id string, now, before *queue.Trial) error {
	switch {
	case p.LookupsOnly || !now.After(before):
		return nil
	case now.State == queue.TrialFailed:
		p.refuse(id, trial.Stop(id, *now))
		return p.trials.Begin(context.Background(), id, now)
	case before.Holds() && before.State == queue.TrialFailed:
		p.Readmit(id)
	}
	err := p.trials.Begin(context.Background(), id, now)
	if err == nil && before.Holds() && (p.Forever || p.batches.isGuest(id)) {
		return p.Join(context.Background(), id) // it may have been refused
	}
	p.batches.changed.Fire()
	return err
}

// refuse ends the run's work on a batch.
func (p *Pool) refuse(id string, why *stop.Error) {
	p.Log.Error().Str("batch", id).Err(why).Msg("nothing more of this batch is sent in this run")
	if !p.batches.isGuest(id) {
		p.leaveOut(why)
	}
	p.batches.refuse(id, why)
}
