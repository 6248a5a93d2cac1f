package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/autorate"
	"airlift/worker/bottleneck"
	"airlift/worker/delayqueue"
	"airlift/worker/openjobs"
	"airlift/worker/pace"
	"airlift/worker/quota"
	"airlift/worker/stop"
	"airlift/worker/timetable"
	"airlift/worker/trial"
)

// Pool submits the items of some batches. Make one with [New], use it for one [Pool.Run].
type Pool struct {
	*shared
	scheduler *scheduler
	sender    *sender
	committer *committer
	lookups   *lookups
	pauses    *pauses
	control   *control
	setting   sync.Mutex // held from the reading of what is set for a batch to its change
}

// New returns a pool for one run.
func New(c Config) (*Pool, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	hours, err := schedule.Parse(c.Hours)
	if err != nil {
		return nil, err
	}
	perSecond := c.Limiter.Rate()
	r := &shared{Config: c, gate: ratelimit.NewGate(c.Limiter.Drain), phases: bottleneck.NewMeter(), results: make(chan claimResult, lookahead*c.Workers)}
	r.cancel = func(error) {}
	r.pace = pace.New(c.Limiter, r.live.changed.Fire)
	r.hours = timetable.New(r.gate, r.pace, hours, r.tellOutside)
	if hours.HasTable() {
		perSecond = ratelimit.Unlimited // the table alone limits it
	}
	r.live.now.Store(&Limits{
		Rate: perSecond, AutoRate: c.AutoRate, MaxRate: c.MaxRate, Hours: hours, Workers: c.Workers, MaxAttempts: c.MaxAttempts, MaxFailures: c.MaxFailures,
		DailyLimit: c.DailyLimit, MonthlyLimit: c.MonthlyLimit, Reserve: c.Reserve, ExitOnCap: c.ExitOnCap, MaxOpen: c.MaxOpen,
	})
	r.media.Budget = c.Budget
	r.batches.known = map[string]workedBatch{}
	r.outage.GiveUp = c.GiveUp
	p := &Pool{shared: r}
	r.learned = &learned{shared: r}
	r.autoRate = autorate.New(c.API, r.pace, r.learned.learn)
	r.API = r.autoRate
	r.quota = quota.New(c.Store, c.Account)
	p.pauses = &pauses{shared: r}
	p.control = &control{shared: r, started: *r.live.get()}
	p.lookups = &lookups{shared: r, pending: delayqueue.New(r.batches.isGuest)}
	p.scheduler = newScheduler(r, p.lookups)
	r.open = &openLimit{shared: r, lookups: p.lookups, freed: p.scheduler.freed.Fire, limit: openjobs.Limit{Most: func() int64 { return r.live.get().MaxOpen }}}
	r.trials = trial.NewBoard(trial.Config{Store: c.Store, Errors: r.open.jobErrors, Decided: p.decided,
		Failed: func(err error) { r.fail("follow the canary sample of a batch", err) }, Log: c.Log})
	p.lookups.scheduler = p.scheduler
	p.sender = &sender{shared: r, scheduler: p.scheduler, lookups: p.lookups, pauses: p.pauses}
	p.sender.slots.Limit = p.scheduler.claimSlots
	p.committer = &committer{shared: r, scheduler: p.scheduler, lookups: p.lookups}
	return p, nil
}

// Run sends the items until none is left of the batches that it was started with, Fed is closed, and nobody holds it. Then it
// returns nil, even if items failed.
// If it ends earlier it returns a *stop.Error or ctx's cause: when ctx is done no new request is sent, requests in flight are
// awaited, and its results are stored. All goroutines have ended when it returns.
func (p *Pool) Run(ctx context.Context) error {
	if err := p.prepare(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx) // it ended before anything began
		}
		return err
	}
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.begin(cancel)

	var roles, committer sync.WaitGroup
	committer.Go(p.committer.run)
	if !p.LookupsOnly {
		roles.Go(func() { p.sender.run(run) })
		roles.Go(func() { p.scheduler.claimAhead(run) })
		roles.Go(func() { p.pauses.watch(run, p.scheduler.hasWork, p.lookups.pending.Waiting) })
		roles.Go(func() { p.pauses.countOthers(run) })
		roles.Go(func() { p.open.limit.Run(run) })
		roles.Go(func() { p.trials.Run(run) })
	}
	roles.Go(func() { p.lookups.run(run) })
	roles.Go(func() { p.scheduler.watchFeed(run) })
	roles.Go(func() { p.scheduler.watchPauses(run) })
	roles.Go(func() { p.hours.Run(run) })
	roles.Wait()
	p.scheduler.releaseAhead()
	close(p.results)
	committer.Wait()
	p.progress.end()
	p.autoRate.Remember()

	stopped := p.reason()
	if left := p.leftOut(); left != nil && (stopped == nil || left.Reason < stopped.Reason) {
		stopped = left
	}
	switch {
	case stopped != nil:
		return stopped
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// prepare loads the state stored by earlier runs.
func (p *Pool) prepare(ctx context.Context) error {
	account, err := p.Store.Account(ctx, p.Account, 0)
	if err != nil {
		return err
	}
	g := account.Gate
	g.Reason = oneLine(g.Reason)
	p.learned.load(account.Server)
	p.autoRate.Load(account.Server.Rate)
	p.pauses.load(g)
	if err := p.control.load(account.Control); err != nil {
		return err
	}
	if err := p.open.prepare(ctx); err != nil {
		return err
	}
	for _, id := range p.Batches {
		var held *stop.Error // its adoption is not complete, or its canary sample has failed
		switch err := p.load(ctx, id, false); {
		case errors.As(err, &held):
			p.leaveOut(held)
		case err != nil:
			return err
		}
	}
	if left := p.leftOut(); left != nil {
		if len(p.batches.worked()) == 0 && !p.Forever {
			return left
		}
		p.Log.Error().Msg(left.Text)
	}
	p.progress.start()
	if p.Budget > 0 && !p.LookupsOnly {
		p.Log.Info().Stringer("budget", p.Budget).Msg(p.media.Text())
	}
	if s := p.gate.PauseState(ratelimit.Cap); s.Paused && !p.LookupsOnly {
		p.Observer.Paused(s)
		p.Log.Info().Time("paused_until", s.Until).Str("reason", s.Reason).Msg("paused by an earlier run: nothing is sent until then")
	}
	return nil
}

// Now returns the time by AiR's clock, as far as known.
func (p *Pool) Now() time.Time { return p.learned.clock.Now() }
