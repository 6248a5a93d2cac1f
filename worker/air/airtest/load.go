package airtest

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// load decides which requests are let through, and when they are worked off. The server's mutex guards it.
type load struct {
	bucket *rate.Limiter
	inside int       // under way
	free   time.Time // when all that came so far is worked off
}

// limit takes over settings.
func (l *load) limit(next, was Settings) {
	if l.bucket != nil && next.RequestRate == was.RequestRate && next.RequestBurst == was.RequestBurst {
		return
	}
	l.bucket = rate.NewLimiter(rate.Inf, 0)
	if next.RequestRate > 0 {
		burst := max(1, int(next.RequestRate))
		if next.RequestBurst > 0 {
			burst = next.RequestBurst
		}
		l.bucket = rate.NewLimiter(rate.Limit(next.RequestRate), burst)
	}
}

// enter lets a request through, which takes so long longer, or does not.
func (l *load) enter(now time.Time, set Settings) (longer time.Duration, ok bool) {
	if set.NightRate > 0 {
		limit := set.RequestRate
		if now.Hour() < 6 {
			limit = set.NightRate
		}
		if limit := rate.Limit(limit); limit != l.bucket.Limit() {
			l.bucket.SetLimitAt(now, limit)
		}
	}
	if set.Concurrency > 0 && l.inside >= set.Concurrency || !l.bucket.AllowN(now, 1) {
		return 0, false
	}
	l.inside++
	if set.ServeRate > 0 {
		if l.free.Before(now) {
			l.free = now
		}
		longer = l.free.Sub(now)
		l.free = l.free.Add(time.Duration(float64(time.Second) / set.ServeRate))
	}
	return longer, true
}

// attend serves a request, or throttles it. It returns false if the client is gone.
func (s *Server) attend(ctx context.Context, c *call) (r reply, ok bool) {
	s.mu.Lock()
	longer, entered := s.load.enter(s.now(), c.settings)
	s.mu.Unlock()
	switch {
	case entered:
		r = s.process(c)
		defer s.leave()
	case c.settings.ThrottleStatus == http.StatusServiceUnavailable:
		r = throttle503()
	default:
		r = throttle400()
	}
	return r, s.wait(ctx, time.Duration(c.settings.Latency)+longer)
}

// leave ends what [load.enter] began.
func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load.inside--
}
