package hours

import (
	"time"

	"airlift/queue"
	"airlift/ratelimit/schedule"
)

// Hours are a rate table and windows of time.
type Hours struct {
	RateTable string   `json:"rate_table,omitempty"`
	Windows   []string `json:"windows,omitempty"`
	TimeZone  string   `json:"time_zone"`
	// Text says what is in force, and until when.
	Text string `json:"text"`
	// NextChange is when that changes; nil: never.
	NextChange *time.Time `json:"next_change"`
}

// Of returns the hours of a schedule; nil if it limits nothing.
func Of(s schedule.Schedule, now time.Time) *Hours {
	c := s.Config()
	if !s.HasTable() && len(c.Windows) == 0 {
		return nil
	}
	h := &Hours{RateTable: c.Rate, Windows: c.Windows, TimeZone: s.Zone().String(), Text: s.Text(now)}
	if next := s.NextSeen(now); !next.IsZero() {
		next = next.UTC()
		h.NextChange = &next
	}
	return h
}

// Set returns the hours that an operator has set; nil: none, or none that can be read.
func Set(c queue.Control, now time.Time) *Hours {
	s, err := schedule.Parse(schedule.Config{}.Set(false, c.RateTable, c.Windows, c.TimeZone))
	if err != nil {
		return nil
	}
	return Of(s, now)
}
