package adaptive

import (
	"sync"
	"time"
)

const (
	// startRate is the first rate of one who knows nothing, in requests a second.
	startRate = 2
	// leastRate is the rate that is never gone below: it still sends a request now and then, which shows that all is well again.
	leastRate = 0.1
	// pay is how many requests must be sent for each that was throttled before the rate goes above what the server bore: so at
	// most one in 250 is.
	pay = 250
	// mostDebt bounds what is to be paid.
	mostDebt = 50 * pay
	// fast is by how much the rate grows while nothing is known.
	fast = 1.5
	// back is by how much the rate grows that fell several times in a row, for that was a guess.
	back = 1.1
	// near is the part of the ceiling at which the rate begins again.
	near = 0.97
	// used is the part of the rate that must be used for it to grow.
	used = 0.85
	// lostPart is which part of the time may be lost in waits after throttling.
	lostPart = 1. / 30
)

// few is how many accepted requests are too few to tell a rate.
const few = 8

// Config says within what a controller stays.
type Config struct {
	// Max is the highest rate, in requests a second, above 0.
	Max float64
	// Known is the rate that the server was known to bear, Age ago; 0: nothing is known.
	Known float64
	Age   time.Duration
}

// Least is the lowest rate.
func (c Config) Least() float64 { return min(leastRate, c.Max) }

// Why says what a server does above the rate that it bears.
type Why string

const (
	// Unknown: it was not seen yet.
	Unknown Why = ""
	// Throttles: it answers that there are too many requests.
	Throttles Why = "throttles"
	// Slows: its answers take longer.
	Slows Why = "slows"
)

// State is what a controller knows.
type State struct {
	// Rate is the rate to keep, in requests a second.
	Rate float64
	// Ceiling is about the highest rate that the server bears; 0: it was not met.
	Ceiling float64
	// Why says how the ceiling was met; [Unknown] also for one that was known at the start.
	Why Why
}

// Controller finds the rate that a server bears. Make one with [New]; it is safe for concurrent use.
type Controller struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	config  Config
	state   State
	grows   bool    // nothing is known: the rate grows fast
	guess   bool    // the ceiling is a guess: the rate grows until it is throttled again
	settled bool    // the ceiling was found once
	step    float64 // by which part of the ceiling the rate grows above it

	debt       float64   // requests to send before the rate goes above the ceiling
	notBefore  time.Time // the rate goes above the ceiling no sooner; zero: it may
	cut        time.Time // the latest throttling; what was sent before tells nothing new
	burst      int       // throttled answers of requests that were under way then
	resumed    bool      // something was accepted since
	accepted   int       // since cut
	share      float64   // of what is throttled, a decaying mean
	sparseFrom float64   // the highest rate since which throttled answers were few; 0: they are not
	good       float64   // the rate of the latest epoch in use without throttling since cut; 0: there was none
	spoiled    bool      // something else has limited the rate since cut

	epoch   epoch
	last    time.Time // the latest request
	latency latencies
	drain   drain
}

// epoch is a time in which the rate was the same.
type epoch struct {
	began    time.Time // zero: with the next request
	sent     int
	accepted int
	answers  int
	latency  time.Duration // the sum
}

// New returns a controller.
func New(c Config) *Controller {
	a := &Controller{config: c}
	a.begin(c.Known, c.Age)
	return a
}

// begin starts from a rate that was known some time ago.
func (c *Controller) begin(known float64, age time.Duration) {
	c.epoch, c.drain, c.cut, c.notBefore = epoch{}, drain{}, time.Time{}, time.Time{}
	part := safePart(age)
	if known <= 0 || part == 0 {
		c.grows, c.state = true, State{}
		c.setRate(startRate)
		return
	}
	c.grows, c.guess, c.step = false, false, 0
	if known != c.state.Ceiling {
		c.state = State{Ceiling: known}
	}
	c.owe(pay / 2)
	c.setRate(part * known)
}

// safePart returns how much of a rate that was known some time ago is used at once; 0: it is forgotten.
func safePart(age time.Duration) float64 {
	const day = 24 * time.Hour
	switch {
	case age <= time.Hour:
		return 0.9
	case age <= day:
		return 0.75
	case age <= 7*day:
		return 0.5
	case age <= 60*day:
		return 0.25
	}
	return 0
}

// SetMax changes the highest rate.
func (c *Controller) SetMax(most float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.config.Max = most
	c.setRate(c.state.Rate)
}

// State returns what is known.
func (c *Controller) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// setRate begins an epoch with another rate.
func (c *Controller) setRate(r float64) {
	r = min(max(r, c.config.Least()), c.config.Max)
	if r != c.state.Rate {
		c.state.Rate = r
		c.epoch = epoch{}
	}
}

// owe adds to what must be sent before the rate goes above the ceiling.
func (c *Controller) owe(n float64) {
	c.debt = min(c.debt+n, mostDebt)
}

