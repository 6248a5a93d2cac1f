package service

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/stop"
)

// fleet are the runs of one call of [Service.Run], one for each account. What ends one of them never ends another, but for a queue
// that cannot be used any more.
type fleet struct {
	*Service
	r       RunRequest
	several bool          // how the work on each account ends is told
	fed     chan struct{} // closed when the sources are read
	ends    []AccountError

	// moved fires when a run begins or ends, and when one that has ended may begin again.
	moved   ratelimit.Broadcast
	running sync.WaitGroup

	mu sync.Mutex
	// The fields below are guarded by mu.
	ctx    context.Context         // nil: no run begins any more
	end    context.CancelCauseFunc // of ctx
	all    map[string]*accountRun  // by account, those that have ended too
	letEnd chan struct{}           // closed when runs end that the call does not wait for
}

// accountRun is the work on the batches of an account.
type accountRun struct {
	account string
	// batches are those that the call waits for; guest says that it waits for none of the account.
	batches []string
	guest   bool
	config  worker.Config
	pool    *worker.Pool // nil: it could not begin
	over    func()       // records the end at the host
	active  bool         // prepared, and not ended
	begun   bool
	err     error // why it has ended
}

// byAccount returns the ids of batches by their account.
func byAccount(batches []queue.Batch) map[string][]string {
	all := map[string][]string{}
	for _, b := range batches {
		all[b.AccountName()] = append(all[b.AccountName()], b.ID)
	}
	return all
}

// newFleet prepares the runs of a request. An account that cannot be worked is no error if another can.
func (s *Service) newFleet(ctx context.Context, r RunRequest) (*fleet, error) {
	f := &fleet{Service: s, r: r, fed: make(chan struct{}), letEnd: make(chan struct{}), all: map[string]*accountRun{}}
	own := map[string][]string{}
	if r.Serve {
		for _, name := range r.Accounts {
			own[name] = nil
		}
	} else {
		batches, err := s.Named(ctx, r.Batches...)
		if err != nil {
			return nil, err
		}
		own = byAccount(batches)
	}
	if len(own) == 0 {
		own[s.c.Account] = nil
	}
	f.several = len(own) > 1
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs Errors
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if err := f.add(&accountRun{account: name, batches: own[name]}); err != nil {
			errs = append(errs, err)
		}
	}
	switch {
	case len(errs) == 1 && !f.several:
		return nil, errs[0]
	case len(errs) == len(own):
		return nil, errs
	}
	for _, one := range f.all {
		if one.err != nil {
			s.c.Log.Error().Str("account", one.account).Err(one.err).Msg("nothing is sent for this account, and the work on the others goes on")
		}
	}
	return f, nil
}

// run reads and sends at the same time, and returns why that ended.
func (f *fleet) run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	f.mu.Lock()
	f.ctx, f.end = ctx, end
	f.mu.Unlock()
	defer f.c.Host.follow(f)()
	var feeding sync.WaitGroup
	var readErr error
	feeding.Go(func() {
		defer close(f.fed)
		if f.r.Serve {
			readErr = f.serving(ctx)
		} else {
			readErr = f.read(ctx, f.r.Feed)
		}
		if readErr != nil && ctx.Err() == nil {
			end(readErr)
		}
		if f.c.OnFed != nil {
			f.c.OnFed()
		}
	})
	if f.r.ReadFirst != "" {
		f.c.Log.Info().Str("batch", f.r.Feed.Batch).Msg(f.r.ReadFirst)
		<-f.fed // a run that ends meanwhile stops reading
	}
	for i := 0; i < len(f.r.Batches) && f.r.Canary != nil && ctx.Err() == nil; i++ {
		if err := f.chooseSample(ctx, f.r.Batches[i], f.r.Canary); err != nil {
			end(err)
		}
	}
	f.beginAll()
	f.wait()
	var cause error
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	end(nil) // a run that ends early stops reading
	feeding.Wait()
	ends, err := f.outcome(cause)
	f.ends = ends
	return cmp.Or(err, readErr)
}

// beginAll begins the runs that were prepared.
func (f *fleet) beginAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.all {
		if one.active && !one.begun {
			f.begin(one)
		}
	}
}

// configOf returns how the items of an account are sent.
func (r *RunRequest) configOf(account string) (worker.Config, error) {
	if r.PoolOf == nil {
		return r.Pool, nil
	}
	return r.PoolOf(account)
}

