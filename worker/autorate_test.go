package worker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"airlift/queue"
	"airlift/worker/air/airtest"
	"airlift/worker/pace"
)

// serverModel is a way in which a server limits what it bears, with fixed rates to compare with.
type serverModel struct {
	name     string
	settings airtest.Settings
	rates    []float64
	begin    time.Duration // after noon
	ramp     time.Duration
	steady   time.Duration
}

const ms = airtest.Duration(time.Millisecond)

// autoTable measures longer, and more fixed rates, for a table.
var autoTable = flag.Bool("autotable", false, "print a table of --rate auto beside the best fixed rate, from 10,000 requests to each model")

var serverModels = []serverModel{
	{"token bucket", airtest.Settings{RequestRate: 4, RequestBurst: 20, Latency: 100 * ms}, []float64{4, 4.2}, 0, 5 * time.Minute, 8 * time.Minute},
	{"concurrency limit", airtest.Settings{Concurrency: 4, Latency: 400 * ms}, []float64{9.9, 10.1}, 0, 2 * time.Minute, 3 * time.Minute},
	{"latency knee", airtest.Settings{ServeRate: 10, Latency: 100 * ms}, []float64{10.1, 20}, 0, 2 * time.Minute, 3 * time.Minute},
	{"400 throttling", airtest.Settings{RequestRate: 10, Latency: 100 * ms}, []float64{10, 10.5}, 0, 2 * time.Minute, 3 * time.Minute},
	{"503 throttling", airtest.Settings{RequestRate: 10, Latency: 100 * ms, ThrottleStatus: 503}, []float64{10, 10.5}, 0, 2 * time.Minute, 3 * time.Minute},
	// From before midnight to after the end of the night.
	{"nightly halving", airtest.Settings{RequestRate: 0.3, NightRate: 0.15, Latency: 100 * ms}, []float64{0.15, 0.3}, 11 * time.Hour, 30 * time.Minute, 8 * time.Hour},
}

// long returns a model to be measured for thousands of requests and, if its nights are others, for a day.
func (m serverModel) long() serverModel {
	most := m.rates[len(m.rates)-1]
	for _, part := range []float64{0.8, 0.85, 0.9, 0.95, 1.05, 1.1} {
		m.rates = append(m.rates, part*most)
	}
	m.steady = time.Duration(10_000 / most * float64(time.Second))
	if m.settings.NightRate > 0 {
		m.steady = 24 * time.Hour
	}
	return m
}

// measured counts what a server does in a time.
type measured struct {
	accepted, throttled int
	took                time.Duration
	answer              time.Duration // how long AiR takes for one, at the end
}

func (m measured) rate() float64 { return float64(m.accepted) / m.took.Seconds() }

// percent returns how many of a hundred are throttled.
func (m measured) percent() float64 {
	return 100 * float64(m.throttled) / float64(max(m.accepted+m.throttled, 1))
}

// watch counts for a time.
func (b *bubble) watch(took time.Duration) measured {
	count := func() (accepted, throttled int) {
		all := b.air.Statuses()
		return b.air.Accepted(), all[400] + all[503]
	}
	accepted, throttled := count()
	time.Sleep(took)
	acceptedNow, throttledNow := count()
	return measured{accepted: acceptedNow - accepted, throttled: throttledNow - throttled, took: took}
}

// auto begins a run that finds its rate, unless change says another, and returns what ends it before its work is done.
func (b *bubble) auto(perSecond float64, change func(*Config)) (p *Pool, end func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	p = b.pool(perSecond, func(c *Config) {
		c.AutoRate, c.Forever = true, true
		if change != nil {
			change(c)
		}
	})
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	return p, func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			b.t.Errorf("the run ended with %v", err)
		}
	}
}

