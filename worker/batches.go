package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/failures"
	"airlift/worker/joblist"
	"airlift/worker/stop"
	"airlift/worker/trial"
)

// workedBatch is the state of a batch in a pool.
type workedBatch struct {
	*joblist.Batch
	settings queue.Settings
	control  queue.BatchControl
	check    *matchCheck
	guest    bool // the run does not wait for its end
	// Of guests alone: why nothing more of it is sent in this run, and what has failed.
	refused  error
	failures *failures.Counter
}

// batches are the batches of a pool, in order, and those that left it, which may still have requests in flight.
type batches struct {
	mu      sync.RWMutex
	known   map[string]workedBatch // guarded by mu
	order   []string               // guarded by mu; those that are worked
	changed ratelimit.Broadcast
}

// get returns a batch that is worked or was.
func (b *batches) get(id string) workedBatch {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.known[id]
}

// worked returns the ids of the batches that are worked.
func (b *batches) worked() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clone(b.order)
}

// join appends a batch, and reports whether the pool had it before.
func (b *batches) join(id string, one workedBatch) (again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, ok := b.known[id]; ok {
		one.check, one.guest, one.refused, one.failures, again = old.check, old.guest, old.refused, old.failures, true
		if one.settings.Name == old.settings.Name { // else nothing was sent yet
			one.Batch = old.Batch
		}
	}
	b.known[id] = one
	if !slices.Contains(b.order, id) {
		b.order = append(b.order, id)
	}
	return again
}

// isGuest reports whether the run does not wait for the end of the batch.
func (b *batches) isGuest(id string) bool { return b.get(id).guest }

// own returns the ids of the batches that are worked and whose end the run waits for.
func (b *batches) own() []string {
	return slices.DeleteFunc(b.worked(), b.isGuest)
}

// guests counts the items of guests.
func (b *batches) guests(results []claimResult) (n int) {
	for i := range results {
		if b.isGuest(results[i].Batch) {
			n++
		}
	}
	return n
}

// leave removes a batch from those that are worked, and reports whether it was one of them.
func (b *batches) leave(id string) bool {
	b.mu.Lock()
	at := slices.Index(b.order, id)
	if at >= 0 {
		b.order = slices.Delete(b.order, at, at+1)
	}
	b.mu.Unlock()
	b.changed.Fire()
	return at >= 0
}

// refuse removes a batch from those that are worked, for the rest of the run.
func (b *batches) refuse(id string, why error) {
	b.mu.Lock()
	one := b.known[id]
	one.refused = why
	b.known[id] = one
	b.mu.Unlock()
	b.leave(id)
}

// Readmit forgets why nothing of a guest is sent, for a user who has mended that: the next Join tries it again.
func (p *Pool) Readmit(id string) {
	p.batches.mu.Lock()
	defer p.batches.mu.Unlock()
	if one, known := p.batches.known[id]; known && one.refused != nil {
		one.refused, one.failures = nil, &failures.Counter{}
		p.batches.known[id] = one
	}
}

// Worked returns the batches that the pool works now, in order.
func (p *Pool) Worked() []string { return p.batches.worked() }

// Join adds a batch of the pool's account to those that it works, as a guest: the run does not wait for its end. Of a batch that is
// worked already, the settings and what an operator has set are read again. The error is a *stop.Error if nothing of the batch can be
// sent in this run.
func (p *Pool) Join(ctx context.Context, id string) error {
	if err := p.batches.get(id).refused; err != nil {
		return err
	}
	if err := p.load(ctx, id, true); err != nil {
		return err
	}
	p.batches.changed.Fire()
	return nil
}

// Leave stops claiming items of a batch. Requests in flight are finished, and items in doubt are looked up.
func (p *Pool) Leave(id string) error {
	if !p.batches.leave(id) {
		return fmt.Errorf("batch %q is not being sent", id)
	}
	return nil
}

