package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/budget"
	"airlift/worker/stop"
	"airlift/worker/turns"
)

// errNothing: there is no item to send with this pass.
var errNothing = errors.New("nothing to send")

// scheduler decides which item is sent next, and when nothing is left to do. It claims items: for a worker that is free
// or, at rates at which the workers cannot wait for a commit each, ahead of them.
type scheduler struct {
	*shared
	lookups  *lookups
	ahead    chan *queue.Claimed // claimed, and not taken by a worker
	requests chan *claimRequest  // to the committer
	freed    ratelimit.Broadcast // claims were finished
	turns    turns.Fair
	book     budget.Book

	mu sync.Mutex
	// The fields below are guarded by mu.
	outstanding int   // claimed and not durably finished
	guests      int   // those of them that are of guests
	moves       int   // counts the changes of outstanding
	budget      int64 // what MaxItems leaves
}

func newScheduler(r *shared, l *lookups) *scheduler {
	return &scheduler{
		shared: r, lookups: l, book: budget.Book{Learned: r.quota.Learned}, budget: r.MaxItems, requests: make(chan *claimRequest, 1),
		ahead: make(chan *queue.Claimed, lookahead*max(r.Workers, MaxWorkers)),
	}
}

// next returns an item to send, waiting for one to come. It returns errNothing when the pass became void or the run ends.
func (s *scheduler) next(ctx context.Context, pass ratelimit.Pass) (queue.Claimed, error) {
	for {
		select {
		case c := <-s.ahead:
			return *c, nil
		default:
		}
		joined, limits := s.batches.changed.Wait(), s.live.changed.Wait()
		// Workers that wait for items claimed ahead wait for nothing else: each commit would wake all of them in vain.
		var changed, freed <-chan struct{}
		if pass.Canary || !s.looksAhead() {
			changed, freed = s.Store.Changed(), s.freed.Wait()
			got, err := s.claim(ctx)
			if err != nil {
				return queue.Claimed{}, err
			}
			if len(got) == 1 {
				return got[0], nil
			}
		}
		select {
		case <-ctx.Done():
			return queue.Claimed{}, errNothing
		case <-pass.Void():
			return queue.Claimed{}, errNothing
		case c := <-s.ahead:
			return *c, nil
		case <-changed:
		case <-freed:
		case <-joined:
		case <-limits:
		}
	}
}

// contenders returns the batches that have something pending and may be sent.
func (s *scheduler) contenders(ctx context.Context) ([]turns.Contender, error) {
	var all []turns.Contender
	for _, c := range s.batches.sendable() {
		b, err := s.Store.Batch(context.WithoutCancel(ctx), c.ID)
		if err != nil {
			return nil, err
		}
		if only, some := s.trials.Only(c.ID); b.Counts.Pending > 0 && (!some || len(only) > 0) {
			all = append(all, c)
		}
	}
	return all, nil
}

// checked returns the contenders of which it is checked that they fit what AiR holds.
func (s *scheduler) checked(ctx context.Context) ([]turns.Contender, error) {
	all, err := s.contenders(ctx)
	fit := all[:0]
	for _, c := range all {
		switch err := s.checkMatch(ctx, c.ID); {
		case errors.Is(err, errLeft):
		case err != nil && ctx.Err() != nil:
			return nil, errNothing
		case err != nil:
			return nil, err
		default:
			fit = append(fit, c)
		}
	}
	return fit, err
}

