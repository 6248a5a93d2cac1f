package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/queuetest"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// hoursSent sums up, as the server sees it, what the accepted objects play.
type hoursSent struct {
	mu    sync.Mutex
	plays map[string]time.Duration // 0: its row does not say it
	sum   time.Duration            // guarded by mu, as are these
	mute  int
}

func (h *hoursSent) accept(j air.Job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.plays[j.Source.ObjectKey]
	if h.sum += d; d == 0 {
		h.mute++
	}
}

// enqueue adds so many items that play 1 to 120 minutes; every seventh does not say it.
func (h *hoursSent) enqueue(b *bubble, n int) {
	b.t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(n)))
	h.plays = map[string]time.Duration{}
	var c queue.Chunk
	for i := range n {
		it := queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i)}
		if i%7 != 3 {
			d := time.Duration(60+random.IntN(7140)) * time.Second
			h.plays[it.Key], it.Extra = d, []queue.Field{{Name: "duration", Value: fmt.Sprint(d.Seconds())}}
		}
		c.Items = append(c.Items, it)
	}
	if _, err := b.db.Add(b.t.Context(), batch, c); err != nil {
		b.t.Fatal(err)
	}
}

// No more media than the budget is ever sent, over runs that end at any moment, with faults and refusals, and next to all of it is. The
// last run says how many items it could not count. A higher budget carries on.
func TestMediaBudget(t *testing.T) {
	const budget, part = 60 * time.Hour, 50 * time.Millisecond
	faults := map[airtest.Kind]float64{airtest.Err500After: 0.1, airtest.Err500Before: 0.1, airtest.ResetAfter: 0.05, airtest.HalfBody: 0.05, airtest.Reject400: 0.1}
	for name, c := range map[string]struct {
		perSecond float64
		parts     int
		faults    map[airtest.Kind]float64
	}{
		"claimed one by one": {50, 0, nil}, "claimed ahead": {0, 0, nil}, "over restarts": {50, 20, nil},
		"with faults": {50, 20, faults}, "claimed ahead, with faults": {0, 3, faults},
	} {
		t.Run(name, func(t *testing.T) {
			var h hoursSent
			config := airtest.Config{OnAccept: h.accept, Settings: airtest.Settings{Latency: airtest.Duration(20 * time.Millisecond), Faults: airtest.Faults{Post: c.faults}}}
			inBubble(t, 0, config, func(b *bubble) {
				h.enqueue(b, 200)
				limited := func(p *Config) { p.Budget = budget }
				for range c.parts {
					ctx, cancel := context.WithTimeout(b.t.Context(), part)
					_ = b.pool(c.perSecond, limited).Run(ctx) // it may have reached the budget
					cancel()
					b.reopen()
				}
				for last := -1; ; b.reopen() { // a doubt of one run may leave room for the next
					err := b.run(c.perSecond, limited)
					wantStop(b.t, err, stop.Limit)
					now := b.counts()
					if now.InDoubt == 0 && last == int(now.Pending) {
						if want := fmt.Sprintf("and %d items whose duration is not known", h.mute); !strings.Contains(err.Error(), "--budget 60h reached") || !strings.Contains(err.Error(), want) {
							b.t.Errorf("got %q, want %q", err, want)
						}
						break
					}
					last = int(now.Pending)
					time.Sleep(time.Minute)
					b.pool(0, func(p *Config) { p.LookupsOnly = true }).Run(b.t.Context())
				}
				if h.sum > budget || h.sum < budget-2*time.Hour {
					b.t.Errorf("%v of media were sent, want at most %v and hardly less", h.sum, budget)
				}
				b.t.Logf("%v of %v; %+v", h.sum, budget, b.counts())
				for b.counts().Pending > 0 {
					if err := b.run(0, func(p *Config) { p.Budget = 1000 * time.Hour }); err != nil {
						b.t.Fatal(err)
					}
					b.reopen()
				}
				all := time.Duration(0)
				for _, d := range h.plays {
					all += d
				}
				if now := b.counts(); now.Failed == 0 && h.sum != all {
					b.t.Errorf("in the end %v were sent of %v: %+v", h.sum, all, now)
				}
			})
		})
	}
}

// What a process was sending when it was killed counts, until a lookup shows that AiR has no job of it.
func TestMediaBudgetCountsDoubts(t *testing.T) {
	var h hoursSent
	inBubble(t, 0, airtest.Config{OnAccept: h.accept}, func(b *bubble) {
		var c queue.Chunk
		h.plays = map[string]time.Duration{}
		for i := range 10 {
			key := fmt.Sprintf("clip-%d.mov", i)
			h.plays[key] = time.Hour
			c.Items = append(c.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: key, Extra: []queue.Field{{Name: "Duration", Value: "1h"}}})
		}
		if _, err := b.db.Add(b.t.Context(), batch, c); err != nil {
			b.t.Fatal(err)
		}
		if _, err := queuetest.On(b.db).Claim(b.t.Context(), queue.ClaimRequest{Batches: []string{batch}, Max: 4}); err != nil {
			b.t.Fatal(err)
		}
		b.reopen()
		limited := func(p *Config) { p.Budget = 6 * time.Hour }
		wantStop(b.t, b.run(50, limited), stop.Limit)
		b.want(queue.Counts{Submitted: 2, InDoubt: 4, Pending: 4})
		if err := b.run(0, func(p *Config) { p.LookupsOnly = true }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 2, Pending: 8})
		wantStop(b.t, b.run(50, limited), stop.Limit)
		b.want(queue.Counts{Submitted: 6, Pending: 4})
		if h.sum != 6*time.Hour {
			b.t.Errorf("%v were sent", h.sum)
		}
	})
}

// What AiR refuses leaves room for others in the same run.
func TestMediaBudgetGivesBackWhatIsRefused(t *testing.T) {
	for name, perSecond := range map[string]float64{"claimed one by one": 50, "claimed ahead": 0} {
		t.Run(name, func(t *testing.T) {
			refuse := func(r airtest.Request) (f airtest.Fault) {
				if r.Method == "POST" && r.N <= 3 {
					f.Kind = airtest.Reject400
				}
				return f
			}
			inBubble(t, 0, airtest.Config{Script: refuse}, func(b *bubble) {
				var c queue.Chunk
				for i := range 20 {
					c.Items = append(c.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("clip-%d.mov", i), Extra: []queue.Field{{Name: "duration", Value: "3600"}}})
				}
				if _, err := b.db.Add(b.t.Context(), batch, c); err != nil {
					b.t.Fatal(err)
				}
				wantStop(b.t, b.run(perSecond, func(p *Config) { p.Budget = 6 * time.Hour }), stop.Limit)
				b.want(queue.Counts{Submitted: 6, Failed: 3, Pending: 11})
			})
		})
	}
}
