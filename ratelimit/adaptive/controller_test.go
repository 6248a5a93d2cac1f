package adaptive

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var seeds = flag.Int("seeds", 60, "how many servers are tried")

const ms = time.Millisecond

// inBounds fails the test if a rate is out of its bounds, and if more is sent in any ten seconds than the highest rate allows.
func (s *simulation) inBounds(t *testing.T, c Config) {
	var latest []time.Time
	s.check = func(now time.Time) {
		if r := s.pacer.State().Rate; r > c.Max || r < c.Least() {
			t.Fatalf("the rate is %v, want %v to %v", r, c.Least(), c.Max)
		}
		const window = 10 * time.Second
		latest = append(latest, now)
		for now.Sub(latest[0]) >= window {
			latest = latest[1:]
		}
		if n := float64(len(latest)); n > c.Max*window.Seconds()+1 {
			t.Fatalf("%v requests in %v, want %v a second at most", n, window, c.Max)
		}
	}
}

// Whatever a server bears, and however it shows it, nearly all of that is found, and hardly anything is throttled for it.
func TestFindsWhatAServerBears(t *testing.T) {
	for seed := range uint64(*seeds) {
		r := rand.New(rand.NewPCG(seed, 1))
		bears := 0.5 * float64(uint(1)<<r.IntN(7)) * (1 + r.Float64()) // 0.5 to 64
		long := func(requests float64) time.Duration {
			return time.Duration(requests / bears * float64(time.Second))
		}
		var to server
		name, workers := "", 8+r.IntN(24)
		latency := time.Duration(float64(workers) / bears / (1.5 + 4*r.Float64()) * float64(time.Second)) // the workers suffice
		switch r.IntN(3) {
		case 0:
			burst := 1 + 30*r.Float64()
			name, to = fmt.Sprintf("bucket of %.0f", burst), &bucket{rate: always(bears), burst: burst, latency: about(latency, r)}
		case 1:
			n := 2 + r.IntN(workers-5)
			latency = long(float64(n))
			name, to = fmt.Sprintf("%d at once", n), &atOnce{most: n, latency: takes(latency)}
		case 2:
			latency = min(latency, long(float64(workers)/4)) // else there are too few workers to overload it
			name, to = "knee", &knee{rate: bears, latency: about(latency, r)}
		}
		config := Config{Max: bears * (2 + 20*r.Float64())}
		s := newSimulation(New(config), to, workers)
		s.inBounds(t, config)
		s.run(max(long(600), 5*time.Minute))
		got := s.run(long(4000))
		if took := got.latency / time.Duration(got.accepted); took > 6*latency+6*slack {
			t.Errorf("seed %d: %s: an answer takes %v, of an idle server %v", seed, name, took, latency)
		}
		if got.rate() < 0.9*bears || got.share() > 0.01 {
			t.Errorf("seed %d: %s, %.2f/s, %d workers, %v: got %.2f/s, %.2f %% throttled", seed, name, bears, workers, latency, got.rate(), 100*got.share())
		}
	}
}

// A server that refuses everything gets a request now and then, and all that it bears soon after it is well again.
func TestRecovers(t *testing.T) {
	for _, c := range []Config{{Max: 50}, {Max: 0.05}} {
		bears := 10.0
		b := &bucket{rate: func(time.Time) float64 { return bears }, burst: 1, latency: takes(100 * ms)}
		s := newSimulation(New(c), b, 8)
		s.inBounds(t, c)
		s.run(10 * time.Minute)
		bears = 0
		s.run(time.Hour)
		refused := s.run(time.Hour)
		if n := float64(refused.throttled); n < 3600*c.Least()*0.9 || n > 3600*c.Least()*1.1+1 {
			t.Errorf("%+v: %v requests in an hour in which all are throttled, want %v a second", c, n, c.Least())
		}
		bears = 10
		s.run(time.Hour)
		if got, want := s.run(10*time.Minute).rate(), min(c.Max, bears); got < 0.9*want-1./600 {
			t.Errorf("%+v: %v/s an hour after the server is well again, want %v/s", c, got, want)
		}
	}
}

