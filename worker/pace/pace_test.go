package pace

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"airlift/ratelimit"
)

func TestTheSmallestCeilingIsInForce(t *testing.T) {
	limiter, changes := ratelimit.NewLimiter(5, 1), 0
	p := New(limiter, func() { changes++ })
	for i, step := range []struct {
		set  Ceiling
		to   rate.Limit
		want InForce
	}{
		{Table, 20, InForce{5, Fixed}},
		{Table, 1, InForce{1, Table}},
		{Auto, 3, InForce{1, Table}},
		{Table, ratelimit.Unlimited, InForce{3, Auto}},
		{Auto, 5, InForce{5, Fixed}}, // of two that are equal, the operator's
		{Fixed, ratelimit.Unlimited, InForce{5, Auto}},
		{Auto, ratelimit.Unlimited, InForce{ratelimit.Unlimited, ""}},
		{Fixed, 2, InForce{2, Fixed}},
	} {
		before, was := changes, p.InForce()
		p.Set(step.set, step.to)
		if got := p.InForce(); got != step.want {
			t.Errorf("step %d: got %+v, want %+v", i, got, step.want)
		}
		if limiter.Rate() != step.want.Rate || p.Of(step.set) != step.to {
			t.Errorf("step %d: the limiter has %v, the ceiling %v", i, limiter.Rate(), p.Of(step.set))
		}
		if told := changes > before; told != (was != step.want) {
			t.Errorf("step %d: told of a change: %v", i, told)
		}
	}
}

// A request that waits at a low rate goes as soon as the rate is raised.
func TestAChangeReachesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := ratelimit.NewLimiter(10, 1)
		p := New(limiter, nil)
		p.Set(Table, 1./3600)
		began := time.Now()
		time.AfterFunc(time.Minute, func() { p.Set(Table, 10) })
		if err := limiter.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < time.Minute || waited > 61*time.Second {
			t.Errorf("waited %v, want until the change after a minute", waited)
		}
	})
}

// Whatever the order of changes, the limiter ends with the rate in force.
func TestChangesAtOnce(t *testing.T) {
	limiter := ratelimit.NewLimiter(1000, 1)
	p := New(limiter, nil)
	var all sync.WaitGroup
	for i, c := range ceilings {
		all.Go(func() {
			for n := range 500 {
				p.Set(c, rate.Limit(1+(n*7+i)%13))
				_ = p.InForce()
			}
		})
	}
	all.Wait()
	if got := p.InForce(); limiter.Rate() != got.Rate || got.Rate != min(p.Of(Fixed), p.Of(Table), p.Of(Auto)) {
		t.Errorf("in force %+v, the limiter has %v", got, limiter.Rate())
	}
}
