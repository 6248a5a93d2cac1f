package worker

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/joblist"
	"airlift/worker/stop"
	"airlift/worker/verdict"
)

// started is a pool that runs in a bubble, until its Fed is closed and nothing is left.
type started struct {
	*Pool
	*bubble
	fed   chan struct{}
	ended chan error
}

// start runs a pool that waits for more items.
func (b *bubble) start(perSecond float64, change func(*Config)) *started {
	b.t.Helper()
	fed := make(chan struct{})
	p := b.pool(perSecond, func(c *Config) {
		c.Fed = fed
		if change != nil {
			change(c)
		}
	})
	s := &started{Pool: p, bubble: b, fed: fed, ended: make(chan error, 1)}
	go func() { s.ended <- p.Run(b.t.Context()) }()
	return s
}

// finish lets the run end.
func (s *started) finish() {
	s.t.Helper()
	close(s.fed)
	if err := <-s.ended; err != nil {
		s.t.Error(err)
	}
}

// posted returns how many POSTs arrived so far.
func (b *bubble) posted() int {
	posts, _ := b.arrivals()
	return len(posts)
}

// addBatch makes a second batch with so many items.
func (b *bubble) addBatch(id string, items int) {
	b.t.Helper()
	first, err := b.db.Batch(b.t.Context(), batch)
	b.ok(err)
	b.ok(b.db.CreateBatch(b.t.Context(), queue.Batch{ID: id, Account: queue.DefaultAccount, Settings: first.Settings}))
	b.addTo(id, 0, items)
}

// addTo enqueues items from to to in a batch that addBatch made.
func (b *bubble) addTo(id string, from, to int) {
	b.t.Helper()
	var c queue.Chunk
	for i := from; i < to; i++ {
		c.Items = append(c.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("%s-%05d.mov", id, i)})
	}
	_, err := b.db.Add(b.t.Context(), id, c)
	b.ok(err)
}

func (b *bubble) countsOf(id string) queue.Counts {
	b.t.Helper()
	got, err := b.db.Batch(context.Background(), id)
	b.ok(err)
	return got.Counts
}

// rates are one at which items are claimed one at a time, and one at which they are claimed ahead, with enough items for
// some ten seconds.
var rates = map[string]struct {
	perSecond float64
	items     int
}{"one at a time": {10, 100}, "claimed ahead": {120, 1200}}

// A pool that is paused while it runs sends nothing more until it is resumed, and then a canary first.
func TestPauseAndResume(t *testing.T) {
	for name, at := range rates {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(time.Second)}}
			inBubble(t, at.items, c, func(b *bubble) {
				p := b.start(at.perSecond, nil)
				time.Sleep(5 * time.Second)
				p.Pause("for a test")
				time.Sleep(2 * time.Second) // what is on its way
				before := b.posted()
				if s := p.Progress(); s.Activity != Paused || s.Reason != "for a test" || !s.PausedUntil.IsZero() {
					b.t.Errorf("paused: %+v", s)
				}
				time.Sleep(30 * time.Hour)
				if got := b.posted(); got != before || before == 0 || before == at.items {
					b.t.Errorf("%d POSTs, and %d before the pause, want the same", got, before)
				}
				if c := b.counts(); c.Sending != 0 {
					b.t.Errorf("%d items are claimed in the pause", c.Sending)
				}
				p.Resume()
				time.Sleep(time.Second / 2)
				if got := b.posted(); got != before+1 {
					b.t.Errorf("%d POSTs half a second after the pause, want a canary alone", got-before)
				}
				if s := p.Progress(); s.Activity != Running || s.Reason != "" {
					b.t.Errorf("resumed: %+v", s)
				}
				p.finish()
				b.want(queue.Counts{Submitted: int64(at.items)})
			})
		})
	}
}

// Resume ends the pause of a daily cap too, and the stored one with it.
func TestResumeEndsTheDailyCap(t *testing.T) {
	inBubble(t, 20, airtest.Config{Settings: airtest.Settings{DailyCap: 10}}, func(b *bubble) {
		p := b.start(0, nil)
		time.Sleep(time.Minute)
		if s := p.Progress(); s.Activity != Paused || s.PausedUntil.IsZero() {
			b.t.Fatalf("at the cap: %+v", s)
		}
		b.ok(b.air.Change(func(s *airtest.Settings) { s.DailyCap = 0 }))
		p.Resume()
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 20})
		if a, err := b.db.Account(b.t.Context(), queue.DefaultAccount, 0); err != nil || a.Gate != (queue.Gate{}) {
			b.t.Errorf("stored: %+v, %v, want an open gate", a.Gate, err)
		}
		p.finish()
	})
}

