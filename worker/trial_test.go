package worker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// trials is what a test of a canary sample knows: which objects were accepted, in order.
type accepted struct {
	mu   sync.Mutex
	keys []string // guarded by mu
}

func (a *accepted) accept(j air.Job) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys = append(a.keys, j.Source.ObjectKey)
}

func (a *accepted) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.keys)
}

// sample asks for a sample of items 5, 15, 25, ...
func (b *bubble) sample(size, maxFailed int) {
	b.t.Helper()
	t := &queue.Trial{State: queue.TrialRunning, Asked: time.Now(), Size: size, MaxFailed: maxFailed}
	for i := range size {
		t.Seqs = append(t.Seqs, uint64(10*i+5))
	}
	b.ok(b.db.SetBatchControl(b.t.Context(), batch, queue.BatchControl{Trial: t}))
}

func (b *bubble) trial() *queue.Trial {
	b.t.Helper()
	got, err := b.db.Batch(context.Background(), batch)
	b.ok(err)
	return got.Control.Trial
}

func keyOf(i int) string { return fmt.Sprintf("clip-%05d.mov", i) }

// A sample that ends well is sent alone, and then the rest, each item once.
func TestSamplePasses(t *testing.T) {
	for name, at := range rates {
		t.Run(name, func(t *testing.T) {
			var a accepted
			c := airtest.Config{OnAccept: a.accept, Settings: airtest.Settings{Lifecycle: airtest.Duration(10 * time.Minute), FailKeys: []string{keyOf(15)}}}
			inBubble(t, 100, c, func(b *bubble) {
				b.sample(10, 1)
				p := b.pool(at.perSecond, nil)
				var running sync.WaitGroup
				running.Go(func() { b.ok(p.Run(b.t.Context())) })
				time.Sleep(9 * time.Minute)
				s := p.Progress()
				if want := "canary sample: 0 of 10 completed, 0 failed, 10 open"; s.Reason != want || s.LimitedBy != "canary sample" || len(a.all()) != 10 {
					t.Errorf("while the sample is awaited: %q, limited by %q, %d sent; want %q", s.Reason, s.LimitedBy, len(a.all()), want)
				}
				running.Wait()
				b.want(queue.Counts{Submitted: 100})
				got := a.all()
				slices.Sort(got[:10])
				for i, key := range got[:10] {
					if key != keyOf(10*i+5) {
						t.Errorf("item %d of the sample is %s", i, key)
					}
				}
				if got := b.trial(); got.State != queue.TrialPassed || got.Completed != 9 || got.Failed != 1 || got.Seqs != nil {
					t.Errorf("the trial is stored as %+v", got)
				}
				posts, _ := b.arrivals()
				if wait := posts[10].Sub(posts[0]); wait < 10*time.Minute || wait > 11*time.Minute {
					t.Errorf("the rest began %v after the sample, want soon after its jobs ended", wait)
				}
			})
		})
	}
}

// A sample of which too many fail ends the run, and so does the next run at once, until an operator waives it.
func TestSampleFails(t *testing.T) {
	var a accepted
	c := airtest.Config{
		OnAccept: a.accept, SourceExists: func(_, key string) bool { return key != keyOf(45) },
		Settings: airtest.Settings{Lifecycle: airtest.Duration(time.Minute), FailKeys: []string{"clip-0005=UNSUPPORTED_CODEC", "clip-0006=UNSUPPORTED_CODEC", "clip-0009"}},
	}
	inBubble(t, 100, c, func(b *bubble) {
		b.sample(10, 1)
		err := b.run(5, nil)
		wantStop(t, err, stop.Failures)
		for _, want := range []string{
			"4 of the 10 items", "at most 1 may", `2: UNSUPPORTED_CODEC AiR failed the job ("clip-00055.mov", "clip-00065.mov")`,
			"1: BAD_REQUEST source object not found", "1: PROCESSING_ERROR", "--canary-again", "airlift resume",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the message lacks %q: %v", want, err)
			}
		}
		b.want(queue.Counts{Submitted: 9, Failed: 1, Pending: 90})
		b.reopen()
		posts, _ := b.arrivals()
		again := b.run(5, nil)
		wantStop(t, again, stop.Failures)
		if now, _ := b.arrivals(); len(now) != len(posts) || again.Error() != err.Error() {
			t.Errorf("the next run sent %d requests, and says %v", len(now)-len(posts), again)
		}
		p := b.pool(5, nil)
		b.ok(p.ApplyBatch(batch, queue.BatchControl{Trial: b.trial().Waive(time.Now())}))
		b.ok(p.Run(b.t.Context()))
		b.want(queue.Counts{Submitted: 99, Failed: 1})
	})
}

