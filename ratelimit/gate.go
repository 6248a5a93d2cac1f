package ratelimit

import (
	"context"
	"sync"
	"time"
)

// pollWall is how often a long wait checks the wall clock, because Go's timers stand still while a machine is suspended.
const pollWall = 30 * time.Second

// Gate holds back all workers, and alone stores until when and why. It is paused for one or several causes, of which none
// ends the pause of another, held for a moment (throttling, an outage), or open; and after each start, pause, stop or
// outage it lets a single canary through, and the others only once [Gate.Open] says that the canary was answered. It is
// safe for concurrent use.
type Gate struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	canary  bool            // the next to enter goes alone
	flying  uint64          // the number of the canary in flight, 0 for none
	last    uint64          // the number of the latest pass
	pauses  [causes]pause   // by Cause
	held    time.Time       // shut until then, by the monotonic clock; zero: not held
	note    string          // why nothing gets through although it is not shut; else empty
	epoch   <-chan struct{} // closed by void: the passes given so far
	void    Broadcast
	changed Broadcast
	drain   func() // called as a pause ends

	wall func() time.Time // the wall clock; tests step it
}

// Pass is the permission to send one request.
type Pass struct {
	// Canary says that this is the only one.
	Canary bool
	id     uint64
	void   <-chan struct{}
}

// Void is closed when the pass must no longer be used to send.
func (p Pass) Void() <-chan struct{} { return p.void }

// Valid reports whether the pass may still be used to send.
func (p Pass) Valid() bool {
	select {
	case <-p.void:
		return false
	default:
		return true
	}
}

// State is what a gate does, and why.
type State struct {
	// Paused says that nothing passes until Until; zero: until the gate is reopened.
	Paused bool
	Until  time.Time
	// Reason is why it is paused or, if it is not, why nothing gets through; else empty.
	Reason string
	// ByHand says that the pause is that of [Hand].
	ByHand bool
}

// NewGate returns a gate that lets a canary through first. drain, which may be nil, is called as each pause ends.
func NewGate(drain func()) *Gate {
	if drain == nil {
		drain = func() {}
	}
	g := &Gate{canary: true, drain: drain, wall: wallClock}
	g.epoch = g.void.Wait()
	return g
}

// wallClock is the time without its monotonic reading.
func wallClock() time.Time { return time.Now().Round(0) }

// Enter waits until a request may be sent. Each pass must be given back with [Gate.Leave],
// whatever came of it; until then no other canary goes. The error is ctx's cause.
func (g *Gate) Enter(ctx context.Context) (Pass, error) {
	for {
		pass, wait, changed := g.tryEnter()
		if pass.void != nil {
			return pass, nil
		}
		var timer *time.Timer
		var elapsed <-chan time.Time
		if wait > 0 {
			timer = time.NewTimer(min(wait, pollWall))
			elapsed = timer.C
		}
		select {
		case <-ctx.Done():
			if timer != nil {
				timer.Stop()
			}
			return Pass{}, context.Cause(ctx)
		case <-changed:
		case <-elapsed:
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

// tryEnter returns a pass, or how long to wait at most (0: until something changes).
func (g *Gate) tryEnter() (Pass, time.Duration, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait, shut := g.endPauses(); shut {
		return Pass{}, wait, g.changed.Wait()
	}
	if !g.held.IsZero() {
		if wait := time.Until(g.held); wait > 0 {
			return Pass{}, wait, g.changed.Wait()
		}
		g.held = time.Time{}
	}
	if g.canary {
		if g.flying != 0 {
			return Pass{}, 0, g.changed.Wait()
		}
		g.flying = g.last + 1
	}
	g.last++
	return Pass{Canary: g.canary, id: g.last, void: g.epoch}, 0, nil
}

// Renew replaces a pass that only a hold made void, once the hold is over. It returns false, and the old pass
// stays, if a canary, a pause or the end of ctx prevents that.
func (g *Gate) Renew(ctx context.Context, old Pass) (Pass, bool) {
	for !old.Canary && ctx.Err() == nil {
		g.mu.Lock()
		wait, changed := time.Until(g.held), g.changed.Wait()
		if _, shut := g.endPauses(); shut || g.canary {
			g.mu.Unlock()
			return old, false
		}
		if wait <= 0 {
			g.last++
			renewed := Pass{id: g.last, void: g.epoch}
			g.mu.Unlock()
			return renewed, true
		}
		g.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
	return old, false
}

// Open lets the others through after the canary was answered. A void pass has no effect.
func (g *Gate) Open(p Pass) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.canary && p.Canary && p.Valid() {
		g.canary, g.note = false, ""
		g.changed.Fire()
	}
}

// Leave gives a pass back.
func (g *Gate) Leave(p Pass) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flying == p.id && p.Canary {
		g.flying = 0
		g.changed.Fire()
	}
}

// Hold shuts the gate for d. If alone is set, a canary goes first after it.
func (g *Gate) Hold(d time.Duration, alone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.held) {
		g.held = until
	}
	g.shut(alone)
}

// shut makes all passes void; if alone, a canary goes first. The caller holds mu.
func (g *Gate) shut(alone bool) {
	g.canary = g.canary || alone
	g.void.Fire()
	g.epoch = g.void.Wait()
	g.changed.Fire()
}

// Explain sets why nothing gets through although the gate is not paused. It holds until a canary is answered, the next
// pause, or [Gate.Unexplain].
func (g *Gate) Explain(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.state().Paused {
		g.note = reason
	}
}

// Unexplain removes the reason, if it is still the current one.
func (g *Gate) Unexplain(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.note == reason {
		g.note = ""
	}
}

// State returns what the gate does, and why.
func (g *Gate) State() State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state()
}

// state is State for a caller that holds mu.
func (g *Gate) state() State {
	if s := g.longest(); s.Paused {
		return s
	}
	return State{Reason: g.note}
}

// Alone reports whether the gate lets only a canary through, or nobody.
func (g *Gate) Alone() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.canary || g.state().Paused
}

// Changed returns a channel that is closed at the gate's next change.
func (g *Gate) Changed() <-chan struct{} { return g.changed.Wait() }
