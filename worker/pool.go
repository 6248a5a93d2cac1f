package worker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

// Pool submits the items of some batches. Make one with [New], use it for one [Pool.Run].
type Pool struct {
	Config
	gate           *ratelimit.Gate
	clock          serverClock
	failures       failureCounter
	trouble        trouble
	unreadable     unreadable
	mixups         mixups
	refusals       refusals
	doubts         doubts
	results        chan outcome
	ahead          chan queue.Claimed
	wishes         chan *wish
	turnstile      chan struct{}
	freed          *signal // claims were finished
	settings       map[string]queue.Settings
	unproven       map[string]bool // see [queue.Batch]
	lists          map[string]*joblist.Batch
	unadopted      *stop.Error // of a batch that is left out, because its adoption has not ended well
	attempts       attempts
	answered       atomic.Bool               // a job was accepted in this run
	anyAnswer      atomic.Bool               // AiR, or something in its place, answered in this run
	settleWaits    atomic.Int64              // items that wait for their settle window
	settleLogged   sync.Once                 // a log line says that something waits for it
	placeCheckedAt atomic.Pointer[time.Time] // when the queue file was last seen in its place

	matchChecks map[string]*matchCheck

	booking     sync.Mutex
	outstanding int         // claimed and not durably finished; guarded by booking
	moves       int         // counts the changes of outstanding; guarded by booking
	budget      int64       // what MaxItems leaves; guarded by booking
	stopped     *stop.Error // the gravest so far; guarded by booking
	cancel      context.CancelCauseFunc

	storing    sync.Mutex
	stored     queue.Gate // as the queue has it; guarded by storing
	stoppedNow bool       // this run met the quota; guarded by storing

	clockFromBefore bool      // an earlier run learned AiR's clock
	clockJumped     sync.Once // to warn

	knowing sync.Mutex
	server  queue.Server // as the queue has it; guarded by knowing

	progress progress
}

// New returns a pool for one run.
func New(c Config) (*Pool, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Pool{
		Config:      c,
		failures:    failureCounter{limit: c.MaxFailures},
		trouble:     trouble{threshold: 2 * c.Workers, giveUp: c.GiveUp},
		doubts:      doubts{arrived: newSignal()},
		results:     make(chan outcome, lookahead*c.Workers),
		ahead:       make(chan queue.Claimed, lookahead*c.Workers),
		wishes:      make(chan *wish, 1),
		turnstile:   make(chan struct{}, c.Workers),
		freed:       newSignal(),
		settings:    map[string]queue.Settings{},
		unproven:    map[string]bool{},
		lists:       map[string]*joblist.Batch{},
		matchChecks: map[string]*matchCheck{},
		budget:      c.MaxItems,
	}
	if r := float64(c.Limiter.Rate()); r <= lookaheadFrom {
		// A claim is made while the one before it waits for its token: one stands ahead at 5 requests a second, a few
		// at 100, where a commit takes as long as several tokens.
		p.turnstile = make(chan struct{}, min(1+int(r/20), c.Workers))
	}
	return p, nil
}

// Run works until nothing of the batches is left and Fed is closed, and returns nil then, whatever became of the items.
// An end before that is a *stop.Error, or ctx's cause: when ctx is done no new request is sent, what is in flight is
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
	p.cancel = cancel

	var senders, finisher sync.WaitGroup
	finisher.Go(p.keepBooks)
	if !p.LookupsOnly {
		for range p.Workers {
			senders.Go(func() { p.work(run) })
		}
		if p.looksAhead() {
			senders.Go(func() { p.claimAhead(run) })
		}
		senders.Go(func() { p.watchPause(run) })
	}
	senders.Go(func() { p.settle(run) })
	senders.Go(func() { p.watchFeed(run) })
	senders.Wait()
	p.releaseAhead()
	close(p.results)
	finisher.Wait()
	p.progress.set(func(s *Snapshot) { s.Activity, s.PausedUntil = Idle, p.gate.PausedUntil() })

	p.booking.Lock()
	defer p.booking.Unlock()
	if p.unadopted != nil && (p.stopped == nil || p.unadopted.Reason < p.stopped.Reason) {
		p.stopped = p.unadopted
	}
	switch {
	case p.stopped != nil:
		return p.stopped
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return nil
}

