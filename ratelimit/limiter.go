package ratelimit

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// Limiter keeps all requests of an account together below a rate. It is safe for concurrent use.
type Limiter struct {
	bucket *rate.Limiter
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
	if err := l.bucket.Wait(ctx); err != nil {
		<-ctx.Done() // the bucket gives up at once if the deadline comes before the token
		return context.Cause(ctx)
	}
	return nil
}

// Drain empties the bucket, so that nothing saved up over a pause is sent in a burst after it.
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
