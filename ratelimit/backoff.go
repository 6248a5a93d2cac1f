package ratelimit

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff returns the wait after the n-th failure in a row (from 1): base x 2^(n-1), at most limit.
func Backoff(n int, base, limit time.Duration) time.Duration {
	d := base
	for ; n > 1 && d < limit; n-- {
		d *= 2
	}
	return min(d, limit)
}

// Jitter returns anything up to [Backoff] ("full jitter"), so that workers that failed together do not come back together.
func Jitter(n int, base, limit time.Duration) time.Duration {
	return rand.N(Backoff(n, base, limit)) + time.Millisecond
}

// HalfJitter returns [Backoff] less up to a half at random, for one who waits alone.
func HalfJitter(n int, base, limit time.Duration) time.Duration {
	d := Backoff(n, base, limit)
	return d/2 + rand.N(d/2)
}

// Sleep waits, or returns the cause when ctx is done first.
func Sleep(ctx context.Context, d time.Duration) error {
	over, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-over.Done()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
