package worker

import (
	"time"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/attempts"
	"airlift/worker/joblist"
)

func idOf(c queue.Claimed) attempts.Item { return attempts.Item{Batch: c.Batch, Seq: c.Seq} }

// remember notes when an item was sent that was not accepted, unless it is proven that nothing left. Accepted items are not
// recorded: contested starts a new window for them.
func (s *shared) remember(c queue.Claimed, o air.Outcome) {
	if o.Written {
		s.attempts.Note(idOf(c), attempts.Attempt{Sent: o.Sent, Ended: o.Ended}, s.Settle)
	}
}

// settledAt returns from when on absence from AiR's list proves that the item has no job: a settle window after its last attempt ended,
// or after the queue was opened if that attempt is not recorded.
func (s *shared) settledAt(c queue.Claimed) time.Time {
	if at, ok := s.attempts.Of(idOf(c)); ok {
		return at.Ended.Add(s.Settle)
	}
	return s.Opened.Add(s.Settle)
}

// attemptBegan returns the earliest time at which the item's last attempt can have begun, by our clock.
func (s *shared) attemptBegan(c queue.Claimed) time.Time {
	if at, ok := s.attempts.Of(idOf(c)); ok {
		return byWallClock(at.Sent)
	}
	if !c.Sent {
		return byWallClock(s.Opened) // if this queue sent it, then in this run
	}
	if !c.At.IsZero() {
		return c.At.Add(-joblist.LookbackMargin)
	}
	// The process that claimed it ended before an answer was stored.
	day := time.Unix(int64(c.Day)*24*60*60, 0)
	began := s.learned.clock.ToLocal(day).Add(-joblist.LookbackMargin)
	if s.Opened.Before(began) {
		return s.Opened
	}
	return began
}

// byWallClock returns an instant by our present wall clock. If that clock was set back since, later stored times
// may be earlier.
func byWallClock(t time.Time) time.Time {
	now := time.Now()
	if now := now.Round(0).Add(-now.Sub(t)); t.Round(0).Sub(now) > time.Second {
		return now
	}
	return t
}

// settleReason is the reason shown while a run waits for a settle window.
const settleReason = "waiting until AiR must list what was sent before (--settle)"

// showSettleWait shows that nothing is sent for a settle window. The first such wait of a run is logged.
func (s *shared) showSettleWait(wait time.Duration) {
	s.gate.Explain(settleReason)
	s.settleLogged.Do(func() {
		s.Log.Info().Stringer("for", wait.Round(time.Millisecond)).Msg(settleReason + ": it is looked up then")
	})
}