// load reads what the queue has of a batch, and adds it to those that are worked.
func (p *Pool) load(ctx context.Context, id string, guest bool) error {
	b, err := p.Store.Batch(ctx, id)
	if err != nil {
		return err
	}
	if b.Account != p.Account {
		return fmt.Errorf("batch %q belongs to account %q, and this pool works for %q", id, b.Account, p.Account)
	}
	adopt := p.AdoptCommand
	if guest {
		adopt = anyAdoptCommand // the sources of this run are not those of the batch
	}
	if b.Adopting && !p.TrustQueue && !p.LookupsOnly {
		return adoptFirst(id, adopt(id))
	}
	names, err := queue.NewNamer(b)
	if err != nil {
		return err
	}
	if err := p.prepareToSend(ctx, id, b.Control.Trial); err != nil {
		return err
	}
	again := p.batches.join(id, workedBatch{
		settings: b.Settings, control: b.Control, guest: guest, failures: &failures.Counter{}, check: &matchCheck{lock: make(chan struct{}, 1)},
		Batch: joblist.NewBatch(joblist.Config{
			Store: p.Store, List: p.lookups.page, ID: id, Unproven: b.Unproven, Opened: p.Opened, Settle: p.Settle,
			AdoptCommand: adopt, Log: p.Log,
		}, names),
	})
	if again {
		return nil
	}
	if b.Control.PausedAt(time.Now()) {
		p.Log.Warn().Str("batch", id).Str("reason", oneLine(b.Control.Reason)).Msg("this batch is paused by hand: nothing of it is sent until `airlift resume` with its id")
	}
	if err := p.lookups.load(ctx, id); err != nil {
		p.batches.leave(id)
		return err
	}
	return nil
}

// prepareToSend begins the trial of a batch, and counts the media that was sent of it. The error says if nothing is to be sent.
func (p *Pool) prepareToSend(ctx context.Context, id string, t *queue.Trial) error {
	if p.LookupsOnly {
		return nil
	}
	if t != nil {
		if t.State == queue.TrialFailed {
			return trial.Stop(id, *t)
		}
		if err := p.trials.Begin(ctx, id, t); err != nil {
			return err
		}
	}
	return p.media.Load(ctx, p.Store, id)
}

// adoptFirst returns the stop for a batch whose adoption is not complete.
func adoptFirst(id, command string) *stop.Error {
	return stop.Errorf(stop.Setup, "an adoption of batch %q was begun and has not ended well, so AiR may hold jobs that this queue does not know: nothing of it was sent. "+
		"Run it again, until it ends well:\n  %s\nIf you are sure that the queue is right, use --trust-queue", id, command)
}

// errLeft: the batch is no longer worked.
var errLeft = errors.New("the batch has left")

// matchCheck records whether it is known that this queue and AiR belong together, for one batch.
type matchCheck struct {
	lock   chan struct{} // a mutex that a context can interrupt, held during a request; guards the fields below
	known  bool
	warned bool // that the list could not be read was logged
}

// checkMatch compares the batch with AiR's list before the run's first POST to it, and returns a stop if queue and AiR do
// not match (see [joblist.Batch.CheckMatch]). A page that cannot be read only causes a warning;
// the check is repeated for each canary.
func (s *scheduler) checkMatch(ctx context.Context, id string) error {
	b := s.batches.get(id)
	m := b.check
	select {
	case m.lock <- struct{}{}:
		defer func() { <-m.lock }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if m.known || s.TrustQueue || (m.warned && !s.gate.Alone()) {
		return nil
	}
	known, err := b.CheckMatch(ctx)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case known && b.guest:
		s.Log.Error().Str("batch", id).Err(err).Msg("nothing of this batch is sent in this run")
		s.batches.refuse(id, err)
		return errLeft
	case known:
		return err
	default:
		if ended := joblist.StopOf(err); ended != nil {
			return ended
		}
		if !m.warned {
			s.Log.Warn().Str("batch", id).Err(err).Msg("AiR's list of this batch cannot be read, so it was not compared with this queue")
		}
		m.warned = true
		return nil
	}
	m.known = true
	return nil
}