// claim makes an intent durable for an item of the batch whose turn it is. No items and no error: there is
// nothing to claim now.
func (s *scheduler) claim(ctx context.Context) ([]queue.Claimed, error) {
	from, err := s.contenders(ctx)
	if err != nil || len(from) == 0 {
		return nil, err
	}
	next := s.turns.Take(from)
	switch err := s.checkMatch(ctx, next.ID); {
	case errors.Is(err, errLeft):
		return nil, nil
	case err != nil && ctx.Err() != nil:
		return nil, errNothing
	case err != nil:
		return nil, err
	}
	n := s.reserve(1, 0)
	if n == 0 {
		s.turns.GiveBack(next, 1)
		return nil, nil
	}
	limits, now := s.budgets()
	// Ignore the end of ctx: a claim that is stored but not handed over would be in doubt needlessly.
	got, _, err := s.Store.Exchange(context.WithoutCancel(ctx), nil, s.request(n, now, limits, next))
	s.claimed(n, got)
	s.turns.GiveBack(next, n-len(got))
	if s.limitReached(err, limits, now) {
		return nil, nil
	}
	if err == nil && (len(got) == 0 || s.batches.isGuest(next.ID)) {
		s.endIfDone(ctx) // the reservation may have kept the last result from ending the run
	}
	return got, err
}

// request returns the request for n items of some batches.
func (s *scheduler) request(n int, now serverTime, l budget.Limits, from ...turns.Contender) queue.ClaimRequest {
	if err := s.quota.Claiming(now.Time); err != nil {
		s.fail("store the quarter of an hour in the queue", err)
	}
	r := queue.ClaimRequest{Holder: s.Holder, Max: n, Day: queue.DayOf(now.Time), DailyLimit: l.Daily, MonthlyLimit: l.Monthly}
	for _, c := range from {
		only, _ := s.trials.Only(c.ID)
		r.Batches, r.Only = append(r.Batches, c.ID), append(r.Only, only)
	}
	return r
}

// looksAhead reports whether items are claimed ahead of the workers.
func (s *scheduler) looksAhead() bool { return s.pace.InForce().Rate > lookaheadFrom }

// claimSlots returns how many workers may hold, or wait for, an item whose request has not been sent.
func (s *scheduler) claimSlots() int {
	l := s.live.get()
	if r := s.pace.InForce().Rate; r <= lookaheadFrom {
		// The next item is claimed while the one before it waits for its token: one ahead at 5 requests a second, a few
		// at 100, where a commit takes as long as several tokens.
		return min(1+int(r/20), l.Workers)
	}
	return l.Workers
}

// most returns how many items may be claimed and unfinished. It keeps the number in doubt after a crash small: what
// the workers have on their way and, where items are claimed ahead, use up while a commit goes on.
func (s *scheduler) most() int {
	const commit = 20 * time.Millisecond
	l := s.live.get()
	if !s.looksAhead() {
		return l.Workers
	}
	most := lookahead * l.Workers
	if r := float64(s.pace.InForce().Rate); r*commit.Seconds() < float64(most-l.Workers) {
		most = l.Workers + 1 + int(r*commit.Seconds())
	}
	return most
}

// room returns how many items may be claimed now, if the same commit finishes freed items.
func (s *scheduler) room(freed int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roomLocked(freed)
}

// roomLocked is room for a caller that holds mu.
func (s *scheduler) roomLocked(freed int) int {
	n := max(s.most()+freed-s.outstanding, 0)
	if s.media.Reached() {
		return 0
	}
	if s.MaxItems > 0 {
		n = int(min(int64(n), max(s.budget, 0)))
	}
	return s.open.room(n, s.outstanding)
}

// reserve takes up to n items from what MaxItems leaves, and counts them as outstanding, of which there are never more
// than most. freed are those that the same commit finishes.
func (s *scheduler) reserve(n, freed int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = min(n, s.roomLocked(freed))
	s.budget -= int64(n)
	s.outstanding += n
	s.moves++
	return n
}

// claimed gives back what was reserved and not claimed.
func (s *scheduler) claimed(reserved int, got []queue.Claimed) {
	guests := 0
	for i := range got {
		if s.batches.isGuest(got[i].Batch) {
			guests++
		}
	}
	n := reserved - len(got)
	s.trials.Claimed(got, n > 0)
	s.media.Claimed(got)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.budget += int64(n)
	s.outstanding -= n
	s.guests += guests
	s.moves++
}

