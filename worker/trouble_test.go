package worker

import (
	"testing"
	"time"

	"airlift/ratelimit"
	"airlift/worker/air/airtest"
)

// Of what many workers meet at once only the first counts: the rest was in flight as that one shut the gate.
func TestABurstSetsTheRunBackOnce(t *testing.T) {
	for name, c := range map[string]struct {
		verdict Verdict
		bursts  int
		most    time.Duration
	}{
		"throttled":               {Verdict{Action: Slow, Throttled: true}, 1, backoffBase},
		"throttled twice":         {Verdict{Action: Slow, Throttled: true}, 2, 2 * backoffBase},
		"no answer":               {Verdict{Action: BackOff}, 1, 0},
		"no answer, an outage":    {Verdict{Action: BackOff}, 2, time.Second},
		"no answer, and a canary": {Verdict{Action: BackOff}, 3, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 0, airtest.Config{}, func(b *bubble) {
				const workers = 64
				p := b.pool(0, func(c *Config) { c.Workers = workers })
				if err := p.prepare(b.t.Context()); err != nil {
					t.Fatal(err)
				}
				p.heard(nil)
				for range 10 { // so that the outage is found in the middle of a burst
					p.trouble.bad(time.Now(), true, false, true)
				}
				first, err := p.gate.Enter(b.t.Context())
				if err != nil {
					t.Fatal(err)
				}
				p.gate.Open(first)
				p.gate.Leave(first)
				for range c.bursts {
					var passes []ratelimit.Pass
					for range workers {
						if len(passes) > 0 && p.gate.Alone() {
							break // a canary
						}
						pass, err := p.gate.Enter(b.t.Context())
						if err != nil {
							t.Fatal(err)
						}
						passes = append(passes, pass)
					}
					for _, pass := range passes {
						p.setBack(pass, c.verdict, "")
						p.gate.Leave(pass)
					}
				}
				from := time.Now()
				if _, err := p.gate.Enter(b.t.Context()); err != nil {
					t.Fatal(err)
				}
				if held := time.Since(from); held > c.most+time.Millisecond {
					t.Errorf("held for %v, want %v at most", held, c.most)
				}
			})
		})
	}
}
