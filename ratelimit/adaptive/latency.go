package adaptive

import "time"

const (
	// slack is added to what an answer may take: below it nothing is slow.
	slack = 50 * time.Millisecond
	// slowness is how many times longer than at its best an answer takes from a server that has too much to do.
	slowness = 2
	// bestFor is for how long at least the best is remembered.
	bestFor = 10 * time.Minute
	// drained is the part of the throughput at which what waits at a server is worked off.
	drained = 0.85
)

// latencies knows how long answers take, and took at best.
type latencies struct {
	now       time.Duration // in the latest epoch
	best      [2]time.Duration
	bestSince time.Time // of best[1]; best[0] is of the time before
}

// observe records the mean latency of an epoch, and reports whether it shows that the server has too much to do, or soon will.
func (l *latencies) observe(at time.Time, mean time.Duration) (slow, rising bool) {
	l.now = mean
	if l.bestSince.IsZero() {
		l.forget(at)
	}
	if at.Sub(l.bestSince) > bestFor {
		l.best, l.bestSince = [2]time.Duration{l.best[1], mean}, at
	}
	l.best[1] = min(l.best[1], mean)
	more := mean - min(l.best[0], l.best[1])
	limit := (slowness-1)*min(l.best[0], l.best[1]) + slack
	return more > limit, more > limit/2
}

// forget takes the latest latency for the best.
func (l *latencies) forget(at time.Time) { l.best, l.bestSince = [2]time.Duration{l.now, l.now}, at }

// drain is the time after answers took long, in which what waits at the server is worked off.
type drain struct {
	epochs int           // 0: there is none
	cuts   int           // after which nothing got better
	from   State         // before
	took   time.Duration // an answer, before or when it last got better
}

// slowed lowers the rate of a server whose answers take long, and raises it again once they do not. If they take as long at a
// much lower rate, the rate is not what makes them slow.
func (c *Controller) slowed(slow, inUse bool, throughput float64) {
	const patience, mostCuts = 3, 3
	d := &c.drain
	switch {
	case !slow:
		c.drain = drain{}
		c.setRate(near * c.state.Ceiling)
		return
	case d.epochs == 0:
		*d = drain{from: c.state, took: c.latency.now}
		c.state.Ceiling, c.state.Why = c.keepsUpWith(throughput, inUse), Slows
		c.grows, c.guess, c.step = false, false, 0
		c.owe(pay / 2)
		c.setRate(drained * c.state.Ceiling)
	case d.epochs < patience: // what has queued up so far still takes longer and longer
		d.took = max(d.took, c.latency.now)
	case d.epochs%patience != 0:
	case c.latency.now < d.took*9/10:
		d.took = c.latency.now
	case d.cuts == mostCuts:
		from := d.from
		c.drain = drain{}
		c.latency.forget(c.last)
		c.grows, c.state.Ceiling, c.state.Why = from.Ceiling == 0, from.Ceiling, from.Why
		c.setRate(from.Rate)
		return
	default:
		d.cuts++
		c.setRate(0.7 * min(throughput, c.state.Rate))
		c.state.Ceiling = c.state.Rate
	}
	d.epochs++
}

// keepsUpWith estimates which rate a server keeps up with whose answers have begun to take long.
func (c *Controller) keepsUpWith(throughput float64, inUse bool) float64 {
	rate := c.state.Rate
	switch { // a rate that is in use is too high by less than its latest step
	case inUse && c.grows:
		throughput = max(throughput, rate/fast/fast)
	case inUse:
		throughput = max(throughput, 0.95*rate)
	}
	return min(throughput, rate)
}
