package bottleneck

import (
	"strconv"
	"sync"
	"time"
)

// speedWindow is the number of seconds over which a speed is measured.
const speedWindow = 60

// Speed measures how many items a second are done. The zero Speed is ready; it is safe for concurrent use.
type Speed struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	began   time.Time
	seconds [speedWindow]int64 // done in each of the latest seconds
	stamps  [speedWindow]int64 // which second that is
}

// Begin begins the measurement.
func (s *Speed) Begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = time.Now()
}

// Add counts items that were done now.
func (s *Speed) Add(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	second := int64(time.Since(s.began) / time.Second)
	i := second % speedWindow
	if s.stamps[i] != second {
		s.stamps[i], s.seconds[i] = second, 0
	}
	s.seconds[i] += n
}

// PerSecond returns how many items a second were done in the last minute.
func (s *Speed) PerSecond() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	elapsed := time.Since(s.began)
	second, sum := int64(elapsed/time.Second), int64(0)
	for i, n := range s.seconds {
		if second-s.stamps[i] < speedWindow {
			sum += n
		}
	}
	if window := min(elapsed.Seconds(), speedWindow); window > 0 {
		return float64(sum) / window
	}
	return 0
}

// FormatSpeed writes a rate with three digits, in a larger unit if it is below one a second.
func FormatSpeed(rate float64) string {
	unit := "/s"
	switch {
	case rate == 0 || rate >= 1:
	case rate*60 >= 1:
		rate, unit = rate*60, "/min"
	default:
		rate, unit = rate*3600, "/h"
	}
	if rate >= 100 {
		return strconv.FormatFloat(rate, 'f', 0, 64) + unit
	}
	return strconv.FormatFloat(rate, 'g', 3, 64) + unit
}
