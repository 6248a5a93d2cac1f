package adaptive

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// server is a model: it gets a request at an instant, and returns how long the answer takes, and whether it throttles.
type server interface {
	serve(now time.Time) (took time.Duration, throttled bool)
}

// bucket lets through a rate, and so many requests at once.
type bucket struct {
	rate    func(time.Time) float64
	burst   float64
	latency func() time.Duration
	level   float64
	last    time.Time
}

func (b *bucket) serve(now time.Time) (time.Duration, bool) {
	if b.last.IsZero() {
		b.level = b.burst
	} else {
		b.level = min(b.burst, b.level+b.rate(now)*now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.level < 1-1e-9 {
		return b.latency(), true
	}
	b.level--
	return b.latency(), false
}

// atOnce throttles what comes while so many requests are under way.
type atOnce struct {
	most    int
	latency func() time.Duration
	ends    []time.Time
}

func (a *atOnce) serve(now time.Time) (time.Duration, bool) {
	var busy []time.Time
	for _, end := range a.ends {
		if end.After(now) {
			busy = append(busy, end)
		}
	}
	a.ends = busy
	if len(busy) >= a.most {
		return 5 * time.Millisecond, true
	}
	took := a.latency()
	a.ends = append(a.ends, now.Add(took))
	return took, false
}

// knee serves one request after the other.
type knee struct {
	rate    float64
	latency func() time.Duration
	free    time.Time
}

func (k *knee) serve(now time.Time) (time.Duration, bool) {
	if k.free.Before(now) {
		k.free = now
	}
	wait := k.free.Sub(now)
	k.free = k.free.Add(time.Duration(float64(time.Second) / k.rate))
	return wait + k.latency(), false
}

// random throttles a part of the requests, whatever their rate.
type random struct {
	part    float64
	latency func() time.Duration
	*rand.Rand
}

func (r random) serve(time.Time) (time.Duration, bool) { return r.latency(), r.Float64() < r.part }

func always(r float64) func(time.Time) float64 { return func(time.Time) float64 { return r } }

func takes(d time.Duration) func() time.Duration { return func() time.Duration { return d } }

func about(d time.Duration, r *rand.Rand) func() time.Duration {
	return func() time.Duration { return time.Duration(float64(d) * (0.7 + 0.6*r.Float64())) }
}

// answer is what comes back at an instant.
type answer struct {
	sent, at  time.Time
	throttled bool
}

type answers []answer

func (a answers) Len() int           { return len(a) }
func (a answers) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a answers) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *answers) Push(x any)        { *a = append(*a, x.(answer)) }
func (a *answers) Pop() any {
	old := *a
	last := old[len(old)-1]
	*a = old[:len(old)-1]
	return last
}

// simulation is a client of several workers and a server, without a clock.
type simulation struct {
	now     time.Time
	pacer   *Controller
	server  server
	workers int
	flying  answers
	last    time.Time           // the latest request
	supply  time.Duration       // an item comes so often; 0: there are enough
	check   func(now time.Time) // after each request
}

func newSimulation(p *Controller, s server, workers int) *simulation {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &simulation{now: noon, pacer: p, server: s, workers: workers}
}

// result counts what came of a time.
type result struct {
	accepted, throttled int
	long                time.Duration
	latency             time.Duration // the sum
}

func (r result) rate() float64 { return float64(r.accepted) / r.long.Seconds() }
func (r result) share() float64 {
	return float64(r.throttled) / float64(max(r.throttled+r.accepted, 1))
}

// run goes on for a time.
func (s *simulation) run(long time.Duration) (r result) {
	until := s.now.Add(long)
	r.long = long
	for {
		next := s.now
		if !s.last.IsZero() {
			next = s.last.Add(max(s.supply, time.Duration(math.Ceil(float64(time.Second)/s.pacer.State().Rate))))
		}
		if next.Before(s.now) {
			next = s.now
		}
		if len(s.flying) > 0 && (len(s.flying) >= s.workers || !s.flying[0].at.After(next)) {
			a := heap.Pop(&s.flying).(answer)
			if a.at.After(until) {
				heap.Push(&s.flying, a)
				break
			}
			s.now = a.at
			if a.throttled {
				r.throttled++
				s.pacer.Throttled(a.sent, a.at)
			} else {
				r.accepted++
				r.latency += a.at.Sub(a.sent)
				s.pacer.Answered(a.sent, a.at)
			}
			continue
		}
		if next.After(until) {
			break
		}
		s.now, s.last = next, next
		s.pacer.Sent(next)
		if s.check != nil {
			s.check(next)
		}
		took, throttled := s.server.serve(next)
		heap.Push(&s.flying, answer{next, next.Add(took), throttled})
	}
	s.now = until
	return r
}
