package worker

import (
	"testing"
	"time"

	"airlift/ratelimit"
)

func TestJitter(t *testing.T) {
	for n, most := range map[int]time.Duration{1: 500 * time.Millisecond, 2: time.Second, 5: 8 * time.Second, 50: 30 * time.Second} {
		low, high := time.Hour, time.Duration(0)
		for range 2000 {
			d := ratelimit.Jitter(n, backoffBase, backoffCap)
			low, high = min(low, d), max(high, d)
		}
		if high > most+time.Millisecond || high < most*8/10 || low > most/10 {
			t.Errorf("failure %d: got %v to %v, want it spread over 0 to %v", n, low, high, most)
		}
	}
}
