package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// turnsTaken notes of which batch each POST was.
type turnsTaken struct {
	mu sync.Mutex
	of []string // guarded by mu
	at []time.Time
}

func (r *turnsTaken) note(q airtest.Request) {
	if q.Method == "POST" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.of, r.at = append(r.of, q.Job.Batch), append(r.at, time.Now())
	}
}

func (r *turnsTaken) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.of)
}

// count counts the POSTs of a batch.
func count(posts []string, id string) (n int) {
	for _, of := range posts {
		if of == id {
			n++
		}
	}
	return n
}

// atEachRate runs a test at a rate at which items are claimed one at a time, and at one at which they are claimed ahead.
func atEachRate(t *testing.T, items int, c airtest.Config, test func(b *bubble, perSecond float64, taken *turnsTaken)) {
	t.Helper()
	for name, at := range rates {
		t.Run(name, func(t *testing.T) {
			taken := &turnsTaken{}
			c.OnRequest = taken.note
			inBubble(t, items, c, func(b *bubble) { test(b, at.perSecond, taken) })
		})
	}
}

func both(c *Config) { c.Batches = []string{batch, "second"} }

// Two batches of the same share alternate, and each keeps its order.
func TestBatchesAlternate(t *testing.T) {
	atEachRate(t, 600, airtest.Config{}, func(b *bubble, perSecond float64, taken *turnsTaken) {
		b.addBatch("second", 600)
		b.ok(b.run(perSecond, both))
		ahead, most := 0, 0
		for _, of := range taken.all()[:1100] {
			if of == batch {
				ahead++
			} else {
				ahead--
			}
			most = max(most, ahead, -ahead)
		}
		if most > 16 {
			b.t.Errorf("one batch was %d POSTs ahead of the other, want at most 16", most)
		}
		if got := b.countsOf("second"); got.Submitted != 600 {
			b.t.Errorf("the second batch: %+v", got)
		}
		b.want(queue.Counts{Submitted: 600})
	})
}

// A batch of share 3 gets three times as much as one of share 1, and a share that changes does so at once.
func TestSharesAreKeptAndChangedLive(t *testing.T) {
	atEachRate(t, 5000, airtest.Config{}, func(b *bubble, perSecond float64, taken *turnsTaken) {
		b.addBatch("second", 5000)
		b.ok(b.db.SetBatchControl(b.t.Context(), batch, queue.BatchControl{Share: 3}))
		p := b.start(perSecond, both)
		window := func(want float64) {
			b.t.Helper()
			before := len(taken.all())
			time.Sleep(time.Duration(2000 / perSecond * float64(time.Second)))
			posts := taken.all()[before:]
			if got := float64(count(posts, batch)) / float64(len(posts)); got < want-0.01 || got > want+0.01 {
				b.t.Errorf("the first batch has %.3f of %d POSTs, want %.2f", got, len(posts), want)
			}
		}
		window(0.75)
		b.ok(p.ApplyBatch("second", queue.BatchControl{Share: 9}))
		time.Sleep(time.Second)
		window(0.25)
		if p.ApplyBatch("second", queue.BatchControl{Share: 101}) == nil || p.ApplyBatch("none", queue.BatchControl{}) == nil {
			b.t.Error("a share of 101, or a batch that is not there: got no error")
		}
		p.finish()
	})
}

// A batch that comes while nothing else was pending for long makes up for nothing, and neither does one that was empty.
func TestABatchThatWasEmptyMakesUpForNothing(t *testing.T) {
	atEachRate(t, 1000, airtest.Config{}, func(b *bubble, perSecond float64, taken *turnsTaken) {
		b.addBatch("second", 0)
		p := b.start(perSecond, both)
		time.Sleep(time.Duration(300 / perSecond * float64(time.Second)))
		before := len(taken.all())
		b.addTo("second", 0, 500)
		time.Sleep(time.Duration(100 / perSecond * float64(time.Second)))
		posts := taken.all()[before:]
		if got := count(posts, "second"); got < len(posts)/2-16 || got > len(posts)/2+1 {
			b.t.Errorf("the new batch has %d of the first %d POSTs, want half of them", got, len(posts))
		}
		p.finish()
	})
}

