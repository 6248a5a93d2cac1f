package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"airlift/queue"
	"airlift/worker/air/airtest"
	"airlift/worker/bottleneck"
)

// A run knows what keeps it from sending faster, and how long AiR takes.
func TestProgressNamesTheBottleneck(t *testing.T) {
	const latency = airtest.Duration(300 * time.Millisecond)
	for _, c := range []struct {
		name      string
		perSecond float64
		air       airtest.Settings
		workers   int
		want      bottleneck.Cause
	}{
		{"the rate", 5, airtest.Settings{Latency: latency}, 8, bottleneck.Rate},
		{"a rate at which items are claimed ahead", 150, airtest.Settings{Latency: airtest.Duration(10 * time.Millisecond)}, 8, bottleneck.Rate},
		{"a very low rate", 1. / 120, airtest.Settings{}, 8, bottleneck.Rate},
		{"too few workers", 50, airtest.Settings{Latency: latency}, 2, bottleneck.Workers},
		{"one worker", 50, airtest.Settings{Latency: latency}, 1, bottleneck.Workers},
		{"slow answers", 50, airtest.Settings{Latency: airtest.Duration(3 * time.Second)}, 8, bottleneck.Latency},
		{"slow answers, yet the rate is reached", 1, airtest.Settings{Latency: airtest.Duration(3 * time.Second)}, 8, bottleneck.Rate},
		{"throttling", 100, airtest.Settings{RequestRate: 1, Latency: latency}, 8, bottleneck.AiR},
		{"the daily cap", 50, airtest.Settings{DailyCap: 10}, 8, bottleneck.Gate},
		{"no answers", 50, airtest.Settings{Faults: airtest.Faults{Seed: 1, Post: airtest.Odds{airtest.Err500Before: 1}}}, 8, bottleneck.AiR},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, int(c.perSecond*60)+20, airtest.Config{Settings: c.air}, func(b *bubble) {
				ctx, end := context.WithCancel(b.t.Context())
				p := b.pool(c.perSecond, func(set *Config) { set.Workers = c.workers })
				ended := make(chan error)
				go func() { ended <- p.Run(ctx) }()
				time.Sleep(40*time.Second + time.Duration(float64(time.Second)/c.perSecond))
				s := p.Progress()
				if s.LimitedBy != c.want {
					b.t.Errorf("limited by %q, want %q: %+v", s.LimitedBy, c.want, s)
				}
				if want := time.Duration(c.air.Latency); c.want == bottleneck.Rate && (s.Answer < want || s.Answer > want+want/10+time.Millisecond) {
					b.t.Errorf("an answer takes %v, want %v", s.Answer, want)
				}
				end()
				<-ended
			})
		})
	}
}

// What waits for the settle window, or for items, is neither the rate nor AiR.
func TestProgressTellsWaitsOfTheQueue(t *testing.T) {
	inBubble(t, 1, airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		if r.Method == "POST" && r.N == 1 {
			return airtest.Fault{Kind: airtest.Err500Before}
		}
		return airtest.Fault{}
	}}, func(b *bubble) {
		p := b.start(5, nil)
		time.Sleep(20 * time.Second)
		if s := p.Progress(); s.LimitedBy != bottleneck.Items || !s.Reading {
			b.t.Errorf("no items yet: %+v", s)
		}
		close(p.fed)
		synctest.Wait()
		if s := p.Progress(); s.LimitedBy != bottleneck.Settling || s.Reading {
			b.t.Errorf("all that is left is in doubt: %+v", s)
		}
		b.ok(<-p.ended)
		b.want(queue.Counts{Submitted: 1})
		if s := p.Progress(); s.LimitedBy != "" || s.Activity != Idle {
			b.t.Errorf("at the end: %+v", s)
		}
	})
}
