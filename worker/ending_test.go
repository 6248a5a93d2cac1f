package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"airlift/queue"
	"airlift/worker/air/airtest"
)

// errEnough ends a run in these tests.
var errEnough = errors.New("enough")

// runFor runs a pool for so long.
func (b *bubble) runFor(d time.Duration, perSecond float64, change func(*Config)) {
	b.t.Helper()
	ctx, end := context.WithCancelCause(b.t.Context())
	time.AfterFunc(d, func() { end(errEnough) })
	if err := b.pool(perSecond, change).Run(ctx); !errors.Is(err, errEnough) {
		b.t.Errorf("the run ended with %v", err)
	}
}

// What is on its way as a run ends is awaited and stored, whatever was gathered for a commit by then.
func TestAnEndedRunStoresWhatWasOnItsWay(t *testing.T) {
	for name, at := range rates {
		t.Run(name, func(t *testing.T) {
			c := airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(2 * time.Second)}}
			inBubble(t, at.items, c, func(b *bubble) {
				b.runFor(5*time.Second, at.perSecond, func(c *Config) { c.Workers = 64 })
				accepted := int64(b.air.Accepted())
				if accepted == 0 || accepted == int64(at.items) {
					b.t.Errorf("%d of %d jobs, want some", accepted, at.items)
				}
				b.want(queue.Counts{Submitted: accepted, Pending: int64(at.items) - accepted})
			})
		})
	}
}

// An item that waits for its settle window as the run ends goes back.
func TestAnEndedRunPutsBackWhatWaitsForItsWindow(t *testing.T) {
	inBubble(t, 1, airtest.Config{Script: once(1, airtest.Err500Before)}, func(b *bubble) {
		b.ok(b.run(0, func(c *Config) { c.MaxAttempts, c.Settle = 1, time.Second }))
		b.want(queue.Counts{Failed: 1})
		if n, err := b.db.Change(b.t.Context(), batch, queue.Change{Do: queue.DoRetry}); err != nil || n.Items != 1 {
			b.t.Fatalf("retry: %+v, %v", n, err)
		}
		b.reopen()
		b.runFor(5*time.Second, 0, nil)
		b.want(queue.Counts{Pending: 1})
		if b.posted() != 1 {
			b.t.Errorf("%d POSTs, want one", b.posted())
		}
	})
}