// add prepares the run of an account, and records it at the host. The caller holds mu.
func (f *fleet) add(one *accountRun) error {
	f.all[one.account] = one
	c, err := f.r.configOf(one.account)
	if err != nil {
		one.err = err
		return err
	}
	c.Store, c.Batches, c.Account, c.Opened, c.Log = f.c.Store, one.batches, one.account, f.c.Opened, f.c.Log
	c.Fed = f.fed
	if one.guest {
		c.Fed = f.letEnd
	}
	if c.Observer == nil && f.c.Host.Observer != nil {
		c.Observer = f.c.Host.Observer(one.account)
	}
	if f.several {
		c.Log = f.c.Log.With().Str("account", one.account).Logger()
	}
	one.config = c
	if one.pool, one.err = worker.New(c); one.err != nil {
		return one.err
	}
	one.active = true
	one.over = f.c.Host.begin(Running{Account: one.account, Pool: one.pool, Batches: one.batches, Address: c.Address, Since: time.Now()})
	return nil
}

// begin begins the run that was prepared. The caller holds mu.
func (f *fleet) begin(one *accountRun) {
	ctx, endAll := f.ctx, f.end
	one.begun = true
	if f.r.Feed.Reading != nil && slices.Contains(one.batches, f.r.Feed.Batch) { // before the pool can end in a pause
		go func(letEnd func()) { <-f.fed; letEnd() }(one.pool.Hold())
	}
	f.running.Go(func() {
		beside, end := context.WithCancel(ctx)
		var keeping sync.WaitGroup
		if !one.pool.LookupsOnly {
			keeping.Go(func() { f.keepForecasts(beside, one.account, one.pool) })
		}
		err := one.pool.Run(ctx)
		end()
		keeping.Wait()
		one.over()
		f.mu.Lock()
		one.active, one.err = false, err
		others := f.anyActive()
		f.mu.Unlock()
		if errors.Is(err, queue.ErrBroken) || errors.Is(err, queue.ErrReplaced) {
			endAll(err)
		} else if err != nil && others && ctx.Err() == nil {
			f.c.Log.Error().Str("account", one.account).Err(err).Msg("the work on this account has ended, and that on the others goes on")
		}
		f.moved.Fire()
	})
}

// anyActive reports whether a run goes on that the call waits for. The caller holds mu.
func (f *fleet) anyActive() bool {
	for _, one := range f.all {
		if one.active && !one.guest {
			return true
		}
	}
	return false
}

// restart begins the run of an account again, or for the first time. A run that the call did not wait for before is a guest.
func (f *fleet) restart(account string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch old := f.all[account]; {
	case f.ctx == nil || f.r.Pool.LookupsOnly || !f.anyActive():
		return errEnding
	case old != nil && old.active:
		return nil
	case old != nil:
		return f.beginAgain(&accountRun{account: account, batches: old.batches, guest: old.guest})
	}
	return f.beginAgain(&accountRun{account: account, guest: !f.r.Serve})
}

// beginAgain prepares and begins a run. The caller holds mu.
func (f *fleet) beginAgain(one *accountRun) error {
	if err := f.add(one); err != nil {
		return err
	}
	f.begin(one)
	f.moved.Fire()
	return nil
}

// errEnding: the process does not begin runs for others.
var errEnding = errors.New("no run begins any more")

// ended returns why the run of an account has ended, if it has, and whether the fleet had one.
func (f *fleet) ended(account string) (err error, had bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.all[account]
	if one == nil || one.active {
		return nil, one != nil
	}
	return one.err, true
}

// forget lets the run of an account begin again that has ended with an error.
func (f *fleet) forget(account string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.all[account]; one != nil && !one.active {
		one.err = nil
	}
}

// resume begins the run of an account again that has ended.
func (f *fleet) resume(account string) error {
	if _, had := f.ended(account); !had {
		return nil
	}
	f.forget(account)
	if err := f.restart(account); !errors.Is(err, errEnding) {
		return err
	}
	return nil
}

// join begins the run of an account for a batch that another process asks for, and reports whether there is one.
func (f *fleet) join(account string) (bool, error) {
	if err, _ := f.ended(account); err != nil {
		return false, stopOf(account, err)
	}
	err := f.restart(account)
	if errors.Is(err, errEnding) {
		return false, nil
	}
	return err == nil, stopOf(account, err)
}

// stopOf returns an error as a stop for another process, which cannot see the settings of this one.
func stopOf(account string, err error) error {
	if err == nil {
		return nil
	}
	if stopped, is := errors.AsType[*stop.Error](err); is {
		return stopped
	}
	return stop.Errorf(stop.Setup, "the process that holds the queue cannot send for the account %s: %v", account, err)
}

// wait waits until no run goes on that the call waits for, and then ends the others.
func (f *fleet) wait() {
	for {
		moved := f.moved.Wait()
		f.mu.Lock()
		active := f.anyActive()
		if !active {
			f.ctx = nil
			close(f.letEnd)
		}
		f.mu.Unlock()
		if !active {
			f.running.Wait()
			return
		}
		<-moved
	}
}
