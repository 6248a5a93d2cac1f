package ratelimit

import (
	"context"
	"sync"
	"time"
)

// pollWall is how often a long wait checks the wall clock, because Go's timers stand still while a machine is suspended.
const pollWall = 30 * time.Second

// Gate holds back all workers, and alone stores until when and why. It is closed by hand, shut
// for a pause, held for a moment (throttling, an outage), or open; and after each start, pause, stop or outage it lets a
// single canary through, and the others only once [Gate.Open] says that the canary was answered. It is safe for
// concurrent use.
type Gate struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	canary  bool            // the next to enter goes alone
	flying  uint64          // the number of the canary in flight, 0 for none
	last    uint64          // the number of the latest pass
	paused  pauseEnd        // shut until then; zero: not paused
	held    time.Time       // shut until then, by the monotonic clock; zero: not held
	why     string          // why it is paused
	closed  bool            // shut until Lift, or until closing ends
	closing pauseEnd        // zero: not before Lift
	reason  string          // why it is closed
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
	// ByHand says that [Gate.Close] or [Gate.CloseUntil] paused it.
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

// pauseEnd is when a pause ends, by both clocks: the monotonic one as reckoned when the pause began.
type pauseEnd struct{ wall, monotonic time.Time }

func (e pauseEnd) isZero() bool { return e.wall.IsZero() }

// endAt returns the end of a pause that begins now. The caller holds mu.
func (g *Gate) endAt(until time.Time) pauseEnd {
	until = until.Round(0)
	return pauseEnd{until, time.Now().Add(until.Sub(g.wall()))}
}

// left returns how long a pause still lasts, 0 or less if it is over: as soon as one of the clocks says so. The
// wall clock alone would wait an hour too long when it is set back by one; the monotonic clock alone stands still while
// the machine is suspended. An end that comes too early costs one canary. The caller holds mu.
func (g *Gate) left(e pauseEnd) time.Duration {
	return min(e.wall.Sub(g.wall()), time.Until(e.monotonic))
}

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
	if g.closed {
		wait := time.Duration(0)
		if !g.closing.isZero() {
			wait = g.left(g.closing)
		}
		if g.isClosed() {
			return Pass{}, wait, g.changed.Wait()
		}
		g.closed = false
		g.drain()
	}
	if !g.paused.isZero() {
		if wait := g.left(g.paused); wait > 0 {
			return Pass{}, wait, g.changed.Wait()
		}
		g.paused = pauseEnd{}
		g.drain()
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
		if g.canary || g.closed || !g.paused.isZero() {
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

// sameCap is how far apart the ends of pauses may be that are for the same cap: the server's Date has whole seconds.
const sameCap = 2 * time.Second

// Pause shuts the gate until an instant of the wall clock; then a canary goes first. It reports whether the gate was not already shut for it:
// several answers of one cap shut the gate once.
func (g *Gate) Pause(until time.Time, why string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !until.Round(0).After(g.paused.wall.Add(sameCap)) {
		return false
	}
	g.paused = g.endAt(until)
	g.why, g.note = why, ""
	g.shut(true)
	return true
}

// Close shuts the gate by hand until [Gate.Lift]; a canary goes first then. It is independent of a pause, which may begin and end
// meanwhile.
func (g *Gate) Close(reason string) { g.CloseUntil(time.Time{}, reason) }

// CloseUntil is Close that ends by itself at an instant of the wall clock; zero: it does not.
func (g *Gate) CloseUntil(until time.Time, reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closing = pauseEnd{}
	if !until.IsZero() {
		g.closing = g.endAt(until)
	}
	g.closed, g.reason, g.note = true, reason, ""
	g.shut(true)
}

// Lift opens a gate that was closed by hand. A canary goes first.
func (g *Gate) Lift() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
	g.drain()
	g.changed.Fire()
}

// EndPause ends a pause that [Gate.Pause] began. A canary goes first.
func (g *Gate) EndPause() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.paused = pauseEnd{}
	g.drain()
	g.changed.Fire()
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
	if g.isClosed() {
		return State{Paused: true, Until: g.closing.wall, Reason: g.reason, ByHand: true}
	}
	if s := g.pause(); s.Paused {
		return s
	}
	return State{Reason: g.note}
}

// isClosed reports whether the gate is closed by hand. The caller holds mu.
func (g *Gate) isClosed() bool {
	return g.closed && (g.closing.isZero() || g.left(g.closing) > 0)
}

// pause returns the pause that [Gate.Pause] began, or the zero State. The caller holds mu.
func (g *Gate) pause() State {
	if g.paused.isZero() || g.left(g.paused) <= 0 {
		return State{}
	}
	return State{Paused: true, Until: g.paused.wall, Reason: g.why}
}

// PauseState returns the pause that [Gate.Pause] began, also while the gate is closed by hand, or the zero State.
func (g *Gate) PauseState() State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pause()
}

// Alone reports whether the gate lets only a canary through, or nobody.
func (g *Gate) Alone() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.canary || g.state().Paused
}

// Changed returns a channel that is closed at the gate's next change.
func (g *Gate) Changed() <-chan struct{} { return g.changed.Wait() }
