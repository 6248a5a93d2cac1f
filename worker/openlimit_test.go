package worker

import (
	"slices"
	"sync"
	"testing"
	"time"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// openJobs counts, as the server sees it, the jobs that have not ended.
type openJobs struct {
	mu      sync.Mutex
	life    time.Duration
	begun   []time.Time // guarded by mu
	highest int         // guarded by mu
}

func (o *openJobs) accept(air.Job) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	o.begun = append(o.begun, now)
	open := 0
	for _, at := range slices.Backward(o.begun) {
		if now.Sub(at) >= o.life {
			break
		}
		open++
	}
	o.highest = max(o.highest, open)
}

// sum returns how many jobs were accepted, and how many were open at once at most.
func (o *openJobs) sum() (accepted, highest int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.begun), o.highest
}

// With jobs of 200 seconds there are never more than --max-open at AiR, and nearly as many are sent as that allows: over a restart,
// with lists that lag, and at a rate at which items are claimed ahead.
func TestMaxOpen(t *testing.T) {
	const life = 200 * time.Second
	for name, c := range map[string]struct {
		most  int64
		rate  float64
		lag   time.Duration
		parts []time.Duration
		share float64
	}{
		"at a low rate":  {40, 3, 0, []time.Duration{40 * time.Minute}, 0.95},
		"claimed ahead":  {40, 200, 0, []time.Duration{40 * time.Minute}, 0.95},
		"over a restart": {40, 3, 15 * time.Second, []time.Duration{20*time.Minute + time.Second, 20 * time.Minute}, 0.95},
	} {
		t.Run(name, func(t *testing.T) {
			o := openJobs{life: life}
			config := airtest.Config{OnAccept: o.accept, Settings: airtest.Settings{Lifecycle: airtest.Duration(life), ListLag: airtest.Duration(c.lag)}}
			inBubble(t, 1000, config, func(b *bubble) {
				all := time.Duration(0)
				for i, d := range c.parts {
					if i > 0 {
						b.reopen()
					}
					b.runFor(d, c.rate, func(p *Config) { p.MaxOpen = c.most })
					all += d
				}
				// The first jobs end only after a lifetime.
				possible := float64(c.most) * float64(all-life) / float64(life)
				sent := len(o.begun) - int(c.most)
				_, gets := b.arrivals()
				t.Logf("%d jobs of %.0f possible (%.3f), at most %d open, %d lists", sent, possible, float64(sent)/possible, o.highest, len(gets))
				if int64(o.highest) > c.most || float64(sent) < c.share*possible {
					t.Errorf("got %d jobs with at most %d open, want %.2f of %.0f with at most %d", sent, o.highest, c.share, possible, c.most)
				}
			})
		})
	}
}

// While AiR's list cannot be read, no more is sent than is known to be allowed, and the run says why.
func TestMaxOpenWithoutList(t *testing.T) {
	const life = 200 * time.Second
	o := openJobs{life: life}
	var from time.Time
	config := airtest.Config{OnAccept: o.accept, Settings: airtest.Settings{Lifecycle: airtest.Duration(life)}, Script: func(r airtest.Request) (f airtest.Fault) {
		if d := r.At.Sub(from); r.Method == "GET" && d > time.Minute && d < 11*time.Minute {
			f.Kind = airtest.Err500Before
		}
		return f
	}}
	inBubble(t, 60, config, func(b *bubble) {
		from = time.Now()
		p := b.pool(5, func(c *Config) { c.MaxOpen = 20 })
		var ended sync.WaitGroup
		ended.Go(func() { b.ok(p.Run(b.t.Context())) })
		time.Sleep(9 * time.Minute)
		s := p.Progress()
		sent, _ := o.sum()
		if s.LimitedBy != "open jobs" || s.Open.Open != 20 || s.Open.Most != 20 || s.Open.Trouble == "" || sent != 20 {
			t.Errorf("while the list fails: limited by %q, %d of %d open, trouble %q, %d sent; want 20 of 20, and why", s.LimitedBy, s.Open.Open, s.Open.Most, s.Open.Trouble, sent)
		}
		ended.Wait()
		b.want(queue.Counts{Submitted: 60})
		if o.highest != 20 {
			t.Errorf("at most %d open, want 20", o.highest)
		}
	})
}

// Jobs that end at once are seen to have ended.
func TestMaxOpenOfShortJobs(t *testing.T) {
	config := airtest.Config{Settings: airtest.Settings{Lifecycle: airtest.Duration(time.Millisecond)}}
	inBubble(t, 100, config, func(b *bubble) {
		b.ok(b.run(0, func(c *Config) { c.MaxOpen = 9 }))
		b.want(queue.Counts{Submitted: 100})
		if posts, _ := b.arrivals(); posts[99].Sub(posts[0]) > time.Minute {
			t.Errorf("the last of 100 jobs was sent after %v", posts[99].Sub(posts[0]))
		}
	})
}

// What is in doubt counts as open: AiR may have its job.
func TestMaxOpenCountsDoubts(t *testing.T) {
	const life = 200 * time.Second
	o := openJobs{life: life}
	config := airtest.Config{OnAccept: o.accept, Settings: airtest.Settings{Lifecycle: airtest.Duration(life), Faults: airtest.Faults{Post: map[airtest.Kind]float64{airtest.Err500After: 0.3}}}}
	inBubble(t, 60, config, func(b *bubble) {
		b.ok(b.run(5, func(c *Config) { c.MaxOpen = 10 }))
		b.want(queue.Counts{Submitted: 60})
		if o.highest > 10 {
			t.Errorf("at most %d open, want 10", o.highest)
		}
	})
}
