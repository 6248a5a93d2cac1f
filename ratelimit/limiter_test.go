package ratelimit

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimiterNeverExceedsItsRateOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond, restarts = 5, 50
		begin := time.Now()
		for range restarts {
			if err := NewLimiter(perSecond, 1).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took, least := time.Since(begin), (restarts-1)*time.Second/perSecond; took < least {
			t.Errorf("%d restarts with a request each took %v: above the rate, want at least %v", restarts, took, least)
		}
	})
}

func TestLimiterSavesNothingUpOverAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(10, 10)
		time.Sleep(8 * time.Hour)
		l.Drain()
		begin := time.Now()
		for range 20 {
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took < 1900*time.Millisecond {
			t.Errorf("20 requests at 10 a second after a pause took %v, want 2 s", took)
		}
	})
}

func TestLimiterGivesTheCauseOfAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("the user's wish")
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if err := NewLimiter(1.0/3600, 1).Wait(ctx); !errors.Is(err, cause) {
			t.Errorf("got %v, want the cause", err)
		}
	})
}

func TestLimiterWaitsForADeadlineThatComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(0.01, 1)
		cause := errors.New("the day is over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, cause)
		defer cancel()
		begin := time.Now()
		if err := l.Wait(ctx); !errors.Is(err, cause) {
			t.Errorf("got %v, want the deadline's cause", err)
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("gave up after %v, want 10s: one who asks again would spin", took)
		}
	})
}

// Who waits for a token of a slow rate does not wait for it once the rate is faster, and the other way round.
func TestRateChangesForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(1.0/3600, 1)
		begin := time.Now()
		var waiters sync.WaitGroup
		for range 3 {
			waiters.Go(func() { _ = l.Wait(t.Context()) })
		}
		synctest.Wait()
		l.SetRate(1)
		waiters.Wait()
		if took := time.Since(begin); took < 3*time.Second || took > 10*time.Second {
			t.Errorf("three tokens took %v, want about a second each", took)
		}
		l.SetRate(1.0 / 60)
		begin = time.Now()
		if err := l.Wait(t.Context()); err != nil || time.Since(begin) < 59*time.Second {
			t.Errorf("a token at 1 a minute came after %v, %v", time.Since(begin), err)
		}
	})
}
