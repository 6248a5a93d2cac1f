package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"airlift/queue"
	"airlift/queue/memory"
	"airlift/worker/air/airtest"
)

// slowToRefuse is a queue that takes a second to say that the daily limit is reached.
type slowToRefuse struct{ *memory.Queue }

func (s slowToRefuse) Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error) {
	got, clashes, err := s.Queue.Exchange(ctx, results, r)
	if errors.Is(err, queue.ErrDailyLimit) {
		time.Sleep(time.Second)
	}
	return got, clashes, err
}

func TestAClaimRefusedAcrossMidnightCostsNoDay(t *testing.T) {
	inBubble(t, 8, airtest.Config{}, func(b *bubble) {
		time.Sleep(12*time.Hour - 500*time.Millisecond)
		midnight := time.Now().Add(500 * time.Millisecond)
		if err := b.run(0, func(c *Config) { c.Store, c.DailyLimit = slowToRefuse{b.db}, 5 }); err != nil {
			t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: 8})
		posts, _ := b.arrivals()
		for i, at := range posts {
			if after := at.Sub(midnight); (i < 5) != (after < 0) || after > 6*time.Second {
				t.Errorf("POST %d went %v after midnight, want 5 before, and the others by midnight and the grace of 5 s", i, after)
			}
		}
	})
}

// slowToGiveNothing is a queue whose claims take a moment, and those that got nothing a second.
type slowToGiveNothing struct{ *memory.Queue }

func (s slowToGiveNothing) Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error) {
	if len(results) > 0 {
		return s.Queue.Exchange(ctx, results, r)
	}
	time.Sleep(10 * time.Millisecond)
	got, _, err := s.Queue.Exchange(ctx, nil, r)
	if len(got) == 0 {
		time.Sleep(time.Second)
	}
	return got, nil, err
}

// Two workers want the last item, and the one that does not get it learns so when the other is done with it: the run
// ends all the same.
func TestAClaimOfNothingEndsTheRun(t *testing.T) {
	inBubble(t, 2, airtest.Config{}, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		err := b.pool(100, func(c *Config) { c.Store = slowToGiveNothing{b.db} }).Run(ctx)
		if err != nil || time.Since(start) > time.Minute {
			t.Errorf("the run ended with %v after %v, want its end within seconds", err, time.Since(start))
		}
		b.want(queue.Counts{Submitted: 2})
	})
}

// counting is a queue that counts what costs a commit, which takes as long as two syncs of a disk.
type counting struct {
	*memory.Queue
	calls *atomic.Int32
}

func (c counting) Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error) {
	c.calls.Add(1)
	time.Sleep(2 * time.Millisecond)
	return c.Queue.Exchange(ctx, results, r)
}

// At a high rate many items share a commit, and results and claims do: each costs two syncs of the disk.
func TestManyItemsShareACommit(t *testing.T) {
	const items, most = 2000, 2000 / 64
	var calls atomic.Int32
	inBubble(t, items, airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(time.Millisecond)}}, func(b *bubble) {
		if err := b.run(0, func(c *Config) { c.Store, c.Workers = counting{b.db, &calls}, 64 }); err != nil {
			b.t.Fatal(err)
		}
		b.want(queue.Counts{Submitted: items})
	})
	if got := calls.Load(); got > most {
		t.Errorf("%d commits for %d items, want at most %d", got, items, most)
	}
}
