package service

import (
	"cmp"

	"airlift/queue"
	"airlift/queue/plan"
	"airlift/ratelimit/schedule"
)

// SetHours is the part of a [SetRequest] about when items are sent. Nil fields stay as they are.
type SetHours struct {
	// RateTable is a table of rates as --rate takes it. It replaces the rate, and a rate replaces it.
	RateTable *string `json:"rate_table,omitempty"`
	// Windows are the times at which items may be sent, as --window takes them; none: at any time.
	Windows *[]string `json:"windows,omitempty"`
	// TimeZone is that of both.
	TimeZone *string `json:"time_zone,omitempty"`
}

func (h *SetHours) validate() error {
	c := queue.Control{}
	h.apply(nil, &c)
	if h.RateTable != nil && !schedule.IsTable(*h.RateTable) {
		return invalid("the table of rates has one rate: set that as the rate")
	}
	if _, err := schedule.Parse(schedule.Config{}.Set(false, c.RateTable, c.Windows, c.TimeZone)); err != nil {
		return invalid(err.Error())
	}
	return nil
}

// apply sets the hours, for which a new rate counts too.
func (h *SetHours) apply(rate *float64, c *queue.Control) {
	if rate != nil {
		c.RateTable = ""
	}
	if h.RateTable != nil {
		c.RateTable, c.Rate = *h.RateTable, 0
	}
	c.Windows = cmp.Or(h.Windows, c.Windows)
	c.TimeZone = *cmp.Or(h.TimeZone, &c.TimeZone)
}

// Month is what counts against the user's monthly limit.
type Month struct {
	Limit int64 `json:"limit"`
	Used  int64 `json:"used"`
}

// monthOf returns the use of a monthly limit; nil: there is none.
func monthOf(l plan.Limits) *Month {
	if l.PerMonth <= 0 {
		return nil
	}
	return &Month{l.PerMonth, l.UsedThisMonth}
}
