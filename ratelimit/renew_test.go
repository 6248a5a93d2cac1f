package ratelimit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRenew(t *testing.T) {
	for name, c := range map[string]struct {
		shut func(*Gate)
		want bool
		wait time.Duration
	}{
		"after a hold": {func(g *Gate) { g.Hold(time.Second, false) }, true, time.Second},
		"in an outage": {func(g *Gate) { g.Hold(time.Second, true) }, false, 0},
		"in a pause":   {func(g *Gate) { g.Pause(Cap, time.Now().Add(time.Hour), "cap") }, false, 0},
		"held, and then paused": {func(g *Gate) {
			g.Hold(time.Second, false)
			time.AfterFunc(time.Second/2, func() { g.Pause(Cap, time.Now().Add(time.Hour), "cap") })
		}, false, time.Second / 2},
		"held, and then held longer": {func(g *Gate) {
			g.Hold(time.Second, false)
			time.AfterFunc(time.Second/2, func() { g.Hold(time.Second, false) })
		}, true, time.Second * 3 / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGate(nil)
				canary, err := g.Enter(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				g.Open(canary)
				g.Leave(canary)
				pass, err := g.Enter(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				c.shut(g)
				from := time.Now()
				renewed, ok := g.Renew(t.Context(), pass)
				if ok != c.want || renewed.Valid() != c.want || time.Since(from) != c.wait {
					t.Errorf("got %v, valid %v, after %v; want %v after %v", ok, renewed.Valid(), time.Since(from), c.want, c.wait)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, ok := g.Renew(ctx, renewed); ok {
					t.Error("a pass was renewed for a run that ends")
				}
			})
		})
	}
}