// A batch that joins while the pool runs is worked; one that leaves is claimed no more, and its items go back.
func TestJoinAndLeave(t *testing.T) {
	for name, at := range rates {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 10, airtest.Config{}, func(b *bubble) {
				p := b.start(at.perSecond, nil)
				time.Sleep(10 * time.Second)
				b.want(queue.Counts{Submitted: 10})
				b.addBatch("second", at.items)
				time.Sleep(10 * time.Second)
				if got := b.posted(); got != 10 {
					b.t.Errorf("%d POSTs before the batch joined, want 10", got)
				}
				b.ok(p.Join(b.t.Context(), "second"))
				b.ok(p.Join(b.t.Context(), "second")) // which changes nothing
				if p.Join(b.t.Context(), "third") == nil {
					b.t.Error("a batch joined that is not there")
				}
				time.Sleep(5 * time.Second)
				b.ok(p.Leave("second"))
				time.Sleep(time.Second)
				left := b.countsOf("second")
				if left.Submitted == 0 || left.Pending == 0 || left.Sending != 0 {
					b.t.Errorf("left with %+v, want some submitted and none claimed", left)
				}
				if p.Leave("second") == nil {
					b.t.Error("a batch left twice")
				}
				time.Sleep(time.Hour)
				if got := b.countsOf("second"); got != left {
					b.t.Errorf("got %+v an hour after it left, want %+v", got, left)
				}
				b.add(10, 20)
				time.Sleep(10 * time.Second)
				b.want(queue.Counts{Submitted: 20})
				b.ok(p.Join(b.t.Context(), "second"))
				time.Sleep(time.Minute) // the run does not wait for it
				p.finish()
				if got := b.countsOf("second"); got.Submitted != int64(at.items) {
					b.t.Errorf("got %+v, want all submitted", got)
				}
			})
		})
	}
}

// A run does not wait for a batch that left, but for what it has of it in doubt.
func TestARunEndsWithoutTheBatchThatLeft(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{DailyCap: 3}, Script: once(2, airtest.ResetAfter)}
	inBubble(t, 20, c, func(b *bubble) {
		p := b.start(0, func(c *Config) { c.Workers = 1 })
		close(p.fed)
		time.Sleep(time.Second)
		b.ok(p.Leave(batch))
		if err := <-p.ended; err != nil {
			b.t.Error(err)
		}
		b.want(queue.Counts{Submitted: 3, Pending: 17})
	})
}

// Workers and rate change while the pool runs, also for those who wait for a token already.
func TestSetChangesWorkersAndRate(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	c := airtest.Config{
		Settings: airtest.Settings{Latency: airtest.Duration(10 * time.Second)},
		Script: func(r airtest.Request) airtest.Fault {
			if r.Method == "POST" {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.AfterFunc(9*time.Second, func() { mu.Lock(); now--; mu.Unlock() })
			}
			return airtest.Fault{}
		},
	}
	atMost := func() int {
		mu.Lock()
		defer mu.Unlock()
		got := most
		most = 0
		return got
	}
	inBubble(t, 1000, c, func(b *bubble) {
		p := b.start(5, func(c *Config) { c.Workers = 2 })
		time.Sleep(2 * time.Minute)
		if got := atMost(); got != 2 {
			b.t.Errorf("%d requests at once, want 2", got)
		}
		set := func(change func(*Limits)) {
			l := p.Limits()
			change(&l)
			b.ok(p.SetLimits(l))
		}
		set(func(l *Limits) { l.Workers, l.Rate = 12, 200 })
		time.Sleep(time.Minute)
		if got := atMost(); got != 12 {
			b.t.Errorf("%d requests at once, want 12", got)
		}
		set(func(l *Limits) { l.Workers, l.Rate = 3, 5 })
		time.Sleep(21 * time.Second) // what is on its way
		atMost()
		time.Sleep(time.Minute)
		if got := atMost(); got != 3 {
			b.t.Errorf("%d requests at once, want 3", got)
		}
		if got := b.counts().Sending; got > 3 {
			b.t.Errorf("%d items are claimed for 3 workers", got)
		}
		set(func(l *Limits) { l.Rate = 1.0 / 3600 })
		time.Sleep(time.Minute)
		before := b.posted()
		time.Sleep(5 * time.Minute)
		if got := b.posted() - before; got > 1 {
			b.t.Errorf("%d POSTs in 5 minutes at one an hour", got)
		}
		for _, bad := range []func(*Limits){
			func(l *Limits) { l.Workers = 0 }, func(l *Limits) { l.Rate = 0 }, func(l *Limits) { l.MaxAttempts = 0 }, func(l *Limits) { l.DailyLimit = -1 },
		} {
			l := p.Limits()
			if bad(&l); p.SetLimits(l) == nil {
				b.t.Errorf("set %+v, want an error", l)
			}
		}
		set(func(l *Limits) { l.Workers, l.Rate = 1000, ratelimit.Unlimited })
		p.finish()
		b.want(queue.Counts{Submitted: 1000})
	})
}