// Tonight's 500 objects do not wait behind a hundred thousand that sleep at the cap.
func TestASmallBatchIsNotHeldByALargeOne(t *testing.T) {
	taken := &turnsTaken{}
	c := airtest.Config{Settings: airtest.Settings{DailyCap: 2000, Latency: airtest.Duration(20 * time.Millisecond)}, OnRequest: taken.note}
	inBubble(t, 100_000, c, func(b *bubble) {
		p := b.start(0, nil)
		time.Sleep(time.Hour)
		before := len(taken.all())
		b.addBatch("night", 500)
		b.ok(p.Join(b.t.Context(), "night"))
		time.Sleep(12 * time.Hour)
		posts := taken.all()[before:]
		if len(posts) < 1200 || count(posts[:1200], "night") != 500 {
			b.t.Errorf("%d of 500 went out with the first 1,200 of %d POSTs", count(posts[:min(1200, len(posts))], "night"), len(posts))
		}
		if got := b.countsOf("night"); got.Submitted != 500 {
			b.t.Errorf("the night's batch: %+v", got)
		}
		b.ok(p.Leave(batch))
		p.finish()
	})
}

// A batch that is paused while the pool runs is sent no more, the others are, and the run waits for it and says why; over a
// restart, too. Its pause may end by itself.
func TestPauseOfABatch(t *testing.T) {
	atEachRate(t, 300, airtest.Config{}, func(b *bubble, perSecond float64, taken *turnsTaken) {
		b.addBatch("second", 300)
		ctx, cancel := context.WithCancel(b.t.Context())
		p := b.pool(perSecond, both)
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(time.Duration(100 / perSecond * float64(time.Second)))
		b.ok(p.ApplyBatch("second", queue.BatchControl{Paused: true, Reason: "for\na test"}))
		time.Sleep(time.Second)
		before := count(taken.all(), "second")
		time.Sleep(10 * time.Minute)
		if got := count(taken.all(), "second"); got != before || before == 0 {
			b.t.Errorf("%d POSTs of the paused batch, and %d before its pause", got, before)
		}
		b.want(queue.Counts{Submitted: 300})
		if got := b.countsOf("second"); got.Sending != 0 || got.Pending != 300-int64(before) {
			b.t.Errorf("the paused batch: %+v", got)
		}
		if s := p.Progress(); s.Activity != Paused || !s.ByHand || s.Reason != `batch "second" is paused: for a test` || !s.PausedUntil.IsZero() {
			b.t.Errorf("while only paused items are left: %+v", s)
		}
		cancel()
		<-ended
		b.reopen()
		again := b.start(perSecond, both)
		close(again.fed)
		time.Sleep(time.Hour)
		until := time.Now().Add(time.Hour)
		b.ok(again.ApplyBatch("second", queue.BatchControl{Paused: true, PausedUntil: until}))
		if s := again.Progress(); s.Activity != Paused || !s.PausedUntil.Equal(until) {
			b.t.Errorf("paused until %v: %+v", until, s)
		}
		b.ok(<-again.ended)
		if first := taken.at[300+before]; first.Before(until) || first.Sub(until) > 31*time.Second {
			b.t.Errorf("the first POST after the pause was at %v, want %v", first, until)
		}
		if got := b.countsOf("second"); got.Submitted != 300 {
			b.t.Errorf("after the pause: %+v", got)
		}
	})
}

