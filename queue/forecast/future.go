package forecast

import (
	"math"
	"time"
)

// future is one of the possible futures: what is not known has a value in it.
type future struct {
	in    *Input
	pace  float64
	cap   float64 // +Inf: none
	reset time.Duration
	// share returns the share of the cap that others take on a day, counted from the Unix epoch.
	share func(day int64) float64
}

// instant counts nanoseconds since the Unix epoch, which is faster than a time.Time.
type instant = int64

const (
	second = instant(time.Second)
	day    = 24 * 3600 * second
	never  = instant(math.MaxInt64)
)

// state is how far a future has come.
type state struct {
	at                         instant
	left                       float64
	today, month, quota        float64 // sent, against our own limits and AiR's quota
	accepted, others, room     float64 // since AiR's reset; room is what the cap leaves us until the next one
	midnight, resetsAt, month1 instant
	hour                       int // of the hours
}

// mostSteps ends the steps of a future; what is left then is computed at the average pace.
const mostSteps = 1000

// longest is how far ahead a forecast looks: as far as an instant goes, some 200 years.
const longest = 200 * 365 * day

// finish returns when all is sent; [never]: not within [longest]. sent, if not nil, is called with what is sent from one instant to another,
// within a UTC day.
func (f *future) finish(sent func(from instant, n float64)) instant {
	var end [1]instant
	f.follow([]int64{f.in.Items}, end[:], sent)
	return end[0]
}

// follow sets in ends when each of the numbers of items, the lowest first, is sent. The last number is Items.
func (f *future) follow(numbers []int64, ends []instant, sent func(from instant, n float64)) {
	s, done, at := f.begin(), 0.0, 0
	for range mostSteps {
		rate, boundary := f.limits(&s)
		n := min(s.left, f.roomOf(&s), rate*float64(boundary-s.at)/float64(second))
		if sent != nil && n > 0 {
			sent(s.at, n)
		}
		for ; at < len(numbers) && float64(numbers[at]) <= done+n; at++ {
			ends[at] = s.at
			if more := max(float64(numbers[at])-done, 0); more > 0 {
				ends[at] += instant(more / rate * float64(second))
			}
		}
		if at == len(numbers) {
			return
		}
		done, s.left = done+n, float64(f.in.Items)-done-n
		f.advance(&s, n, boundary)
	}
	for ; at < len(numbers); at++ {
		ends[at] = f.extrapolate(&s, float64(numbers[at])-done, done)
	}
}

// begin returns the state now, after the pause in force.
func (f *future) begin() state {
	in := f.in
	s := state{at: in.Now.UnixNano(), left: float64(in.Items), today: float64(in.UsedToday), month: float64(in.UsedThisMonth), quota: float64(in.UsedOfQuota),
		accepted: float64(in.Cap.Accepted), others: float64(in.Cap.Others)}
	s.midnight = s.at - s.at%day + day
	s.resetsAt = s.at - s.at%day + instant(f.reset)
	for s.resetsAt <= s.at {
		s.resetsAt += day
	}
	s.month1 = nextMonth(s.at)
	f.setRoom(&s)
	if in.PausedUntil.After(in.Now) {
		for end := in.PausedUntil.UnixNano(); s.at < end; {
			f.advance(&s, 0, min(end, s.midnight, s.resetsAt))
		}
	}
	return s
}

// nextMonth returns when the next UTC month begins.
func nextMonth(at instant) instant {
	t := time.Unix(0, at).UTC()
	return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
}

// limits returns the rate at the instant of a state, and until when it and all counts hold.
func (f *future) limits(s *state) (rate float64, boundary instant) {
	rate, boundary = f.pace, min(s.midnight, s.resetsAt)
	hours := f.in.hours
	if len(hours) == 0 {
		return rate, boundary
	}
	for s.hour+1 < len(hours) && hours[s.hour+1].from <= s.at {
		s.hour++
	}
	if s.hour+1 < len(hours) {
		boundary = min(boundary, hours[s.hour+1].from)
	}
	return min(rate, hours[s.hour].rate), boundary
}

// roomOf returns how many jobs the limits and the cap allow until the next of the counts begins anew.
func (f *future) roomOf(s *state) float64 {
	room := s.room
	if f.in.Daily > 0 {
		room = min(room, float64(f.in.Daily)-s.today)
	}
	if f.in.Monthly > 0 {
		room = min(room, float64(f.in.Monthly)-s.month)
	}
	if f.in.Quota > 0 {
		room = min(room, float64(f.in.Quota)-s.quota)
	}
	return max(room, 0)
}

// setRoom computes what the cap leaves us until the next reset.
func (f *future) setRoom(s *state) {
	if s.room = f.cap; !math.IsInf(f.cap, 1) {
		others := max(math.Round(f.cap*f.share(s.resetsAt/day)), s.others)
		s.room -= others + s.accepted
		s.quota += others - s.others // they use the quota too
	}
}

// advance records n sent jobs and goes to an instant, at which counts may begin anew.
func (f *future) advance(s *state, n float64, to instant) {
	s.today, s.month, s.quota, s.room = s.today+n, s.month+n, s.quota+n, s.room-n
	s.at = to
	if to >= s.midnight {
		s.today, s.midnight = 0, s.midnight+day
		if to >= s.month1 {
			s.month, s.quota, s.month1 = 0, 0, nextMonth(to)
		}
	}
	if to >= s.resetsAt {
		s.accepted, s.others, s.resetsAt = 0, 0, s.resetsAt+day
		f.setRoom(s)
	}
}

// extrapolate returns when left more items are sent in a future that was followed until done were sent.
func (f *future) extrapolate(s *state, left, done float64) instant {
	took := s.at - f.in.Now.UnixNano()
	more := float64(took) * left / done
	if done <= 0 || more > float64(longest-took) {
		return never
	}
	return s.at + instant(more)
}

// timeOf returns the time of an instant; zero: never.
func timeOf(at instant) time.Time {
	if at == never {
		return time.Time{}
	}
	return time.Unix(0, at).UTC()
}
