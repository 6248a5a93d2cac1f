package worker

import (
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
	"airlift/worker/verdict"
)

// Of what many workers meet at once only the first counts: the rest was in flight as that one shut the gate.
func TestABurstSetsTheRunBackOnce(t *testing.T) {
	for name, c := range map[string]struct {
		verdict verdict.Verdict
		bursts  int
		most    time.Duration
	}{
		"throttled":               {verdict.Verdict{Action: verdict.Slow, Throttled: true}, 1, backoffBase},
		"throttled twice":         {verdict.Verdict{Action: verdict.Slow, Throttled: true}, 2, 2 * backoffBase},
		"no answer":               {verdict.Verdict{Action: verdict.BackOff}, 1, 0},
		"no answer, an outage":    {verdict.Verdict{Action: verdict.BackOff}, 2, time.Second},
		"no answer, and a canary": {verdict.Verdict{Action: verdict.BackOff}, 3, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 0, airtest.Config{}, func(b *bubble) {
				const workers = 64
				p := b.pool(0, func(c *Config) { c.Workers = workers })
				if err := p.prepare(b.t.Context()); err != nil {
					t.Fatal(err)
				}
				p.lookups.answered(nil)
				for range 10 { // so that the outage is found in the middle of a burst
					p.outage.Bad(time.Now(), p.outageThreshold(), true, false, true)
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
						p.sender.holdBack(pass, c.verdict, "", "")
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

// While an item that was in doubt is looked up again, AiR throttles another. What was looked up is not for nothing: else
// no burst of lookups of which one is throttled would get the run on.
func TestThrottlingKeepsWhatWasLookedUp(t *testing.T) {
	var p *Pool
	var lookups []time.Time
	inBubble(t, 2, airtest.Config{
		Settings: airtest.Settings{Latency: airtest.Duration(time.Second)},
		Script: func(q airtest.Request) airtest.Fault {
			if q.Method == "POST" && q.N == 2 {
				return airtest.Fault{Kind: airtest.CloseBefore}
			}
			if q.Query.Get("name") != "" && p != nil {
				lookups = append(lookups, time.Now())
				if len(lookups) <= 3 {
					time.AfterFunc(time.Second/2, func() { p.gate.Hold(5*time.Second, false) })
				}
			}
			return airtest.Fault{}
		},
	}, func(b *bubble) {
		wantStop(b.t, b.run(0, func(c *Config) { c.MaxItems = 2 }), stop.Limit)
		if err := b.run(0, func(c *Config) { c.LookupsOnly = true }); err != nil {
			b.t.Fatal(err)
		}
		b.add(2, 3) // the canary
		b.want(queue.Counts{Submitted: 1, Pending: 2})
		p = b.pool(0, nil)
		if err := p.Run(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 3})
		posts, _ := b.arrivals()
		if len(lookups) != 1 || len(posts) != 4 {
			b.t.Fatalf("got %d lookups and %d POSTs, want 1 and 4", len(lookups), len(posts))
		}
		if after := posts[3].Sub(lookups[0]); after != 5500*time.Millisecond {
			b.t.Errorf("sent %v after its lookup, want 5.5s: as the hold is over", after)
		}
	})
}