// A run ends when its own batches are done: what it has of a guest in flight is finished, and the rest is given back.
func TestAGuestDoesNotKeepTheRunAlive(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(500 * time.Millisecond)}}
	atEachRate(t, 20, c, func(b *bubble, perSecond float64, taken *turnsTaken) {
		b.addBatch("guest", 5000)
		p := b.start(perSecond, nil)
		b.ok(p.Join(b.t.Context(), "guest"))
		began := time.Now()
		p.finish()
		if took := time.Since(began); took > 10*time.Second {
			b.t.Errorf("the run ended after %v", took)
		}
		b.want(queue.Counts{Submitted: 20})
		got := b.countsOf("guest")
		if n := count(taken.all(), "guest"); got.Submitted != int64(n) || n == 0 || got.Pending != int64(5000-n) {
			b.t.Errorf("the guest after %d POSTs: %+v", n, got)
		}
	})
}

// What is in doubt of a guest is looked up, and the run does not wait for that either.
func TestDoubtsOfAGuest(t *testing.T) {
	lost := func(r airtest.Request) airtest.Fault {
		if r.Job.Batch == "guest" && r.N%5 == 0 {
			return airtest.Fault{Kind: airtest.ResetAfter}
		}
		return airtest.Fault{}
	}
	inBubble(t, 1, airtest.Config{Script: lost}, func(b *bubble) {
		b.addBatch("guest", 50)
		p := b.start(10, nil)
		b.ok(p.Join(b.t.Context(), "guest"))
		time.Sleep(5 * time.Minute)
		if got := b.countsOf("guest"); got.Submitted != 50 {
			b.t.Errorf("the guest: %+v", got)
		}
		b.addTo("guest", 50, 100)
		time.Sleep(6 * time.Second)
		began := time.Now()
		p.finish()
		if got := b.countsOf("guest"); got.InDoubt == 0 || time.Since(began) > 3*time.Second {
			b.t.Errorf("the run ended after %v, the guest has %+v; want its doubts to wait for the next run", time.Since(began), got)
		}
	})
}

// A guest that does not fit what AiR holds is left out, and the run goes on.
func TestAGuestThatDoesNotFitIsLeftOut(t *testing.T) {
	atEachRate(t, 200, airtest.Config{}, func(b *bubble, perSecond float64, taken *turnsTaken) {
		b.addBatch("guest", 50)
		b.air.Plant(air.NewJob{Name: "other", Batch: "guest", Source: air.Source{Bucket: "archive", ObjectKey: "guest-00001.mov"}})
		p := b.start(perSecond, nil)
		b.ok(p.Join(b.t.Context(), "guest"))
		p.finish()
		b.want(queue.Counts{Submitted: 200})
		if slices.Contains(taken.all(), "guest") || slices.Contains(p.Worked(), "guest") {
			b.t.Error("a batch was sent of which AiR has jobs that the queue does not know")
		}
	})
}

// A hold keeps the run alive until it is released, and then the last item is sent.
func TestAHoldKeepsTheRunAlive(t *testing.T) {
	inBubble(t, 5, airtest.Config{}, func(b *bubble) {
		p := b.start(0, nil)
		release, other := p.Hold(), p.Hold()
		close(p.fed)
		time.Sleep(time.Hour)
		if s := p.Progress(); !s.Reading {
			b.t.Errorf("while it is held: %+v", s)
		}
		b.add(5, 10)
		release()
		release() // a second time changes nothing
		time.Sleep(time.Hour)
		select {
		case err := <-p.ended:
			b.t.Fatalf("the run ended although it is held: %v", err)
		default:
		}
		b.want(queue.Counts{Submitted: 10})
		other()
		b.ok(<-p.ended)
	})
}

// A pool that works forever waits for batches, and ends only with its context.
func TestForever(t *testing.T) {
	inBubble(t, 5, airtest.Config{}, func(b *bubble) {
		ctx, cancel := context.WithCancel(b.t.Context())
		p := b.pool(0, func(c *Config) { c.Batches, c.Forever = nil, true })
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(time.Hour)
		b.ok(p.Join(b.t.Context(), batch))
		time.Sleep(48 * time.Hour)
		b.want(queue.Counts{Submitted: 5})
		if len(ended) != 0 {
			b.t.Error("it ended by itself")
		}
		cancel()
		if err := <-ended; err != context.Canceled {
			b.t.Errorf("got %v, want the context's end", err)
		}
	})
}

