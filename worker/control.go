package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/turns"
)

// control applies what an operator has set for the account, at the start and while the pool runs.
type control struct {
	*shared
	started Limits // those that the run was started with
	mu      sync.Mutex
	set     queue.Control // as the queue has it; guarded by mu
}

// byHand is the reason of a pause by hand that was given none.
const byHand = "by hand"

// oneLine makes a reason part of one-line messages.
func oneLine(reason string) string { return strings.Join(strings.Fields(reason), " ") }

// limits returns the limits under a control: what it does not set is as the run was started.
func (c *control) limits(set queue.Control) (l Limits, err error) {
	l = *c.live.get()
	l.Rate = cmp.Or(rate.Limit(set.Rate), c.started.Rate)
	if set.RateTable != "" {
		l.Rate = ratelimit.Unlimited
	}
	l.AutoRate = set.AutoRate || c.started.AutoRate && set.Rate == 0 && set.RateTable == ""
	l.MaxRate = cmp.Or(rate.Limit(set.MaxRate), c.started.MaxRate)
	l.Hours, err = schedule.Parse(c.started.Hours.Config().Set(set.Rate > 0 || set.AutoRate, set.RateTable, set.Windows, set.TimeZone))
	l.Workers = cmp.Or(set.Workers, c.started.Workers)
	l.DailyLimit = c.started.DailyLimit
	if set.DailyLimit != nil {
		l.DailyLimit = *set.DailyLimit
	}
	l.MonthlyLimit = *cmp.Or(set.MonthlyLimit, &c.started.MonthlyLimit)
	return l, err
}

// load applies what is stored.
func (c *control) load(set queue.Control) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.LookupsOnly {
		return nil
	}
	l, err := c.limits(set)
	l.Workers = min(l.Workers, max(c.Workers, MaxWorkers))
	if err == nil {
		err = c.setLimits(l)
	}
	if err != nil {
		return fmt.Errorf("what was set for the account: %w", err)
	}
	c.pause(set)
	return nil
}

// pause closes the gate for a pause by hand, or lifts one. The caller holds mu.
func (c *control) pause(set queue.Control) {
	was, now := c.set, time.Now()
	c.set = set.Clone()
	samePause := was.Paused == set.Paused && was.PausedUntil.Equal(set.PausedUntil) && was.Reason == set.Reason
	switch paused := set.PausedAt(now); {
	case paused && !samePause:
		c.gate.Close(ratelimit.Hand, set.PausedUntil, cmp.Or(oneLine(set.Reason), byHand))
		log := c.Log.Info().Str("reason", c.gate.State().Reason)
		if !set.PausedUntil.IsZero() {
			log = log.Time("paused_until", set.PausedUntil.UTC())
		}
		log.Msg("paused by hand: nothing is sent until it is resumed")
		c.Observer.Paused(c.gate.State())
	case !paused && was.PausedAt(now):
		c.gate.Lift(ratelimit.Hand)
	}
}

// lift ends a pause by hand, also the stored one.
func (c *control) lift() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := c.set.Clone()
	if set.Paused {
		set.Paused, set.PausedUntil, set.Reason = false, time.Time{}, ""
		if err := c.Store.SetControl(context.Background(), c.Account, set); err != nil {
			return err
		}
		c.set = set
	}
	c.gate.Lift(ratelimit.Hand)
	return nil
}

// Apply stores what an operator sets for the account, and does so at once: limits that c does not set are those that the run was
// started with. It pauses, or ends a pause by hand; a pause that AiR caused goes on.
func (p *Pool) Apply(ctx context.Context, c queue.Control) error {
	p.control.mu.Lock()
	defer p.control.mu.Unlock()
	l, err := p.control.limits(c)
	if err := errors.Join(c.Validate(), err, p.validLimits(l)); err != nil {
		return err
	}
	if err := p.Store.SetControl(ctx, p.Account, c); err != nil {
		return err
	}
	p.control.pause(c)
	return p.setLimits(l)
}

// ApplyBatch stores what an operator sets for a batch of the account, and does so at once if the pool works it.
func (p *Pool) ApplyBatch(id string, c queue.BatchControl) error {
	return p.setBatchControl(id, func(now *queue.BatchControl) { *now = c })
}

// control replaces what is set for a batch that is worked or was.
func (b *batches) control(id string, c queue.BatchControl) {
	b.mu.Lock()
	if one, known := b.known[id]; known {
		one.control = c
		b.known[id] = one
	}
	b.mu.Unlock()
	b.changed.Fire()
}

// maySend reports whether items of the batch may be sent: it is worked, and not paused.
func (b *batches) maySend(id string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Contains(b.order, id) && !b.known[id].control.PausedAt(time.Now())
}

// sendable returns the batches of which items may be sent, with their shares.
func (b *batches) sendable() (all []turns.Contender) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	now := time.Now()
	for _, id := range b.order {
		if set := b.known[id].control; !set.PausedAt(now) {
			all = append(all, turns.Contender{ID: id, Share: set.Weight()})
		}
	}
	return all
}

// nextEnd returns when the first pause of a batch ends by itself; zero: none does.
func (b *batches) nextEnd() (end time.Time) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	now := time.Now()
	for _, one := range b.known {
		until := one.control.PausedUntil
		if one.control.PausedAt(now) && !until.IsZero() && (end.IsZero() || until.Before(end)) {
			end = until
		}
	}
	return end
}

// watchPauses wakes whoever waits for items when the pause of a batch ends by itself.
func (s *scheduler) watchPauses(ctx context.Context) {
	const pollWall = 30 * time.Second // timers stand still while a machine is suspended
	for ctx.Err() == nil {
		changed := s.batches.changed.Wait()
		end := s.batches.nextEnd()
		var over <-chan time.Time
		if !end.IsZero() {
			over = time.After(min(max(time.Until(end), 0), pollWall))
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-over:
			if !time.Now().Before(end) {
				s.batches.changed.Fire()
			}
		}
	}
}

// paused returns why nothing is sent although items are pending: all of them are in paused batches. The time is when the first of
// these pauses ends by itself; zero: none does.
func (s *scheduler) paused(ctx context.Context) (reason string, until time.Time) {
	if !s.idle() {
		return "", until
	}
	for _, id := range s.batches.worked() {
		b, err := s.Store.Batch(ctx, id)
		switch set := s.batches.get(id).control; {
		case err != nil || b.Counts.Pending == 0:
		case s.batches.maySend(id):
			return "", time.Time{}
		case reason == "":
			reason, until = fmt.Sprintf("batch %q is paused: %s", id, cmp.Or(oneLine(set.Reason), byHand)), set.PausedUntil
		default:
			reason = "the batches with pending items are paused by hand"
			if end := set.PausedUntil; until.IsZero() || !end.IsZero() && end.Before(until) {
				until = end
			}
		}
	}
	return reason, until
}
