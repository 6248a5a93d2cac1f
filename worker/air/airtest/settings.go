package airtest

import (
	"fmt"
	"net/http"
)

func (s Settings) check() error {
	switch {
	case s.DailyCap < 0:
		return fmt.Errorf("daily cap %d is negative", s.DailyCap)
	case s.MonthlyQuota < 0:
		return fmt.Errorf("monthly quota %d is negative", s.MonthlyQuota)
	case !(s.RequestRate >= 0):
		return fmt.Errorf("request rate %v is negative", s.RequestRate)
	case s.ThrottleStatus != 0 && s.ThrottleStatus != http.StatusBadRequest && s.ThrottleStatus != http.StatusServiceUnavailable:
		return fmt.Errorf("throttle status %d: expected 400 or 503", s.ThrottleStatus)
	case s.ListLag < 0 || s.Latency < 0:
		return fmt.Errorf("list lag and latency must not be negative")
	case !(s.FailShare >= 0 && s.FailShare <= 1):
		return fmt.Errorf("fail share %v: expected 0 to 1", s.FailShare)
	}
	return s.Faults.check()
}