// A pause by hand holds over a restart, and until it is resumed or its end.
func TestAPauseByHandIsKept(t *testing.T) {
	inBubble(t, 100, airtest.Config{}, func(b *bubble) {
		ctx, cancel := context.WithCancel(b.t.Context())
		p := b.pool(10, nil)
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(3 * time.Second)
		b.ok(p.Apply(ctx, queue.Control{Paused: true, Reason: "maintenance"}))
		time.Sleep(time.Hour)
		before := b.posted()
		if s := p.Progress(); s.Activity != Paused || !s.ByHand || s.Reason != "maintenance" || before == 0 || before > 35 {
			b.t.Errorf("paused after %d POSTs: %+v", before, s)
		}
		cancel()
		<-ended
		b.reopen()
		again := b.start(10, func(c *Config) { c.ExitOnCap = true })
		time.Sleep(30 * time.Hour)
		if got := b.posted(); got != before {
			b.t.Errorf("%d POSTs after a restart within the pause", got-before)
		}
		until := time.Now().Add(2 * time.Hour)
		b.ok(again.Apply(b.t.Context(), queue.Control{Paused: true, PausedUntil: until}))
		time.Sleep(time.Hour)
		if s := again.Progress(); !s.ByHand || s.Reason != byHand || !s.PausedUntil.Equal(until) || b.posted() != before {
			b.t.Errorf("paused until %v: %+v", until, s)
		}
		again.finish()
		posts, _ := b.arrivals()
		if first := posts[before]; first.Before(until) || first.Sub(until) > 31*time.Second {
			b.t.Errorf("the first POST after the pause was at %v, want %v", first, until)
		}
		b.want(queue.Counts{Submitted: 100})
	})
}

// A pause by hand and one of a daily cap do not end each other, and resume ends both, also as stored.
func TestAPauseByHandBesideACap(t *testing.T) {
	inBubble(t, 100, airtest.Config{Settings: airtest.Settings{DailyCap: 30}}, func(b *bubble) {
		p := b.start(0, nil)
		stored := func() queue.AccountState {
			b.t.Helper()
			a, err := b.db.Account(b.t.Context(), queue.DefaultAccount, 0)
			b.ok(err)
			return a
		}
		time.Sleep(time.Hour) // at the cap, until midnight
		first := b.posted()
		b.ok(p.Apply(b.t.Context(), queue.Control{Paused: true, Reason: "maintenance"}))
		b.ok(p.Apply(b.t.Context(), queue.Control{Rate: 5})) // resumed before midnight
		time.Sleep(time.Hour)
		if s := p.Progress(); b.posted() != first || s.ByHand || s.PausedUntil.IsZero() {
			b.t.Errorf("%d POSTs in the cap's pause after one by hand: %+v", b.posted()-first, s)
		}
		b.ok(p.Apply(b.t.Context(), queue.Control{Paused: true, Reason: "maintenance"}))
		time.Sleep(24 * time.Hour) // beyond midnight
		if s := p.Progress(); b.posted() != first || !s.ByHand || stored().Gate.PausedUntil.IsZero() {
			b.t.Errorf("%d POSTs in a pause by hand after the cap's: %+v", b.posted()-first, s)
		}
		b.ok(p.Apply(b.t.Context(), queue.Control{}))
		time.Sleep(time.Hour)
		if got := b.counts(); got.Submitted != 60 {
			b.t.Errorf("resumed: %+v", got)
		}
		b.ok(p.Apply(b.t.Context(), queue.Control{Paused: true, Workers: 3}))
		b.ok(b.air.Change(func(s *airtest.Settings) { s.DailyCap = 0 }))
		p.Resume()
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 100})
		if a := stored(); a.Gate != (queue.Gate{}) || a.Control != (queue.Control{Workers: 3}) {
			b.t.Errorf("after resume the queue has %+v", a)
		}
		p.finish()
	})
}

