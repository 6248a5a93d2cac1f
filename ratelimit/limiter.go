package ratelimit

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// Limiter keeps all requests of an account together below a rate. It is safe for concurrent use.
type Limiter struct {
	bucket  *rate.Limiter
	changed Broadcast // the rate was changed
}

// NewLimiter returns a limiter whose bucket is empty: x/time/rate starts with a full one, so that restarts in a row
// would each have their burst for free.
func NewLimiter(r rate.Limit, burst int) *Limiter {
	l := &Limiter{bucket: rate.NewLimiter(r, max(burst, 1))}
	l.Drain()
	return l
}

// Wait returns when the next request may be sent, or with the cause when ctx is done first.
func (l *Limiter) Wait(ctx context.Context) error {
	for ctx.Err() == nil {
		if l.bucket.Limit() == rate.Inf {
			return nil // the bucket has no state then
		}
		changed := l.changed.Wait()
		token := l.bucket.Reserve()
		wait := token.Delay()
		if wait == 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
		case <-changed: // this token was reserved at the old rate
		}
		timer.Stop()
		token.Cancel()
	}
	return context.Cause(ctx)
}

// Drain empties the bucket, so that no burst follows a pause.
func (l *Limiter) Drain() {
	if l.bucket.Limit() == rate.Inf {
		return
	}
	now := time.Now()
	if n := int(l.bucket.TokensAt(now)); n > 0 {
		l.bucket.AllowN(now, n)
	}
}

// Rate returns the limit in requests a second.
func (l *Limiter) Rate() rate.Limit { return l.bucket.Limit() }

// SetRate changes the limit, also for requests that already wait.
func (l *Limiter) SetRate(r rate.Limit) {
	l.bucket.SetLimit(r)
	l.Drain()
	l.changed.Fire()
}
