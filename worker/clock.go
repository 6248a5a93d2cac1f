package worker

import (
	"sync/atomic"
	"time"
)

// serverClock follows AiR's clock from the Date headers of its answers, so that days are counted as AiR counts them.
type serverClock struct {
	skew atomic.Int64 // nanoseconds to add to ours
}

// observe takes the date of the answer to a request that was under way from sent to ended. Date has whole seconds, so
// that a clock which agrees within those is taken as agreeing.
func (c *serverClock) observe(date, sent, ended time.Time) {
	if date.IsZero() {
		return
	}
	least, most := date.Sub(ended), date.Add(time.Second).Sub(sent)
	skew := time.Duration(0)
	switch {
	case least > 0:
		skew = least
	case most < 0:
		skew = most
	}
	c.skew.Store(int64(skew))
}

// now returns the time by AiR's clock.
func (c *serverClock) now() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }

// ours returns when it is that instant of AiR's clock, by our clock.
func (c *serverClock) ours(t time.Time) time.Time { return t.Add(-time.Duration(c.skew.Load())) }