// What is accepted while a pause by hand begins does not end it.
func TestAnAnswerDoesNotEndAPauseByHand(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(time.Second)}}
	inBubble(t, 100, c, func(b *bubble) {
		b.ok(b.db.SetGate(b.t.Context(), queue.DefaultAccount, queue.Gate{Pauses: 1}))
		p := b.start(0, nil)
		time.Sleep(1500 * time.Millisecond) // several requests are in flight
		b.ok(p.Apply(b.t.Context(), queue.Control{Paused: true}))
		time.Sleep(time.Hour)
		a, err := b.db.Account(b.t.Context(), queue.DefaultAccount, 0)
		b.ok(err)
		if got := b.counts(); !a.Control.Paused || got.Submitted == 100 || a.Gate != (queue.Gate{}) {
			b.t.Errorf("the queue has %+v, and %+v", a, got)
		}
		p.Resume()
		p.finish()
	})
}

// Limits that are set hold at once and over a restart; what is not set is as the run was started.
func TestLimitsThatAreSetAreKept(t *testing.T) {
	inBubble(t, 300, airtest.Config{}, func(b *bubble) {
		limit := int64(40)
		ctx, cancel := context.WithCancel(b.t.Context())
		p := b.pool(1, func(c *Config) { c.DailyLimit = 100 })
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		time.Sleep(5 * time.Second)
		b.ok(p.Apply(ctx, queue.Control{Rate: 10, Workers: 2, DailyLimit: &limit}))
		want := p.Limits()
		if want.Rate != 10 || want.Workers != 2 || want.DailyLimit != 40 {
			b.t.Errorf("set: %+v", want)
		}
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 40, Pending: 260})
		for _, bad := range []queue.Control{{Rate: -1}, {Workers: 5000}} {
			if p.Apply(ctx, bad) == nil {
				b.t.Errorf("set %+v, want an error", bad)
			}
		}
		cancel()
		<-ended
		b.reopen()
		again := b.start(1, func(c *Config) { c.Workers = 4 })
		time.Sleep(time.Hour)
		if got := again.Limits(); got.Rate != 10 || got.Workers != 2 || got.DailyLimit != 40 {
			b.t.Errorf("after a restart: %+v, want %+v", got, want)
		}
		b.want(queue.Counts{Submitted: 40, Pending: 260})
		none := int64(0)
		b.ok(again.Apply(b.t.Context(), queue.Control{Rate: float64(ratelimit.Unlimited), DailyLimit: &none}))
		if got := again.Limits(); got.Rate != ratelimit.Unlimited || got.Workers != 4 || got.DailyLimit != 0 {
			b.t.Errorf("set again: %+v", got)
		}
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 300})
		b.ok(again.Apply(b.t.Context(), queue.Control{}))
		if got := again.Limits(); got.Rate != 1 || got.DailyLimit != 0 {
			b.t.Errorf("nothing set: %+v, want what the run was started with", got)
		}
		again.finish()
	})
}

// A cap beside a pause by hand ends a run that exits at caps, and a pause by hand does not.
func TestExitOnCapBesideAPauseByHand(t *testing.T) {
	inBubble(t, 30, airtest.Config{Settings: airtest.Settings{DailyCap: 10}}, func(b *bubble) {
		b.ok(b.db.SetControl(b.t.Context(), queue.DefaultAccount, queue.Control{Paused: true, PausedUntil: time.Now().Add(time.Hour)}))
		err := b.run(0, func(c *Config) { c.ExitOnCap = true })
		wantStop(b.t, err, stop.Limit)
		if b.air.Accepted() != 10 || !strings.Contains(fmt.Sprint(err), "daily cap") {
			b.t.Errorf("%d accepted, and ended with %v; want the cap after the pause by hand", b.air.Accepted(), err)
		}
	})
}
