package autorate

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/ratelimit/adaptive"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/pace"
	"airlift/worker/verdict"
)

// DefaultMax is the highest rate by default, in requests a second.
const DefaultMax rate.Limit = 50

// api is AiR.
type api interface {
	Submit(ctx context.Context, job air.NewJob) air.Outcome
	List(ctx context.Context, q air.ListQuery) (air.Page, error)
	DistrustConnections()
	JobStatus(ctx context.Context, id string) (air.JobState, error)
	JobErrors(ctx context.Context, id string) (air.JobState, error)
}

// Meter sends requests to AiR and, while it is on, sets the ceiling [pace.Auto] to what AiR was found to bear. Make one with
// [New]; it is safe for concurrent use.
type Meter struct {
	api
	pace  *pace.Pace
	store func(change func(*queue.Server) bool)
	on    atomic.Pointer[adaptive.Controller] // nil: it is off

	mu     sync.Mutex
	stored queue.LearnedRate // guarded by mu
}

// New returns a meter that is off. store changes what the queue knows of AiR if change reports true.
func New(to api, p *pace.Pace, store func(change func(*queue.Server) bool)) *Meter {
	return &Meter{api: to, pace: p, store: store}
}

// Load loads what earlier runs learned.
func (m *Meter) Load(r queue.LearnedRate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stored = r
}

// Switch turns it on, with a highest rate, or off.
func (m *Meter) Switch(on bool, most rate.Limit) {
	m.mu.Lock()
	defer m.mu.Unlock()
	controller := m.on.Load()
	switch {
	case !on:
		m.on.Store(nil)
		m.pace.Set(pace.Auto, ratelimit.Unlimited)
		return
	case controller != nil:
		controller.SetMax(float64(most))
	default:
		known := m.stored
		controller = adaptive.New(adaptive.Config{Max: float64(most), Known: known.Value, Age: max(time.Since(known.When), 0)})
		m.on.Store(controller)
	}
	m.pace.Set(pace.Auto, rate.Limit(controller.State().Rate))
}

// On reports whether it is on.
func (m *Meter) On() bool { return m.on.Load() != nil }

// State returns what is known of the rate that AiR bears; false: it is off.
func (m *Meter) State() (adaptive.State, bool) {
	if c := m.on.Load(); c != nil {
		return c.State(), true
	}
	return adaptive.State{}, false
}

// Submit sends a job.
func (m *Meter) Submit(ctx context.Context, job air.NewJob) air.Outcome {
	c := m.on.Load()
	if c == nil {
		return m.api.Submit(ctx, job)
	}
	c.Sent(time.Now())
	o := m.api.Submit(ctx, job)
	switch now := time.Now(); {
	case isThrottled(o):
		c.Throttled(o.Sent, now)
	case o.Status >= 200 && o.Status < 300 && o.Err == nil:
		c.Answered(o.Sent, now)
	case o.Status == 400:
		c.Served()
	}
	m.follow(c)
	return o
}

// isThrottled reports whether AiR, or a proxy, asks for fewer requests.
func isThrottled(o air.Outcome) bool {
	return o.Status >= 400 && air.IsThrottling(o.Code) || o.Status == 429 && verdict.IsRateLimit(o)
}

// List reads a page of AiR's list. Its answers take as long as they are, so they tell nothing of the load.
func (m *Meter) List(ctx context.Context, q air.ListQuery) (air.Page, error) {
	c := m.on.Load()
	if c == nil {
		return m.api.List(ctx, q)
	}
	sent := time.Now()
	c.Sent(sent)
	page, err := m.api.List(ctx, q)
	switch {
	case err == nil:
		c.Served()
	case joblist.IsThrottled(err):
		c.Throttled(sent, time.Now())
	}
	m.follow(c)
	return page, err
}

// follow sets the ceiling, and stores what was learned if it has changed by much.
func (m *Meter) follow(c *adaptive.Controller) {
	if r := rate.Limit(c.State().Rate); r != m.pace.Of(pace.Auto) && m.on.Load() == c {
		m.pace.Set(pace.Auto, r)
	}
	m.remember(c, false)
}

// Remember stores what was learned.
func (m *Meter) Remember() {
	if c := m.on.Load(); c != nil {
		m.remember(c, true)
	}
}

// remember stores what was learned: at once if always is set, else if it has changed by much, or what is stored is old.
func (m *Meter) remember(c *adaptive.Controller, always bool) {
	const much, old = 0.1, 10 * time.Minute
	known, now := c.Known(), time.Now().UTC().Round(0)
	m.mu.Lock()
	defer m.mu.Unlock()
	same := math.Abs(known-m.stored.Value) <= much*m.stored.Value && now.Sub(m.stored.When) < old
	if known == 0 || same && !always {
		return
	}
	m.stored = queue.LearnedRate{Value: known, When: now}
	m.store(func(s *queue.Server) bool {
		s.Rate = m.stored
		return true
	})
}
