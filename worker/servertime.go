package worker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"airlift/queue"
	"airlift/worker/airclock"
)

// learned is what this and earlier runs know about the account's AiR server: its address and its clock.
type learned struct {
	*shared
	clock       airclock.Clock
	clockJumped sync.Once // to warn
	mu          sync.Mutex
	stored      queue.Server // as the queue has it; guarded by mu
	next        queue.Server // for learn, which is called for each answer and must not allocate; guarded by mu
	answered    atomic.Bool  // a job was accepted in this run
}

// isKnown reports whether a job was accepted at this address before, by this run or an earlier one.
func (l *learned) isKnown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Address != "" && l.stored.Address == l.Address
}

// accepted records that this address accepts jobs.
func (l *learned) accepted() {
	l.answered.Store(true)
	if l.Address == "" || l.isKnown() {
		return
	}
	l.learn(func(s *queue.Server) bool {
		s.Address = l.Address
		return true
	})
}

// learn changes what is known of AiR, and stores it if change reports true.
func (l *learned) learn(change func(*queue.Server) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = l.stored
	if !change(&l.next) {
		return
	}
	if err := l.Store.SetServer(context.Background(), l.Account, l.next); err != nil {
		l.fail("store what is known of AiR in the queue", err)
		return
	}
	l.stored = l.next
}

// observeDate learns AiR's clock from the Date of the answer to a request that was under way from sent to ended, and warns
// at the first implausible Date.
func (l *learned) observeDate(date, sent, ended time.Time) {
	if !l.clock.Observe(date, sent, ended) {
		l.Log.Warn().Time("date", date).Msg("AiR's Date header is not plausible: it is more than 25 hours off, or it jumped. Later Date headers are ignored in this run; days are counted by the offset learned before, or by this machine's clock if there is none")
		l.learn(l.clock.ForgetUnproven)
		return
	}
	l.keepClock()
}

// load loads what earlier runs learned.
func (l *learned) load(s queue.Server) {
	l.stored = s
	l.clock.Load(s.Clock)
}

// keepClock stores what this run learned of AiR's clock; see [airclock.Keep].
func (l *learned) keepClock() {
	offset, learned := l.clock.Current()
	if !learned {
		return
	}
	replaced := false
	now := time.Now().UTC().Round(0)
	l.learn(func(s *queue.Server) (changed bool) {
		changed, replaced = airclock.Keep(s, offset, now)
		return changed
	})
	if replaced {
		l.clock.Trust(offset)
	}
	if stored, jumped := l.clock.Jump(); jumped {
		l.clockJumped.Do(func() {
			l.Log.Warn().Stringer("offset", offset.Round(time.Second)).Stringer("stored", stored.Round(time.Second)).
				Msg("AiR's Date header jumped since an earlier run, or this machine's clock was set: until the new time has held for ten minutes, the day that lets fewer jobs through counts for the daily limit and for pauses")
		})
	}
}

// serverTime is a time by AiR's clock, with its offset to ours.
type serverTime struct {
	time.Time
	offset time.Duration
}

// claimTime returns the time whose day a claim counts against. If AiR's clock jumped since an earlier run there are two,
// and the one whose day has more claims is used, as the stricter one.
func (l *learned) claimTime(limited bool) serverTime {
	now := time.Now()
	offset, _ := l.clock.Current()
	learned := serverTime{now.Add(offset), offset}
	other, jumped := l.clock.Jump()
	if !jumped || !limited {
		return learned
	}
	stored := serverTime{now.Add(other), other}
	if l.claimedOn(learned) > l.claimedOn(stored) {
		return learned
	}
	return stored
}

// claimedOn returns how many claims are counted against a day.
func (l *learned) claimedOn(t serverTime) int64 {
	a, err := l.Store.Account(context.Background(), l.Account, queue.DayOf(t.Time))
	if err != nil {
		l.fail("read the daily count from the queue", err)
	}
	return a.Day.Claimed
}