// prepare reads what the queue keeps of earlier runs.
func (p *Pool) prepare(ctx context.Context) error {
	account, err := p.Store.Account(ctx, p.Account, 0)
	if err != nil {
		return err
	}
	g := account.Gate
	g.Reason = strings.Join(strings.Fields(g.Reason), " ") // it stands within messages, and the file may be from elsewhere
	p.stored = g
	p.server = account.Server
	p.trustStored()
	if g.PausedUntil.After(time.Now().Add(24*time.Hour + p.Grace)) {
		p.Log.Warn().Time("paused_until", g.PausedUntil).Msg("the stored pause ends more than a day ahead, which no daily cap can cause: it is void")
		g.PausedUntil = time.Time{}
	}
	p.gate = ratelimit.NewGate(g.PausedUntil, p.Limiter.Drain)
	var work []string
	for _, id := range p.Batches {
		b, err := p.Store.Batch(ctx, id)
		if err != nil {
			return err
		}
		if b.Adopting && !p.TrustQueue && !p.LookupsOnly {
			p.unadopted = p.adoptFirst(id)
			continue
		}
		work = append(work, id)
		p.settings[id], p.unproven[id] = b.Settings, b.Unproven
		names, err := queue.NewNamer(b)
		if err != nil {
			return err
		}
		p.lists[id] = joblist.NewBatch(joblist.Config{
			Store: p.Store, List: p.list, ID: id, Unproven: b.Unproven, Opened: p.Opened, Settle: p.Settle,
			AdoptCommand: p.AdoptCommand, Log: p.Log,
		}, names)
		p.matchChecks[id] = &matchCheck{lock: make(chan struct{}, 1)}
		if err := p.loadDoubts(ctx, id); err != nil {
			return err
		}
	}
	if p.unadopted != nil {
		if len(work) == 0 {
			return p.unadopted
		}
		p.Log.Error().Msg(p.unadopted.Text)
	}
	p.Batches = work
	p.progress.start()
	if until := p.gate.PausedUntil(); !until.IsZero() {
		p.progress.paused(until, g.Reason)
		if !p.LookupsOnly {
			p.Log.Info().Time("paused_until", until).Str("reason", g.Reason).Msg("paused by an earlier run: nothing is sent until then")
		}
	}
	return nil
}

// stop ends the run; of several reasons the gravest counts.
func (p *Pool) stop(s *stop.Error) {
	p.booking.Lock()
	if p.stopped == nil || s.Reason < p.stopped.Reason {
		p.stopped = s
	}
	p.booking.Unlock()
	p.cancel(s)
}

// isStopped reports whether the run was stopped already.
func (p *Pool) isStopped() bool {
	p.booking.Lock()
	defer p.booking.Unlock()
	return p.stopped != nil
}

// fail stops the run for an error that is nobody's answer: the queue's.
func (p *Pool) fail(step string, err error) {
	var s *stop.Error
	if errors.As(err, &s) {
		p.stop(s)
		return
	}
	p.stop(&stop.Error{Reason: stop.Unexpected, Text: step, Err: err})
}

// watchFeed looks for the end once no more items will come.
func (p *Pool) watchFeed(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-p.Fed:
		p.endIfDone(ctx)
	}
}

// endIfDone ends the run if nothing is left to do. It is called after everything that may have been the last.
func (p *Pool) endIfDone(ctx context.Context) {
	select {
	case <-p.Fed:
	default:
		return
	}
	quiet, moves := p.quiet()
	if !quiet {
		return
	}
	if p.doubts.waiting() > 0 {
		p.showDoubtsWait(ctx)
		return
	}
	if !p.LookupsOnly {
		if pending, err := p.pending(ctx); err != nil || pending > 0 {
			return
		}
	}
	// An item claimed, or put back, while the rest was looked at is seen by this, and ends in another call.
	if _, now := p.quiet(); now != moves {
		return
	}
	p.cancel(errDone)
}

// quiet reports whether no claim is under way, and how many changes of that there were.
func (p *Pool) quiet() (bool, int) {
	p.booking.Lock()
	defer p.booking.Unlock()
	return p.outstanding == 0, p.moves
}

// pending counts what waits to be claimed.
func (p *Pool) pending(ctx context.Context) (int64, error) {
	var n int64
	for _, id := range p.Batches {
		b, err := p.Store.Batch(context.WithoutCancel(ctx), id)
		if err != nil {
			return 0, err
		}
		n += b.Counts.Pending
	}
	return n, nil
}

// listAnswered records whether AiR answered a list request of this pool, and warns when lists cannot be read.
func (p *Pool) listAnswered(err error) {
	if p.unreadable.observe(err) {
		p.warnUnreadable(err)
	}
	var e *air.Error
	if err == nil || errors.As(err, &e) && e.Status != 0 {
		p.anyAnswer.Store(true)
	}
}

// list asks for one page of jobs in a run.
func (p *Pool) list(ctx context.Context, q air.ListQuery) (air.Page, error) {
	if err := p.Limiter.Wait(ctx); err != nil {
		return air.Page{}, err
	}
	sent := time.Now()
	got, err := p.API.List(ctx, q)
	p.listAnswered(err)
	if err == nil {
		p.observeDate(got.Date, sent, time.Now())
	}
	return got, err
}

// lookup asks AiR for the item's job; see [joblist.Batch.Lookup].
func (p *Pool) lookup(ctx context.Context, c queue.Claimed) (joblist.Found, error) {
	return p.lists[c.Batch].Lookup(ctx, c, joblist.Attempt{
		Settled: p.settledAt(c), Began: func() time.Time { return p.attemptBegan(c) },
	})
}

// errDone ends the pool's own goroutines when nothing is left.
var errDone = errors.New("nothing is left")
