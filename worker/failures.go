package worker

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"airlift/worker/stop"
)

const (
	// A share is taken of the last failureWindow items decided, once there are failureLeast.
	failureWindow = 1000
	failureLeast  = 100
)

// FailureLimit is how many items may fail before a run ends: then the settings are wrong rather than the items.
// The zero limit ends it when over half of the last 1,000 items decided (at least 100) failed.
type FailureLimit struct {
	// Count ends the run at so many failures; 0: not by count.
	Count int64
	// Percent ends the run when this share of the last 1,000 items decided (at least 100) failed; 0: not by share.
	Percent float64
	// Off never ends the run.
	Off bool
}

// ParseFailureLimit reads "N", "P%" or "off".
func ParseFailureLimit(s string) (FailureLimit, error) {
	bad := fmt.Errorf("failure limit %q: write a number like 100, a share like 50%%, or off", s)
	text := strings.TrimSpace(s)
	if text == "off" {
		return FailureLimit{Off: true}, nil
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return FailureLimit{}, bad
		}
		return FailureLimit{Percent: p}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return FailureLimit{}, bad
	}
	return FailureLimit{Count: n}, nil
}

// failureCounter watches the items decided in this run.
type failureCounter struct {
	mu sync.Mutex
	// The fields below are guarded by mu.
	window [failureWindow]bool // true: failed
	next   int
	filled int
	recent int // failures in the window
	total  int64
}

// decided counts an item and returns why the limit is reached, or "".
func (f *failureCounter) decided(failed bool, limit FailureLimit) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.filled == failureWindow && f.window[f.next] {
		f.recent--
	}
	f.window[f.next] = failed
	f.next = (f.next + 1) % failureWindow
	f.filled = min(f.filled+1, failureWindow)
	if failed {
		f.recent++
		f.total++
	}
	switch {
	case limit.Off || !failed:
		return ""
	case limit.Count > 0 && f.total >= limit.Count:
		return fmt.Sprintf("%d items failed in this run", f.total)
	case f.filled >= failureLeast && limit.reached(f.recent, f.filled):
		return fmt.Sprintf("%d of the last %d items failed", f.recent, f.filled)
	}
	return ""
}

// reached reports whether the share of failed items ends the run.
func (l FailureLimit) reached(failed, decided int) bool {
	switch {
	case l.Percent > 0:
		return float64(failed)*100 >= l.Percent*float64(decided)
	case l.Count > 0:
		return false
	}
	return failed*2 > decided
}

// itemDecided counts an item against the failure limit; last describes its failure. At the limit the run ends or, if the batch is a
// guest, which has a count of its own, its part of the run.
func (s *shared) itemDecided(batch string, seq uint64, failed bool, last string) {
	b, count := s.batches.get(batch), &s.failures
	if b.guest {
		count = b.failures
	}
	why := count.decided(failed, s.live.get().MaxFailures)
	if why == "" || b.refused != nil {
		return
	}
	text := fmt.Sprintf("%s; the last failed with: %s. Check the settings, run `airlift retry BATCH`, then run again (--max-failures sets the limit)", why, last)
	if b, err := s.Store.Batch(context.Background(), batch); err == nil {
		if reading := b.AddedBy(seq); reading > 0 {
			text += fmt.Sprintf(". If reading %d of the sources was wrong (for example by a wrong column), correct them and run again with --replace, "+
				"or cancel what that reading added: %s", reading, s.CancelCommand(batch, reading))
		}
	}
	ended := stop.Errorf(stop.Failures, "%s", text)
	if !b.guest {
		s.stop(ended)
		return
	}
	s.Log.Error().Str("batch", batch).Err(ended).Msg("nothing more of this batch is sent in this run")
	s.batches.refuse(batch, ended)
}
