package ratelimit

import "time"

// Cause says why a gate is paused. A gate has a pause for each.
type Cause int

const (
	// Cap: AiR accepts no more for now.
	Cap Cause = iota
	// Hand: an operator has decided so.
	Hand
	// Window: it is not the time to send. Such a pause ends by the wall clock alone, which is what windows are about.
	Window
	// Budget: a limit of our own is reached.
	Budget
	causes
)

// pause is a pause of a gate.
type pause struct {
	on  bool
	end pauseEnd // zero: not before Lift
	why string
}

// pauseEnd is when a pause ends, by both clocks: the monotonic one as reckoned when the pause began.
type pauseEnd struct{ wall, monotonic time.Time }

func (e pauseEnd) isZero() bool { return e.wall.IsZero() }

// endAt returns the end of a pause that begins now; zero: it has none. The caller holds mu.
func (g *Gate) endAt(until time.Time) pauseEnd {
	if until.IsZero() {
		return pauseEnd{}
	}
	until = until.Round(0)
	return pauseEnd{until, time.Now().Add(until.Sub(g.wall()))}
}

// left returns how long a pause still lasts, 0 or less if it is over: as soon as one of the clocks says so. The
// wall clock alone would wait an hour too long when it is set back by one; the monotonic clock alone stands still while
// the machine is suspended. An end that comes too early costs one canary. The caller holds mu.
func (g *Gate) left(c Cause) time.Duration {
	e := g.pauses[c].end
	byWall := e.wall.Sub(g.wall())
	if c == Window {
		return byWall
	}
	return min(byWall, time.Until(e.monotonic))
}

// isPaused reports whether a pause goes on. The caller holds mu.
func (g *Gate) isPaused(c Cause) bool {
	p := &g.pauses[c]
	return p.on && (p.end.isZero() || g.left(c) > 0)
}

// endPauses ends what is over, and returns whether the gate is still paused and how long to wait at most (0: until something
// changes). The caller holds mu.
func (g *Gate) endPauses() (wait time.Duration, shut bool) {
	for c := range causes {
		p := &g.pauses[c]
		switch {
		case !p.on:
		case !g.isPaused(c):
			*p = pause{}
			g.drain()
		default:
			if left := g.left(c); !p.end.isZero() && (wait == 0 || left < wait) {
				wait = left
			}
			shut = true
		}
	}
	return wait, shut
}

// samePause is how far apart the ends of pauses may be that are one: the server's Date has whole seconds.
const samePause = 2 * time.Second

// Pause shuts the gate for a cause until an instant of the wall clock; then a canary goes first. It reports whether the gate
// was not already shut for it: several answers of one cap shut the gate once.
func (g *Gate) Pause(c Cause, until time.Time, why string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !until.Round(0).After(g.pauses[c].end.wall.Add(samePause)) {
		return false
	}
	g.pauseFor(c, until, why)
	return true
}

// Close shuts the gate for a cause until an instant of the wall clock or, if that is zero, until [Gate.Lift], whatever was
// said of that cause before; a canary goes first then.
func (g *Gate) Close(c Cause, until time.Time, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pauseFor(c, until, why)
}

// pauseFor begins a pause. The caller holds mu.
func (g *Gate) pauseFor(c Cause, until time.Time, why string) {
	g.pauses[c] = pause{true, g.endAt(until), why}
	g.note = ""
	g.shut(true)
}

// Lift ends the pause of a cause. A canary goes first.
func (g *Gate) Lift(c Cause) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.pauses[c].on {
		return
	}
	g.pauses[c] = pause{}
	g.drain()
	g.changed.Fire()
}

// PauseState returns the pause of a cause, also while others go on, or the zero State.
func (g *Gate) PauseState(c Cause) State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pauseState(c)
}

// pauseState is PauseState for a caller that holds mu.
func (g *Gate) pauseState(c Cause) State {
	if !g.isPaused(c) {
		return State{}
	}
	return State{Paused: true, Until: g.pauses[c].end.wall, Reason: g.pauses[c].why, ByHand: c == Hand}
}

// longest returns the pause that ends last, or the zero State. The caller holds mu.
func (g *Gate) longest() (last State) {
	for _, c := range [...]Cause{Hand, Cap, Budget, Window} { // of two that end together the first counts
		if s := g.pauseState(c); s.Paused && (!last.Paused || !last.Until.IsZero() && (s.Until.IsZero() || s.Until.After(last.Until))) {
			last = s
		}
	}
	return last
}