// A daily limit that is raised ends the pause that the old one caused.
func TestSetRaisesTheDailyLimit(t *testing.T) {
	inBubble(t, 30, airtest.Config{}, func(b *bubble) {
		p := b.start(0, func(c *Config) { c.DailyLimit = 10 })
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 10, Pending: 20})
		l := p.Limits()
		l.DailyLimit = 25
		b.ok(p.SetLimits(l))
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 25, Pending: 5})
		l.DailyLimit, l.ExitOnCap = 25, true
		b.ok(p.SetLimits(l))
		wantStop(b.t, <-p.ended, stop.Limit)
	})
}

// record is an observer that writes down what it is told.
type record struct {
	mu        sync.Mutex
	sent      int
	answered  map[queue.State]int
	paused    []ratelimit.State
	committed map[queue.State]int
	looked    []joblist.Found
}

func (r *record) Sent(string) { r.mu.Lock(); defer r.mu.Unlock(); r.sent++ }
func (r *record) Answered(_ string, _ air.Outcome, v verdict.Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered[v.State]++
}
func (r *record) Paused(s ratelimit.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = append(r.paused, s)
}
func (r *record) Committed(results []queue.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range results {
		r.committed[one.To]++
	}
}

func (r *record) LookedUp(_ string, found joblist.Found, err error, _ time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.looked = append(r.looked, found)
	}
}

// An observer is told of each POST, each answer, each pause, each lookup, and of what is durable.
func TestObserver(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{DailyCap: 20}, Script: once(3, airtest.ResetAfter)}
	inBubble(t, 30, c, func(b *bubble) {
		r := &record{answered: map[queue.State]int{}, committed: map[queue.State]int{}}
		b.ok(b.run(0, func(c *Config) { c.Observer, c.Workers = r, 1 }))
		b.want(queue.Counts{Submitted: 30})
		if r.sent != b.posted() || r.answered[queue.Submitted] != 29 || r.answered[queue.InDoubt] != 1 || r.sent != 30+r.answered[queue.Pending] {
			b.t.Errorf("sent %d of %d, answered %v", r.sent, b.posted(), r.answered)
		}
		if r.committed[queue.Submitted] != 30 {
			b.t.Errorf("committed %v, want 30 submitted", r.committed)
		}
		if len(r.looked) != 2 || r.looked[0].JobID == "" || r.looked[1] != (joblist.Found{}) {
			b.t.Errorf("looked up %+v, want the job whose answer was lost, and none for what met the cap", r.looked)
		}
		if begun := func(s ratelimit.State) bool { return s.Paused && !s.Until.IsZero() && s.Reason != "" }; len(r.paused) != 2 || !begun(r.paused[0]) || r.paused[1] != (ratelimit.State{}) {
			b.t.Errorf("paused: %+v, want the cap's pause and its end", r.paused)
		}
	})
}

// A check whether queue and AiR belong together that hangs holds nobody whose context ends, and no other batch.
func TestACheckThatHangsHoldsNobody(t *testing.T) {
	inBubble(t, 10, airtest.Config{}, func(b *bubble) {
		hang := make(chan struct{})
		b.addBatch("second", 10)
		p := b.pool(0, func(c *Config) { c.Batches = []string{batch, "second"}; c.API = hanging{c.API, batch, hang} })
		b.ok(p.prepare(b.t.Context()))
		first := make(chan error, 1)
		go func() { first <- p.scheduler.checkMatch(b.t.Context(), batch) }()
		synctest.Wait()
		ended, end := context.WithCancel(b.t.Context())
		end()
		second := make(chan error, 2)
		go func() { second <- p.scheduler.checkMatch(ended, batch) }()
		go func() { second <- p.scheduler.checkMatch(b.t.Context(), "second") }()
		synctest.Wait()
		if got := len(second); got != 2 {
			b.t.Errorf("%d of 2 checks ended beside one that hangs", got)
		}
		close(hang)
		b.ok(<-first)
		if errs := []error{<-second, <-second}; !slices.Contains(errs, nil) || !slices.Contains(errs, context.Canceled) {
			b.t.Errorf("got %v, want the end of a context, and no error", errs)
		}
	})
}

// hanging lists nothing of a batch until it is let go.
type hanging struct {
	api
	batch string
	hang  chan struct{}
}

func (h hanging) List(ctx context.Context, q air.ListQuery) (air.Page, error) {
	if q.Batch == h.batch {
		<-h.hang
	}
	return h.api.List(ctx, q)
}