// A rate that is not used does not grow, nor does one that workers limit.
func TestDoesNotGrowUnused(t *testing.T) {
	free := &bucket{rate: always(1e6), burst: 1e6, latency: takes(500 * ms)}
	c := New(Config{Max: 1000})
	s := newSimulation(c, free, 8)
	s.supply = time.Second
	s.run(3 * time.Hour)
	if got := c.State().Rate; got != startRate {
		t.Errorf("with an item a second the rate became %v/s", got)
	}
	s.supply = 0
	s.run(time.Hour)
	if got := c.State().Rate; got < 16 || got > 16*fast {
		t.Errorf("with workers for 16/s the rate became %v/s", got)
	}
}

// Many answers that throttle at one moment lower the rate once.
func TestABurstCountsOnce(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := New(Config{Max: 100, Known: 20})
	for range 100 {
		now = now.Add(50 * ms)
		c.Sent(now)
		c.Answered(now, now.Add(10*ms))
	}
	was := c.State().Rate
	for i := range 20 {
		c.Throttled(now.Add(-time.Duration(i)*ms), now.Add(time.Duration(i)*ms))
	}
	if got := c.State(); got.Rate < 0.9*was || got.Rate >= was {
		t.Errorf("from %v/s to %+v, want one small step down", was, got)
	}
	c.Throttled(now.Add(time.Second), now.Add(time.Second))
	if got := c.State().Rate; got >= 0.9*was {
		t.Errorf("throttled again at once: %v/s, want much less than %v/s", got, was)
	}
}

// A server that throttles a few whatever the rate is not believed to bear nothing.
func TestThrottlingThatIsNoneOfOurs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	c := New(Config{Max: 20, Known: 20})
	s := newSimulation(c, random{0.005, takes(100 * ms), r}, 8)
	s.run(time.Hour)
	if got := s.run(10 * time.Hour).rate(); got < 8 {
		t.Errorf("%v/s of 20/s are left", got)
	}
}

// Answers that take longer for reasons of their own lower the rate for a while only.
func TestLatencyThatIsNoneOfOurs(t *testing.T) {
	took := 100 * ms
	free := &bucket{rate: always(1e6), burst: 1e6, latency: func() time.Duration { return took }}
	s := newSimulation(New(Config{Max: 20}), free, 64)
	s.run(10 * time.Minute)
	took = 1500 * ms
	s.run(10 * time.Minute)
	if got := s.run(10 * time.Minute).rate(); got < 18 {
		t.Errorf("%v/s, want 20/s", got)
	}
}

// What was known is believed less the older it is.
func TestKnowledgeAges(t *testing.T) {
	for age, want := range map[time.Duration]float64{0: 36, time.Hour: 36, 20 * time.Hour: 30, 100 * time.Hour: 20, 30 * 24 * time.Hour: 10, 100 * 24 * time.Hour: startRate} {
		if got := New(Config{Max: 100, Known: 40, Age: age}).State().Rate; got != want {
			t.Errorf("%v old: begins at %v/s, want %v/s", age, got, want)
		}
	}
	if got := New(Config{Max: 10, Known: 40}).State().Rate; got != 10 {
		t.Errorf("begins at %v/s, above the highest rate", got)
	}
	c := New(Config{Max: 100, Known: 40})
	if got := c.Known(); got != 40 {
		t.Errorf("knows %v/s, want what it began with", got)
	}
	if got := New(Config{Max: 100}).Known(); got != 0 {
		t.Errorf("knows %v/s before the first request", got)
	}
}

// A quiet time does not make a ceiling of a rate that was never throttled.
func TestQuietTimesShowNoCeiling(t *testing.T) {
	c := New(Config{Max: 50})
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c.Sent(now)
	c.Sent(now.Add(11 * time.Minute))
	if s := c.State(); s.Ceiling != 0 || c.Known() != 0 {
		t.Errorf("after one request and a pause: %+v, known %v", s, c.Known())
	}
}