// Sent records that a request leaves.
func (c *Controller) Sent(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	const idle = 10 * time.Minute
	if gap := now.Sub(c.last); !c.last.IsZero() && gap > idle {
		c.spoiled = true
		if part := safePart(gap); c.state.Ceiling == 0 && part > 0 { // nothing was refused, so there is no ceiling to begin below
			c.epoch = epoch{}
			c.setRate(max(part*c.state.Rate, startRate))
		} else {
			c.begin(c.known(), gap)
		}
	}
	c.last = now
	c.debt = max(c.debt-1, 0)
	if c.epoch.began.IsZero() {
		c.epoch = epoch{began: now}
		return
	}
	c.epoch.sent++
	long := now.Sub(c.epoch.began)
	if c.epoch.sent >= 10 && float64(c.epoch.sent) >= c.state.Rate && long >= 2*c.latency.now && 2*c.epoch.accepted >= c.epoch.sent {
		c.endEpoch(now, long)
	}
}

// endEpoch decides on the rate after an epoch without throttling.
func (c *Controller) endEpoch(now time.Time, long time.Duration) {
	e := c.epoch
	c.epoch = epoch{began: now}
	slow, rising := false, false
	if e.answers > 0 {
		slow, rising = c.latency.observe(now, e.latency/time.Duration(e.answers))
	}
	throughput := float64(e.accepted) / long.Seconds()
	inUse := float64(e.sent)/long.Seconds() >= used*c.state.Rate
	if inUse {
		c.good = c.state.Rate
	} else {
		c.spoiled = true
	}
	switch {
	case slow || c.drain.epochs > 0:
		c.slowed(slow, inUse, throughput)
	case inUse && !rising && c.state.Rate < c.config.Max:
		c.grow(now, float64(e.sent))
	}
}

// grow raises the rate, which is in use and well borne.
func (c *Controller) grow(now time.Time, sent float64) {
	rate, ceiling := c.state.Rate, c.state.Ceiling
	switch {
	case c.grows:
		c.setRate(rate * fast)
	case c.guess:
		c.state.Ceiling = rate * back
		c.setRate(rate * back)
	case c.debt > 0 || now.Before(c.notBefore):
		step := (1 - near) * ceiling * sent / (pay * float64(max(c.burst, 1))) // to the ceiling with what is paid
		c.setRate(max(rate+step, min(rate*1.1, near*ceiling)))
	case rate < ceiling:
		c.setRate(min(rate*1.1, ceiling))
	case rate > 1.3*ceiling: // the server bears far more than before
		c.grows, c.state.Ceiling, c.state.Why = true, 0, Unknown
		c.setRate(rate * fast)
	default:
		c.step = max(2*c.step, 0.01)
		c.setRate(rate + c.step*ceiling)
	}
}

// Served records that a request was served whose time tells nothing of the load.
func (c *Controller) Served() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served()
}

// served counts a request that was served.
func (c *Controller) served() {
	c.accepted++
	c.share -= c.share / 50
	c.epoch.accepted++
}

// Answered records that a request was served that was sent at an instant.
func (c *Controller) Answered(sent, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.resumed && !c.cut.IsZero() && sent.After(c.cut) {
		c.resumed = true
		c.notBefore = now.Add(time.Duration(float64(sent.Sub(c.cut)) / lostPart))
	}
	c.served()
	c.epoch.answers++
	c.epoch.latency += now.Sub(sent)
}

// Throttled records that a request was throttled that was sent at an instant.
func (c *Controller) Throttled(sent, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.share += (1 - c.share) / 50
	if c.settled {
		c.owe(pay)
	} else {
		c.owe(pay / 4)
	}
	c.burst++
	if !c.cut.IsZero() && !sent.After(c.cut) {
		return // it was under way with those before
	}
	c.state.Ceiling, c.guess = c.bears(now)
	c.state.Why, c.settled = Throttles, c.settled || !c.guess
	c.grows, c.step, c.drain = false, 0, drain{}
	c.burst, c.good = 1, 0
	c.cut, c.resumed, c.accepted, c.spoiled = now, false, 0, false
	c.epoch = epoch{}
	c.setRate(near * c.state.Ceiling)
}

// bears estimates what a server bears that throttles now, and reports whether that is a guess.
func (c *Controller) bears(now time.Time) (rate float64, guess bool) {
	const many, sparse = 100, 0.05
	rate = c.state.Rate
	if c.share > sparse {
		c.sparseFrom = 0
	} else if c.sparseFrom = max(c.sparseFrom, rate); rate < c.sparseFrom/2 {
		return c.sparseFrom, false // as few are throttled at any rate
	}
	if !c.cut.IsZero() && c.accepted < few {
		return 0.85 * rate, true
	}
	// What was accepted between two throttled answers shows what a server bears that lets some requests through at once: it
	// had none to spare at either.
	between, known := 0.0, !c.cut.IsZero() && !c.spoiled
	if known {
		between = min(float64(c.accepted)/max(now.Sub(c.cut).Seconds(), 1e-3), rate)
	}
	switch {
	case known && c.accepted < many:
		return max(between, c.good, 0.7*rate), false
	case c.grows:
		return max(0.8*rate, between), true
	case rate > 1.1*c.state.Ceiling:
		return max(0.9*rate, between, c.good), false
	}
	return max(0.98*rate, between), false
}

// known returns the rate that the server is known to bear.
func (c *Controller) known() float64 {
	if c.state.Ceiling > 0 {
		return c.state.Ceiling
	}
	return c.state.Rate
}

// Known returns the rate to remember: what the server is known to bear. 0: too little was sent to tell.
func (c *Controller) Known() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Ceiling == 0 && c.state.Rate <= startRate {
		return 0
	}
	return c.known()
}
