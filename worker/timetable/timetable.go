package timetable

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/pace"
)

// Keeper makes a schedule hold. Make one with [New]; it is safe for concurrent use.
type Keeper struct {
	gate *ratelimit.Gate
	pace *pace.Pace
	shut func() // called when the gate was paused; must return soon
	is   atomic.Pointer[span]

	mu      sync.Mutex // held while gate and pace are set
	now     schedule.Schedule
	changed ratelimit.Broadcast
	wall    func() time.Time
}

// span is a time of the wall clock during which nothing changes.
type span struct{ from, until time.Time }

func (s *span) has(now time.Time) bool {
	return s != nil && !now.Before(s.from) && (s.until.IsZero() || now.Before(s.until))
}

// New returns a keeper of a schedule, which holds from the first [Keeper.Set], [Keeper.Update] or [Keeper.Run] on. shut is called
// whenever the gate was paused.
func New(g *ratelimit.Gate, p *pace.Pace, s schedule.Schedule, shut func()) *Keeper {
	return &Keeper{gate: g, pace: p, now: s, shut: shut, wall: func() time.Time { return time.Now().Round(0) }}
}

// Set replaces the schedule.
func (k *Keeper) Set(s schedule.Schedule) {
	k.mu.Lock()
	k.now = s
	paused := k.apply()
	k.mu.Unlock()
	k.changed.Fire()
	if paused {
		k.shut()
	}
}

// Schedule returns the schedule in force.
func (k *Keeper) Schedule() schedule.Schedule {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// Update sets gate and pace if the time has come. It is called before each request, and costs the reading of a clock.
func (k *Keeper) Update() {
	if k.is.Load().has(k.wall()) {
		return
	}
	k.mu.Lock()
	paused := !k.is.Load().has(k.wall()) && k.apply()
	k.mu.Unlock()
	if paused {
		k.shut()
	}
}

// apply sets gate and pace to what holds now, and reports whether the gate was paused. The caller holds mu.
func (k *Keeper) apply() (paused bool) {
	now := k.wall()
	state, until := k.now.At(now), k.now.Next(now)
	k.is.Store(&span{now, until})
	limit := ratelimit.Unlimited
	if k.now.HasTable() {
		limit = state.Rate
	}
	k.pace.Set(pace.Table, limit)
	if state.Open {
		k.gate.Lift(ratelimit.Window)
		return false
	}
	end, why := k.now.NextOpen(now), k.now.Outside()
	if was := k.gate.PauseState(ratelimit.Window); was.Paused && was.Until.Equal(end) && was.Reason == why {
		return false // only the rate has changed
	}
	k.gate.Close(ratelimit.Window, end, why)
	return true
}

// pollWall is how often the wall clock is read at least.
const pollWall = 30 * time.Second

// Run updates until ctx is done. Then the rate is the lowest of the table, for what is requested after the run.
func (k *Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		changed := k.changed.Wait()
		k.Update()
		var over <-chan time.Time
		if until := k.is.Load().until; !until.IsZero() {
			over = time.After(min(until.Sub(k.wall()), pollWall))
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-over:
		}
	}
	if s := k.Schedule(); s.HasTable() {
		k.pace.Set(pace.Table, s.Lowest())
	}
}
