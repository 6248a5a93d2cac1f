package pace

import (
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"

	"airlift/ratelimit"
)

// Ceiling names what limits the rate.
type Ceiling string

const (
	// Fixed is the rate of the flags, or what an operator has set instead.
	Fixed Ceiling = "fixed"
	// Table is the rate of the hour.
	Table Ceiling = "table"
	// Auto is the rate that AiR was found to bear.
	Auto Ceiling = "auto"
)

// ceilings are all of them: of two that are equal the earlier counts.
var ceilings = [...]Ceiling{Fixed, Table, Auto}

// InForce is the rate in force, and which ceiling sets it.
type InForce struct {
	// Rate is in requests a second; [ratelimit.Unlimited] without any ceiling.
	Rate rate.Limit
	// By is the ceiling that is the smallest; empty: there is none.
	By Ceiling
}

// Pace sets the rate of a limiter. Make one with [New]; it is safe for concurrent use.
type Pace struct {
	limiter *ratelimit.Limiter
	changed func()
	now     atomic.Pointer[InForce] // read several times for each item

	mu  sync.Mutex
	set map[Ceiling]rate.Limit // guarded by mu
}

// New returns the pace of a limiter, whose rate is the ceiling [Fixed]. changed, which may be nil, is called after each change
// of the rate in force; it must return soon.
func New(l *ratelimit.Limiter, changed func()) *Pace {
	p := &Pace{limiter: l, changed: changed, set: map[Ceiling]rate.Limit{Fixed: l.Rate()}}
	p.now.Store(p.smallest())
	return p
}

// Set changes a ceiling, in requests a second above 0; [ratelimit.Unlimited] removes it.
func (p *Pace) Set(c Ceiling, r rate.Limit) {
	if p.replace(c, r) && p.changed != nil {
		p.changed()
	}
}

// replace changes a ceiling, and reports whether the rate in force changed.
func (p *Pace) replace(c Ceiling, r rate.Limit) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set[c] = r
	was, now := p.now.Load(), p.smallest()
	if *was == *now {
		return false
	}
	p.now.Store(now)
	if was.Rate != now.Rate {
		p.limiter.SetRate(now.Rate)
	}
	return true
}

// smallest returns what is in force. The caller holds mu.
func (p *Pace) smallest() *InForce {
	least := &InForce{Rate: ratelimit.Unlimited}
	for _, c := range ceilings {
		if r, is := p.set[c]; is && r < least.Rate {
			*least = InForce{r, c}
		}
	}
	return least
}

// InForce returns the rate in force.
func (p *Pace) InForce() InForce { return *p.now.Load() }

// Of returns one ceiling; [ratelimit.Unlimited]: it is not set.
func (p *Pace) Of(c Ceiling) rate.Limit {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, is := p.set[c]; is {
		return r
	}
	return ratelimit.Unlimited
}
