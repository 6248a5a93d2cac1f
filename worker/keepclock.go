package worker

import (
	"context"
	"time"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/joblist"
)

// clockSame is how far an offset may be from the stored one without being stored anew.
const clockSame = time.Minute

// trustStored takes over the offset of AiR's clock that earlier runs learned.
func (p *Pool) trustStored() {
	c := p.server.Clock
	if !c.Since.IsZero() && c.Offset.Abs() <= joblist.MaxClockOffset {
		p.clock.trust(c.Offset)
		p.clockFromBefore = true
	}
}

// keepClock stores what this run learned of AiR's clock: the first offset of all at once, another one only when each Date
// of ten minutes, over all runs, has shown it. So no server can tell each run of another day.
func (p *Pool) keepClock() {
	offset, learned := p.clock.current()
	if !learned {
		return
	}
	held := false
	now := time.Now().UTC().Round(0)
	p.learn(func(s *queue.Server) bool {
		next := s.NextClock
		switch {
		case s.Clock.Since.IsZero() || s.Clock.Offset.Abs() > joblist.MaxClockOffset:
			s.Clock, s.NextClock = queue.ClockOffset{Offset: offset, Since: now}, queue.ClockOffset{}
		case (offset - s.Clock.Offset).Abs() <= clockSame:
			s.NextClock = queue.ClockOffset{}
			return !next.Since.IsZero()
		case next.Since.IsZero() || (offset-next.Offset).Abs() > maxClockDrift || now.Before(next.Since):
			s.NextClock = queue.ClockOffset{Offset: offset, Since: now}
		case now.Sub(next.Since) < clockProven:
			return false
		default:
			s.Clock, s.NextClock = queue.ClockOffset{Offset: offset, Since: now}, queue.ClockOffset{}
			held = true
		}
		return true
	})
	if held {
		p.clock.trust(offset)
	}
	if stored, jumped := p.clock.rival(); jumped {
		p.clockJumped.Do(func() {
			p.Log.Warn().Stringer("offset", offset.Round(time.Second)).Stringer("stored", stored.Round(time.Second)).
				Msg("AiR's Date header jumped since an earlier run, or this machine's clock was set: until the new time has held for ten minutes, the day that lets fewer jobs through counts for the daily limit and for pauses")
		})
	}
}

// forgetUnproven drops what an implausible Date makes doubtful: an offset that has not held yet.
func (p *Pool) forgetUnproven() {
	kept, _ := p.clock.current()
	p.learn(func(s *queue.Server) bool {
		was := *s
		s.NextClock = queue.ClockOffset{}
		if !p.clockFromBefore && (s.Clock.Offset-kept).Abs() > maxClockDrift {
			s.Clock = queue.ClockOffset{}
		}
		return *s != was
	})
}

// serverTime is a time by AiR's clock, and by what offset to ours.
type serverTime struct {
	time.Time
	offset time.Duration
}

// claimTime returns the time now whose day a claim counts against. If AiR's clock jumped since an earlier run it is that
// of two whose day has more claims, which lets fewer jobs through.
func (p *Pool) claimTime() serverTime {
	now := time.Now()
	offset := p.clock.offset()
	learned := serverTime{now.Add(offset), offset}
	other, jumped := p.clock.rival()
	if !jumped || p.DailyLimit == 0 {
		return learned
	}
	stored := serverTime{now.Add(other), other}
	if p.claimedOn(learned) > p.claimedOn(stored) {
		return learned
	}
	return stored
}

// claimedOn returns how many claims are counted against a day.
func (p *Pool) claimedOn(t serverTime) int64 {
	a, err := p.Store.Account(context.Background(), p.Account, queue.DayOf(t.Time))
	if err != nil {
		p.fail("read the daily count from the queue", err)
	}
	return a.Day.Claimed
}

// resumeAt returns when a pause ends that begins with this answer: after midnight by AiR's clock, and by what earlier runs
// learned of it too if it jumped since.
func (p *Pool) resumeAt(o air.Outcome) time.Time {
	until := ratelimit.ResumeAt(p.clock.date(o), o.Sent, o.Ended, p.Grace)
	if stored, jumped := p.clock.rival(); jumped {
		until = later(until, ratelimit.ResumeAt(o.Ended.Round(0).Add(stored), o.Sent, o.Ended, p.Grace))
	}
	return until
}
