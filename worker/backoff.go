package worker

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	backoffBase = 500 * time.Millisecond
	backoffCap  = 30 * time.Second
	// outageCap is the longest wait between two canaries of an outage.
	outageCap = 5 * time.Minute
)

// jitter returns a delay after the n-th failure in a row (from 1): anything up to base x 2^(n-1), at most limit ("full
// jitter", so that workers that failed together do not come back together).
func jitter(n int, base, limit time.Duration) time.Duration {
	return rand.N(grown(n, base, limit)) + time.Millisecond
}

// grown returns base x 2^(n-1), at most limit.
func grown(n int, base, limit time.Duration) time.Duration {
	d := base
	for ; n > 1 && d < limit; n-- {
		d *= 2
	}
	return min(d, limit)
}

// sleep waits, or returns the cause when ctx is done first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