// measure runs a pool against a model, at a fixed rate or, if that is 0, at the one that it finds. It returns what came of the steady time, and how
// long it took to reach a rate.
func (m serverModel) measure(t *testing.T, fixed, reach float64) (steady measured, reached time.Duration) {
	inBubble(t, 0, airtest.Config{Settings: m.settings}, func(b *bubble) {
		time.Sleep(m.begin)
		if fixed > 0 {
			m.ramp = 0
		}
		p, end := b.auto(max(fixed, 0.1), func(set *Config) { set.AutoRate = fixed == 0 })
		defer end()
		const look = 10 * time.Second
		items := 0
		enough := func(next time.Duration) { // to send, however fast
			for b.counts().Pending < int64(2*m.rates[len(m.rates)-1]*next.Seconds())+1000 {
				b.add(items, items+1000)
				items += 1000
			}
		}
		for at := time.Duration(0); at < m.ramp; at += look {
			enough(look)
			if got := b.watch(look); got.rate() >= reach && reached == 0 {
				reached = at + look
			}
		}
		for steady.took < m.steady {
			next := min(m.steady-steady.took, 10*time.Minute)
			enough(next)
			got := b.watch(next)
			steady = measured{accepted: steady.accepted + got.accepted, throttled: steady.throttled + got.throttled, took: steady.took + next}
		}
		steady.answer = p.Progress().Answer
	})
	return steady, reached
}

// A run that finds its rate is about as fast as one with the best fixed rate, whatever AiR limits, and is hardly ever throttled.
func TestAutoRateAgainstTheBestFixedRate(t *testing.T) {
	for _, m := range serverModels {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			if *autoTable {
				m = m.long()
			}
			best, at := measured{took: time.Hour}, 0.0
			for _, r := range m.rates {
				if got, _ := m.measure(t, r, 0); got.rate() > best.rate() {
					best, at = got, r
				}
			}
			auto, reached := m.measure(t, 0, 0.9*best.rate())
			if *autoTable {
				fmt.Printf("auto %-18s %8.3f/s, %.2f %% throttled; best fixed %7.3f/s: %8.3f/s, %.2f %% throttled; ratio %.2f, 0.9 after %v\n",
					m.name, auto.rate(), auto.percent(), at, best.rate(), best.percent(), auto.rate()/best.rate(), reached)
			}
			if auto.rate() < 0.9*best.rate() || auto.percent() > 1 || reached == 0 {
				t.Errorf("auto: %.3f/s, %.2f %% throttled, 0.9 after %v; the best fixed rate, %v: %.3f/s", auto.rate(), auto.percent(), reached, at, best.rate())
			}
			if usual := time.Duration(m.settings.Latency); auto.answer > 3*usual {
				t.Errorf("an answer takes %v, want little more than the %v of an idle server", auto.answer, usual)
			}
		})
	}
}

// A run begins with a safe part of what the one before it found, at another account with what nobody knows.
func TestAutoRateIsRememberedByAccount(t *testing.T) {
	inBubble(t, 10_000, airtest.Config{Settings: airtest.Settings{RequestRate: 20, Latency: 100 * ms}}, func(b *bubble) {
		_, end := b.auto(1, nil)
		b.watch(3 * time.Minute)
		end()
		account, err := b.db.Account(b.t.Context(), queue.DefaultAccount, 0)
		b.ok(err)
		if known := account.Server.Rate; known.Value < 17 || known.Value > 23 || time.Since(known.When) > time.Minute {
			b.t.Errorf("stored: %+v, want about 20", known)
		}
		b.reopen()
		first := func(after time.Duration) pace.InForce {
			time.Sleep(after)
			p, end := b.auto(1, nil)
			defer end()
			time.Sleep(time.Second)
			return p.Progress().Pace
		}
		if got := first(0); got.By != pace.Auto || got.Rate < 15 || got.Rate > 21 {
			b.t.Errorf("begins at %+v, want nine tenths of 20", got)
		}
		if got := first(48 * time.Hour); got.Rate < 8 || got.Rate > 12 {
			b.t.Errorf("two days later: begins at %+v, want half of 20", got)
		}
		b.ok(b.db.CreateBatch(b.t.Context(), queue.Batch{ID: "c", Account: "other"}))
		p, end := b.auto(1, func(c *Config) { c.Batches, c.Account = []string{"c"}, "other" })
		defer end()
		time.Sleep(time.Second)
		if got := p.Progress().Pace; got.Rate != 2 {
			b.t.Errorf("another account begins at %+v, want 2/s", got)
		}
	})
}