// A sample is awaited over the ends of processes, and what a process left in doubt is part of it.
func TestSampleOverRestarts(t *testing.T) {
	var a accepted
	c := airtest.Config{OnAccept: a.accept, Settings: airtest.Settings{
		Lifecycle: airtest.Duration(30 * time.Minute), Faults: airtest.Faults{Post: map[airtest.Kind]float64{airtest.Err500After: 0.3, airtest.Err500Before: 0.2}},
	}}
	inBubble(t, 60, c, func(b *bubble) {
		b.sample(6, 0)
		b.runFor(2*time.Second, 2, nil)
		b.reopen()
		b.runFor(10*time.Minute, 2, nil)
		b.reopen()
		if n := len(a.all()); n != 6 {
			t.Errorf("%d jobs after two runs, want the 6 of the sample", n)
		}
		b.ok(b.run(2, nil))
		b.want(queue.Counts{Submitted: 60})
	})
}

// Sample items that an operator cancels are no part of it any more; a pause by hand goes on beside it.
func TestSampleChanges(t *testing.T) {
	var a accepted
	inBubble(t, 30, airtest.Config{OnAccept: a.accept}, func(b *bubble) {
		b.sample(3, 0)
		p := b.pool(1, nil)
		b.ok(p.ApplyBatch(batch, queue.BatchControl{Paused: true})) // without the trial, which stays
		var running sync.WaitGroup
		running.Go(func() { b.ok(p.Run(b.t.Context())) })
		time.Sleep(time.Minute)
		_, err := b.db.Change(b.t.Context(), batch, queue.Change{Do: queue.DoCancel, Filter: queue.Filter{Key: func(key string) bool { return key == keyOf(15) }}})
		b.ok(err)
		if len(a.all()) > 0 {
			t.Errorf("sent while paused: %q", a.all())
		}
		b.ok(p.ApplyBatch(batch, queue.BatchControl{}))
		time.Sleep(4 * time.Second)
		if got := a.all(); !slices.Equal(got, []string{keyOf(5), keyOf(25)}) {
			t.Errorf("the sample is %q", got)
		}
		running.Wait()
		b.want(queue.Counts{Submitted: 29, Cancelled: 1})
		if got := b.trial(); got.State != queue.TrialPassed || got.Size != 2 {
			t.Errorf("the trial is stored as %+v", got)
		}
	})
}

// The sample of one batch holds no other, and a failed one ends the work on its batch alone.
func TestSampleBesideAnotherBatch(t *testing.T) {
	var a accepted
	c := airtest.Config{OnAccept: a.accept, Settings: airtest.Settings{FailKeys: []string{"clip-00015"}, Lifecycle: airtest.Duration(time.Minute)}}
	inBubble(t, 30, c, func(b *bubble) {
		b.addBatch("other", 20)
		b.sample(3, 0)
		err := b.run(1, func(c *Config) { c.Batches = []string{batch, "other"} })
		wantStop(t, err, stop.Failures)
		b.want(queue.Counts{Submitted: 3, Pending: 27})
		if other, err := b.db.Batch(b.t.Context(), "other"); err != nil || other.Counts.Submitted != 20 {
			t.Errorf("the other batch: %+v, %v", other.Counts, err)
		}
	})
}

// A run that serves goes on once an operator waives a failed sample.
func TestSampleWaivedWhileServing(t *testing.T) {
	c := airtest.Config{Settings: airtest.Settings{FailShare: 1, Lifecycle: airtest.Duration(time.Minute)}}
	inBubble(t, 30, c, func(b *bubble) {
		b.sample(3, 0)
		ctx, cancel := context.WithCancel(b.t.Context())
		p := b.pool(1, func(c *Config) { c.Batches, c.Forever = nil, true })
		var running sync.WaitGroup
		running.Go(func() { _ = p.Run(ctx) })
		synctest.Wait()
		b.ok(p.Join(ctx, batch))
		time.Sleep(10 * time.Minute)
		b.want(queue.Counts{Submitted: 3, Pending: 27})
		if err := p.Join(ctx, batch); err == nil || !strings.Contains(err.Error(), "canary sample") {
			t.Errorf("a batch whose sample has failed: got %v", err)
		}
		b.ok(p.ApplyBatch(batch, queue.BatchControl{Trial: b.trial().Waive(time.Now())}))
		time.Sleep(time.Minute)
		b.want(queue.Counts{Submitted: 30})
		cancel()
		running.Wait()
	})
}