// finished counts claims as finished, some of them of guests and some as never sent, and ends the run when MaxItems is used up.
func (s *scheduler) finished(n, guests, refunded int) {
	s.mu.Lock()
	s.outstanding -= n
	s.guests -= guests
	s.moves++
	s.budget += int64(refunded)
	idle := s.outstanding == 0
	spent := idle && s.MaxItems > 0 && s.budget <= 0
	s.mu.Unlock()
	if spent {
		s.stop(stop.Errorf(stop.Limit, "--max-items %d reached", s.MaxItems))
	}
	if refunded > 0 && s.gate.PauseState(ratelimit.Budget).Paused {
		s.gate.Lift(ratelimit.Budget) // what is given back can be claimed
	}
	if idle && s.media.Reached() { // else what is in flight may be given back
		s.stop(s.media.Stop())
	}
	s.freed.Fire()
}

// idle reports whether no claim is outstanding.
func (s *scheduler) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outstanding == 0
}

// quiet reports whether no claim is outstanding but those of guests, and the number of changes so far.
func (s *scheduler) quiet() (bool, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outstanding == s.guests, s.moves
}

// pending counts what waits to be claimed, but that of guests.
func (s *scheduler) pending(ctx context.Context) (int64, error) {
	var n int64
	for _, id := range s.batches.own() {
		b, err := s.Store.Batch(context.WithoutCancel(ctx), id)
		if err != nil {
			return 0, err
		}
		n += b.Counts.Pending
	}
	return n, nil
}

// hasWork reports whether there is anything to send, guests' items aside.
func (s *scheduler) hasWork(ctx context.Context) bool {
	if quiet, _ := s.quiet(); !quiet {
		return true
	}
	n, err := s.pending(ctx)
	return err == nil && n > 0
}

// watchFeed checks for the end of the run once no more items will come, and whenever a batch leaves or a hold ends.
func (s *scheduler) watchFeed(ctx context.Context) {
	fed := s.Fed
	for ctx.Err() == nil {
		changed, released := s.batches.changed.Wait(), s.holds.released.Wait()
		s.endIfDone(ctx)
		select {
		case <-ctx.Done():
		case <-released:
		case <-fed:
			fed = nil
		case <-changed:
		}
	}
}

// endIfDone ends the run if nothing is left to do. It is called after every event that may be the last.
func (s *scheduler) endIfDone(ctx context.Context) {
	if !s.mayEnd() {
		return
	}
	quiet, moves := s.quiet()
	if !quiet {
		return
	}
	if s.lookups.pending.Waiting() > 0 {
		s.showOnlyDoubts(ctx)
		return
	}
	if !s.LookupsOnly {
		if pending, err := s.pending(ctx); err != nil || pending > 0 || s.onTrial() {
			return
		}
	}
	// If an item was claimed or put back meanwhile, another call follows.
	if _, now := s.quiet(); now != moves {
		return
	}
	s.cancel(errDone)
}

// onTrial reports whether the canary sample of a batch is awaited, guests' aside.
func (s *scheduler) onTrial() bool {
	return slices.ContainsFunc(s.batches.own(), func(id string) bool { return s.trials.Of(id) != nil })
}

// onlySamples reports whether nothing can be claimed, although canary samples are under way.
func (s *scheduler) onlySamples(ctx context.Context) bool {
	from, err := s.contenders(ctx)
	return err == nil && len(from) == 0
}

// onlyLookups reports whether nothing but lookups keeps the run alive.
func (s *scheduler) onlyLookups(ctx context.Context) bool {
	return s.mayEnd() && (s.LookupsOnly || !s.hasWork(ctx))
}

// showOnlyDoubts shows that the run waits for a settle window, if only items in doubt are left.
func (s *scheduler) showOnlyDoubts(ctx context.Context) {
	wait := s.lookups.pending.Next()
	if wait <= 0 || s.LookupsOnly { // reconcile says that it waits
		return
	}
	if pending, err := s.pending(ctx); err == nil && pending == 0 {
		s.showSettleWait(wait)
	}
}
