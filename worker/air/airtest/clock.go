package airtest

import "time"

const day = 24 * time.Hour

// now is the server's clock. The caller holds s.mu.
func (s *Server) now() time.Time { return s.clock().Add(s.shift).UTC() }

// Now returns the time by the server's clock, in UTC.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Advance puts the server's clock forward, and with it lags, lifecycles and days.
// Waits that have begun are not shortened.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift += max(d, 0)
}

// SetMidnightIn shifts the server's clock forward until its next UTC midnight is d
// away, d being more than 0 and at most a day.
func (s *Server) SetMidnightIn(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	forward := nextMidnight(now).Add(-d).Sub(now)
	if forward < 0 {
		forward += day
	}
	s.shift += forward
}

func nextMidnight(t time.Time) time.Time { return t.UTC().Truncate(day).Add(day) }

// turn starts the counters of a new day and month, which begin ResetAt after midnight. The caller holds s.mu.
func (s *Server) turn(now time.Time) {
	now = now.Add(-time.Duration(s.settings.ResetAt))
	if d := now.Truncate(day); d.After(s.today) { // a clock that is set back begins no new day
		s.today = d
		for key, own := range s.accepted {
			s.accepted[key] = used{0, own.month}
		}
	}
	if y, m, _ := now.Date(); y > s.year || y == s.year && m > s.month {
		s.year, s.month, s.accepted = y, m, map[string]used{}
	}
}
