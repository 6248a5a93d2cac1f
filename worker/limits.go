package worker

import (
	"errors"
	"sync/atomic"

	"golang.org/x/time/rate"

	"airlift/ratelimit"
	"airlift/ratelimit/schedule"
	"airlift/worker/budget"
	"airlift/worker/failures"
	"airlift/worker/pace"
)

// Limits are the settings that may change while a pool runs; see [Config] for the fields.
type Limits struct {
	Rate        rate.Limit
	AutoRate    bool
	MaxRate     rate.Limit
	Workers     int
	MaxAttempts int
	MaxFailures failures.Limit
	DailyLimit  int64
	// MonthlyLimit and Reserve are as in [Config].
	MonthlyLimit int64
	Reserve      budget.Reserve
	ExitOnCap    bool
	MaxOpen      int64
	Hours        schedule.Schedule
}

// MaxWorkers bounds how many workers a running pool may be given.
const MaxWorkers = 1024

// liveLimits are the limits in force. They are read several times for each item.
type liveLimits struct {
	now     atomic.Pointer[Limits]
	changed ratelimit.Broadcast
}

func (l *liveLimits) get() *Limits { return l.now.Load() }

// Limits returns the limits that were set. The rate in force is that of [Pool.Pace].
func (p *Pool) Limits() Limits { return *p.live.get() }

// Pace returns what limits the rate, so that others than the operator can.
func (p *Pool) Pace() *pace.Pace { return p.pace }

// SetLimits changes the limits, also while the pool runs. Requests in flight finish under the old ones.
func (p *Pool) SetLimits(l Limits) error { return p.setLimits(l) }

// RateText writes the rate as --rate takes it.
func (l *Limits) RateText() string {
	if l.AutoRate {
		return "auto"
	}
	return ratelimit.FormatRate(l.Rate)
}

// fixedRate is the rate that is never gone above.
func (l *Limits) fixedRate() rate.Limit {
	if l.AutoRate {
		return l.MaxRate
	}
	return l.Rate
}

// validLimits reports what cannot be set.
func (s *shared) validLimits(l Limits) error {
	switch {
	case l.fixedRate() <= 0:
		return errors.New("the rate must be above 0")
	case l.Workers < 1 || l.Workers > max(s.Workers, MaxWorkers):
		return errors.New("the number of workers must be from 1 to 1024")
	case l.MaxAttempts < 1:
		return errors.New("the number of attempts must be at least 1")
	case l.DailyLimit < 0 || l.MonthlyLimit < 0:
		return errors.New("the daily and the monthly limit must not be below 0")
	case l.MaxOpen < 0:
		return errors.New("the number of open jobs must not be below 0")
	}
	return nil
}

// setLimits is SetLimits.
func (s *shared) setLimits(l Limits) error {
	if err := s.validLimits(l); err != nil {
		return err
	}
	was := s.live.now.Swap(&l)
	if l.AutoRate { // before the highest rate is in force
		s.autoRate.Switch(true, l.MaxRate)
	}
	s.pace.Set(pace.Fixed, l.fixedRate())
	if !l.AutoRate {
		s.autoRate.Switch(false, l.MaxRate)
	}
	s.hours.Set(l.Hours)
	if was.DailyLimit != l.DailyLimit || was.MonthlyLimit != l.MonthlyLimit {
		s.gate.Lift(ratelimit.Budget) // it is reckoned anew with the next claim
	}
	s.live.changed.Fire()
	return nil
}
