package airtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"airlift/worker/air"
)

func (s Settings) check() error {
	negative := func(d ...Duration) bool { return slices.Min(d) < 0 }
	switch {
	case s.DailyCap < 0:
		return fmt.Errorf("daily cap %d is negative", s.DailyCap)
	case s.MonthlyQuota < 0:
		return fmt.Errorf("monthly quota %d is negative", s.MonthlyQuota)
	case s.ResetAt < 0 || time.Duration(s.ResetAt) >= day:
		return fmt.Errorf("reset at %v: expected from 0 to less than a day", time.Duration(s.ResetAt))
	case negative(s.ListLag, s.Latency):
		return fmt.Errorf("list lag and latency must not be negative")
	case negative(s.RetryAfter, s.TurningTies, s.Retention):
		return fmt.Errorf("retry after, turning ties and retention must not be negative")
	case s.PageCap < 0 || s.PageCap > air.MaxPageSize:
		return fmt.Errorf("page cap %d: expected 0 to %d", s.PageCap, air.MaxPageSize)
	case !(s.FailShare >= 0 && s.FailShare <= 1):
		return fmt.Errorf("fail share %v: expected 0 to 1", s.FailShare)
	}
	return errors.Join(s.checkRates(), s.Faults.check())
}

// checkRates checks how the server throttles.
func (s Settings) checkRates() error {
	switch {
	case !(s.RequestRate >= 0 && s.NightRate >= 0 && s.ServeRate >= 0):
		return fmt.Errorf("request rate %v, night rate %v or serve rate %v is negative", s.RequestRate, s.NightRate, s.ServeRate)
	case s.NightRate > 0 && s.RequestRate == 0:
		return fmt.Errorf("night rate %v without a request rate", s.NightRate)
	case s.RequestBurst < 0 || s.Concurrency < 0:
		return fmt.Errorf("request burst %d or concurrency %d is negative", s.RequestBurst, s.Concurrency)
	case !slices.Contains([]int{0, http.StatusBadRequest, http.StatusServiceUnavailable}, s.ThrottleStatus):
		return fmt.Errorf("throttle status %d: expected 400 or 503", s.ThrottleStatus)
	}
	return nil
}

// retryAfter is the header that says when to come again.
func (s Settings) retryAfter() map[string]string {
	after := time.Duration(s.RetryAfter)
	if after == 0 {
		after = time.Second
	}
	return map[string]string{"Retry-After": strconv.Itoa(int((after + time.Second - 1) / time.Second))}
}