// An operator switches between a rate and the one that is found, and bounds that.
func TestOperatorsSwitchAutoRate(t *testing.T) {
	inBubble(t, 20_000, airtest.Config{Settings: airtest.Settings{Latency: 50 * ms}}, func(b *bubble) {
		p, end := b.auto(3, func(c *Config) { c.AutoRate, c.MaxRate = false, 30 })
		defer end()
		set := func(c queue.Control, want pace.InForce) {
			b.t.Helper()
			b.ok(p.Apply(b.t.Context(), c))
			time.Sleep(time.Minute)
			if got := p.Progress().Pace; got != want {
				b.t.Errorf("%+v: in force %+v, want %+v", c, got, want)
			}
			rate := b.watch(time.Minute).rate()
			if want := float64(want.Rate); rate > want*1.001 || rate < want*0.98 {
				b.t.Errorf("%+v: sent %v/s, want %v/s", c, rate, want)
			}
		}
		set(queue.Control{}, pace.InForce{Rate: 3, By: pace.Fixed})
		set(queue.Control{AutoRate: true}, pace.InForce{Rate: 30, By: pace.Fixed})
		set(queue.Control{AutoRate: true, MaxRate: 12}, pace.InForce{Rate: 12, By: pace.Fixed})
		set(queue.Control{Rate: 40}, pace.InForce{Rate: 40, By: pace.Fixed})
		set(queue.Control{AutoRate: true, MaxRate: 20}, pace.InForce{Rate: 20, By: pace.Fixed})
		p.Pace().Set(pace.Table, 4)
		time.Sleep(time.Minute)
		if got := b.watch(time.Minute).rate(); got > 4.1 || got < 3.9 {
			b.t.Errorf("under a table: %v/s, want 4/s", got)
		}
		p.Pace().Set(pace.Table, 1000)
		set(queue.Control{}, pace.InForce{Rate: 3, By: pace.Fixed})
	})
}

// While something else limits, the rate does not grow: once that is gone, AiR does not get a burst.
func TestAutoRateDoesNotGrowUnused(t *testing.T) {
	inBubble(t, 0, airtest.Config{Settings: airtest.Settings{Latency: 50 * ms}}, func(b *bubble) {
		p, end := b.auto(1, nil)
		defer end()
		for i := range 900 { // an item a second
			b.add(i, i+1)
			time.Sleep(time.Second)
		}
		if got := p.Progress().Pace.Rate; got > 2 {
			b.t.Errorf("at one item a second the rate grew to %v/s", got)
		}
		b.add(2000, 12_000)
		b.watch(time.Minute)
		if got := p.Progress().Pace.Rate; got < 49 {
			b.t.Errorf("with enough items the rate is %v/s, want 50/s", got)
		}
		b.ok(p.Apply(b.t.Context(), queue.Control{AutoRate: true, MaxRate: 1000, Workers: 1}))
		b.watch(time.Minute)
		if got := p.Progress().Pace.Rate; got > 60 { // one worker sends 20/s
			b.t.Errorf("with one worker the rate grew to %v/s", got)
		}
	})
}

// An outage costs nothing of what is known, and after it a canary goes first.
func TestAutoRateOverAnOutage(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{RequestRate: 10, Latency: 100 * ms}}
	inBubble(t, 20_000, c, func(b *bubble) {
		_, end := b.auto(1, nil)
		defer end()
		b.watch(3 * time.Minute)
		b.ok(b.air.Change(func(s *airtest.Settings) {
			s.Faults = airtest.Faults{Seed: 1, Post: airtest.Odds{airtest.HTML502Before: 1}, List: airtest.Odds{airtest.HTML502Before: 1}}
		}))
		b.watch(time.Hour)
		b.ok(b.air.Change(func(s *airtest.Settings) { s.Faults = airtest.Faults{} }))
		b.watch(6 * time.Minute) // until the next canary
		if got := b.watch(5 * time.Minute); got.rate() < 9 || got.percent() > 1 {
			b.t.Errorf("after an outage: %.2f/s, %.2f %% throttled; AiR bears 10/s", got.rate(), got.percent())
		}
	})
}
