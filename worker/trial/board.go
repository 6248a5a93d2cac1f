package trial

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/openjobs"
)

// Config configures a [Board].
type Config struct {
	Store queue.Reader
	// Errors asks AiR for the errors of a job, after a token of the rate limit.
	Errors func(ctx context.Context, id string) (air.JobState, error)
	// Decided is called with a trial that has passed or failed, to be stored.
	Decided func(batch string, outcome queue.Trial)
	// Failed is called with an error of the queue.
	Failed func(error)
	Log    zerolog.Logger
}

// Board has the trials that are running. Make one with [NewBoard]. It is safe for concurrent use.
type Board struct {
	c       Config
	changed ratelimit.Broadcast

	mu sync.Mutex
	// The fields below are guarded by mu.
	jobs    *openjobs.Counter
	running map[string]*Trial // by batch
	stale   map[string]bool   // of which a claim gave fewer items than can be claimed
}

// NewBoard returns a board without trials.
func NewBoard(c Config) *Board {
	return &Board{c: c, running: map[string]*Trial{}, stale: map[string]bool{}}
}

// Follow makes a counter follow the jobs of the samples. It is to be called before anything else.
func (b *Board) Follow(jobs *openjobs.Counter) { b.jobs = jobs }

// Begin begins a trial that is running as it is stored, or ends that of the batch if it is not.
func (b *Board) Begin(ctx context.Context, batch string, set *queue.Trial) error {
	if set == nil || set.State != queue.TrialRunning {
		b.mu.Lock()
		delete(b.running, batch)
		b.mu.Unlock()
		b.changed.Fire()
		return nil
	}
	if now := b.Of(batch); now != nil && !set.After(&now.set) {
		return nil
	}
	items, err := b.entries(ctx, batch, set.Seqs)
	if err != nil {
		return err
	}
	t := New(*set, items)
	for _, j := range t.Open() {
		b.jobs.Add(openjobs.Job{Batch: batch, ID: j.ID, At: j.At})
	}
	b.mu.Lock()
	b.running[batch] = t
	b.mu.Unlock()
	b.changed.Fire()
	return nil
}

// entries returns items as they are stored now.
func (b *Board) entries(ctx context.Context, batch string, seqs []uint64) (all []queue.Entry, err error) {
	for _, seq := range seqs {
		err := queue.Entries(ctx, b.c.Store, batch, queue.Filter{Span: &queue.Span{From: seq, To: seq + 1}}, func(e *queue.Entry) error {
			all = append(all, *e)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Of returns the trial of a batch; nil: none is running.
func (b *Board) Of(batch string) *Trial {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running[batch]
}

// Only returns the items of a batch that may be claimed, and whether a trial is running: if not, all may.
func (b *Board) Only(batch string) ([]uint64, bool) {
	t := b.Of(batch)
	if t == nil {
		return nil, false
	}
	return t.Pending(), true
}

// Allows reports whether an item may be sent now.
func (b *Board) Allows(batch string, seq uint64) bool {
	t := b.Of(batch)
	return t == nil || t.Has(seq)
}

// Claimed notes claims of some batches. fewer says that there were fewer than asked for.
func (b *Board) Claimed(got []queue.Claimed, fewer bool) {
	for i := range got {
		if t := b.Of(got[i].Batch); t != nil {
			t.Claimed(got[i].Seq)
		}
	}
	if !fewer {
		return
	}
	b.mu.Lock()
	some := len(b.running) > 0
	for batch := range b.running {
		b.stale[batch] = true
	}
	b.mu.Unlock()
	if some {
		b.changed.Fire()
	}
}

// Store takes results that were stored.
func (b *Board) Store(results []queue.Result) {
	some := false
	for i := range results {
		r := &results[i]
		t := b.Of(r.Batch)
		if t == nil || !t.Has(r.Seq) {
			continue
		}
		if r.To == queue.Submitted {
			b.jobs.Add(openjobs.Job{Batch: r.Batch, ID: r.JobID, At: r.At})
		}
		t.Store(r)
		some = true
	}
	if some {
		b.changed.Fire()
	}
}

// End takes the ends of jobs.
func (b *Board) End(ends []openjobs.End) {
	for _, e := range ends {
		if t := b.Of(e.Batch); t != nil {
			t.End(e.ID, e.Status)
		}
	}
	b.changed.Fire()
}

// Progress returns how far the trials have come, by batch.
func (b *Board) Progress() map[string]Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]Progress{}
	for batch, t := range b.running {
		all[batch] = t.Progress()
	}
	return all
}

// Run decides trials until ctx is done.
func (b *Board) Run(ctx context.Context) {
	for ctx.Err() == nil {
		changed := b.changed.Wait()
		if err := b.decide(ctx); err != nil {
			if ctx.Err() == nil {
				b.c.Failed(err)
			}
			return
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

// decide decides the trials that can be decided, and asks for the ends of the jobs of the others.
func (b *Board) decide(ctx context.Context) error {
	b.mu.Lock()
	running, stale := maps.Clone(b.running), b.stale
	b.stale = map[string]bool{}
	b.mu.Unlock()
	for _, batch := range slices.Sorted(maps.Keys(running)) {
		t := running[batch]
		if stale[batch] {
			items, err := b.entries(ctx, batch, t.Pending())
			if err != nil {
				return err
			}
			t.Refresh(items)
		}
		state := t.Decided()
		if state == queue.TrialRunning {
			if t.Progress().Open > 0 {
				b.jobs.Want()
			}
			continue
		}
		if err := b.explain(ctx, t); err != nil {
			return err
		}
		outcome := t.Outcome(state, time.Now())
		b.c.Log.Info().Str("batch", batch).Int("completed", outcome.Completed).Int("failed", outcome.Failed).Msg("the canary sample has " + string(state))
		b.c.Decided(batch, outcome)
	}
	return nil
}

// explain asks AiR for the codes of the jobs that it has failed. Without an answer there is no code.
func (b *Board) explain(ctx context.Context, t *Trial) error {
	for _, j := range t.Unexplained() {
		state, err := b.c.Errors(ctx, j.ID)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil {
			t.Explain(j.ID, state.Code)
			continue
		}
		var e *air.Error
		if !errors.As(err, &e) {
			return err
		}
		b.c.Log.Warn().Str("job_id", j.ID).Err(err).Msg("AiR does not tell why it has failed a job")
	}
	return nil
}
