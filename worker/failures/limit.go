package failures

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

const (
	// A share is taken of the last window items decided, once there are least.
	window = 1000
	least  = 100
)

// Limit is how many items may fail before a run ends: then the settings are wrong rather than the items.
// The zero limit ends it when over half of the last 1,000 items decided (at least 100) failed.
type Limit struct {
	// Count ends the run at so many failures; 0: not by count.
	Count int64
	// Percent ends the run when this share of the last 1,000 items decided (at least 100) failed; 0: not by share.
	Percent float64
	// Off never ends the run.
	Off bool
}

// Parse reads "N", "P%" or "off".
func Parse(s string) (Limit, error) {
	bad := fmt.Errorf("failure limit %q: write a number like 100, a share like 50%%, or off", s)
	text := strings.TrimSpace(s)
	if text == "off" {
		return Limit{Off: true}, nil
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return Limit{}, bad
		}
		return Limit{Percent: p}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return Limit{}, bad
	}
	return Limit{Count: n}, nil
}

// Counter watches the items decided in a run. The zero Counter is ready; it is safe for concurrent use.
type Counter struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	recent [window]bool // true: failed
	next   int
	filled int
	failed int // of the window
	total  int64
}

// Decided counts an item and returns why the limit is reached, or "".
func (f *Counter) Decided(failed bool, limit Limit) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.filled == window && f.recent[f.next] {
		f.failed--
	}
	f.recent[f.next] = failed
	f.next = (f.next + 1) % window
	f.filled = min(f.filled+1, window)
	if failed {
		f.failed++
		f.total++
	}
	switch {
	case limit.Off || !failed:
		return ""
	case limit.Count > 0 && f.total >= limit.Count:
		return fmt.Sprintf("%d items failed in this run", f.total)
	case f.filled >= least && limit.reached(f.failed, f.filled):
		return fmt.Sprintf("%d of the last %d items failed", f.failed, f.filled)
	}
	return ""
}

// reached reports whether the share of failed items ends the run.
func (l Limit) reached(failed, decided int) bool {
	switch {
	case l.Percent > 0:
		return float64(failed)*100 >= l.Percent*float64(decided)
	case l.Count > 0:
		return false
	}
	return failed*2 > decided
}
