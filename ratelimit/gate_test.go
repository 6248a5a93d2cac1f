package ratelimit

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// enter enters the gate and fails the test if that is not possible at once.
func enter(t *testing.T, g *Gate) Pass {
	t.Helper()
	p, wait, _ := g.tryEnter()
	if p.void == nil {
		t.Fatalf("the gate is shut for %v, want a pass", wait)
	}
	return p
}

// shut fails the test if the gate can be entered.
func shut(t *testing.T, g *Gate, why string) {
	t.Helper()
	if p, _, _ := g.tryEnter(); p.void != nil {
		t.Fatalf("%s: the gate let one in", why)
	}
}

func TestGateLetsOneCanaryGoFirst(t *testing.T) {
	g := NewGate(nil)
	canary := enter(t, g)
	if !canary.Canary {
		t.Error("the first pass is no canary's")
	}
	shut(t, g, "while the canary is on its way")
	g.Leave(canary)
	canary = enter(t, g)
	g.Open(canary)
	g.Leave(canary)
	a, b := enter(t, g), enter(t, g)
	if a.Canary || b.Canary {
		t.Error("after the canary was answered there are still canaries")
	}
}

func TestGatePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour) // a bubble begins at midnight
		var drained atomic.Int32
		g := NewGate(func() { drained.Add(1) })
		first := enter(t, g)
		g.Open(first)
		g.Leave(first)
		late := enter(t, g)
		until := NextMidnightUTC(time.Now())
		if !g.Pause(Cap, until, "cap") || g.Pause(Cap, until.Add(time.Second), "cap") || g.Pause(Cap, until.Add(-time.Hour), "cap") {
			t.Error("of several 429s not exactly the first shut the gate")
		}
		if late.Valid() {
			t.Error("a pass from before the pause is still valid")
		}
		g.Open(late) // an answer to what was in flight says nothing about the pause
		shut(t, g, "in the pause")
		p, err := g.Enter(t.Context())
		if err != nil || !p.Canary || time.Now().Before(until) || time.Since(until) > pollWall {
			t.Errorf("got %+v, %v at %v, want a canary at %v", p, err, time.Now(), until)
		}
		if drained.Load() != 1 {
			t.Errorf("drained %d times at the end of the pause, want once", drained.Load())
		}
		if g.State().Paused {
			t.Error("the pause is over, but still shown")
		}
	})
}

func TestGateStoredPauseHoldsFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(nil)
		g.Pause(Cap, time.Now().Add(3*time.Hour), "cap")
		begin := time.Now()
		if _, err := g.Enter(t.Context()); err != nil || time.Since(begin) < 3*time.Hour {
			t.Errorf("entered after %v (%v), want 3 h", time.Since(begin), err)
		}
	})
}

func TestGateHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(nil)
		p := enter(t, g)
		g.Open(p)
		g.Leave(p)
		g.Hold(time.Second, false)
		shut(t, g, "while held")
		time.Sleep(time.Second)
		if p := enter(t, g); p.Canary {
			t.Error("throttling called for a canary")
		}
		g.Hold(time.Minute, true)
		time.Sleep(time.Minute)
		canary := enter(t, g)
		if !canary.Canary {
			t.Error("after an outage no canary goes first")
		}
		// The outage goes on: it is held again while its canary is still on its way.
		g.Hold(time.Second, true)
		time.Sleep(time.Second)
		shut(t, g, "while the canary of before is on its way")
		g.Open(canary)
		g.Leave(canary)
		if p := enter(t, g); !p.Canary {
			t.Error("a canary from before the gate was shut has opened it")
		}
	})
}

func TestGateEnterEndsWithTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(nil)
		g.Pause(Cap, time.Now().Add(time.Hour), "cap")
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("stop")
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if _, err := g.Enter(ctx); !errors.Is(err, cause) {
			t.Errorf("got %v, want the cause", err)
		}
	})
}

// The wall clock is stepped by an hour in the middle of a pause: set back it must not lengthen the pause, and set
// forward it may cost a canary, which the caller's next 429 pauses again.
func TestGatePauseWhenTheClockIsStepped(t *testing.T) {
	for name, c := range map[string]struct{ step, want time.Duration }{
		"set back":    {-time.Hour, 3 * time.Hour},
		"set forward": {time.Hour, 2 * time.Hour},
		"left alone":  {0, 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var step atomic.Int64
				g := NewGate(nil)
				g.wall = func() time.Time { return wallClock().Add(time.Duration(step.Load())) }
				begin := time.Now()
				g.Pause(Cap, wallClock().Add(3*time.Hour), "cap")
				time.AfterFunc(time.Hour, func() { step.Store(int64(c.step)) })
				p, err := g.Enter(t.Context())
				if took := time.Since(begin); err != nil || !p.Canary || took < c.want || took > c.want+pollWall {
					t.Errorf("entered after %v with %+v, %v; want a canary after %v", took, p, err, c.want)
				}
			})
		})
	}
}

func TestGateClosedUntilItIsLifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(nil)
		pass := enter(t, g)
		g.Open(pass)
		g.Leave(pass)
		open := enter(t, g)
		g.Close(Hand, time.Time{}, "by hand")
		g.Explain("slow")
		if open.Valid() || g.State() != (State{Paused: true, Reason: "by hand", ByHand: true}) {
			t.Errorf("a closed gate has a valid pass, or is %+v", g.State())
		}
		entered := make(chan Pass)
		go func() {
			pass, _ := g.Enter(t.Context())
			entered <- pass
		}()
		time.Sleep(48 * time.Hour)
		select {
		case <-entered:
			t.Error("somebody entered a closed gate")
		default:
		}
		g.Lift(Hand)
		if pass := <-entered; !pass.Canary {
			t.Error("no canary goes first after a gate was closed")
		}
	})
}

// A gate that is closed by hand and paused at the same time opens once both are over, in whatever order.
func TestGateClosedBesideAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			closed, paused time.Duration
			lift           bool // before either is over
			want           time.Duration
		}{
			"closed for longer":   {3 * time.Hour, time.Hour, false, 3 * time.Hour},
			"paused for longer":   {time.Hour, 3 * time.Hour, false, 3 * time.Hour},
			"lifted, then paused": {0, 2 * time.Hour, true, 2 * time.Hour},
			"lifted early":        {5 * time.Hour, 2 * time.Hour, true, 2 * time.Hour},
		} {
			begin := time.Now()
			g := NewGate(nil)
			until := time.Time{}
			if c.closed > 0 {
				until = begin.Add(c.closed)
			}
			g.Close(Hand, until, "by hand")
			if !g.Pause(Cap, begin.Add(c.paused), "cap") {
				t.Errorf("%s: a gate that is closed by hand could not be paused", name)
			}
			byHand := c.closed == 0 || c.closed > c.paused // the one that ends last is shown
			if s := g.State(); s.ByHand != byHand || byHand && (s.Reason != "by hand" || !s.Until.Equal(until)) {
				t.Errorf("%s: the gate shows %+v", name, s)
			}
			if s := g.PauseState(Cap); !s.Paused || s.ByHand || s.Reason != "cap" {
				t.Errorf("%s: the pause shows %+v", name, s)
			}
			if c.lift {
				time.AfterFunc(time.Minute, func() { g.Lift(Hand) })
			}
			p, err := g.Enter(t.Context())
			if took := time.Since(begin); err != nil || !p.Canary || took < c.want || took > c.want+pollWall {
				t.Errorf("%s: entered after %v with %+v, %v; want a canary after %v", name, took, p, err, c.want)
			}
		}
	})
}
