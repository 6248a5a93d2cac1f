package hours

import (
	"cmp"
	"errors"

	"airlift/queue"
	"airlift/ratelimit/schedule"
)

// Change is what may be changed of when items are sent. Nil fields stay as they are.
type Change struct {
	// RateTable is a table of rates as --rate takes it. It replaces the rate, and a rate replaces it.
	RateTable *string `json:"rate_table,omitempty"`
	// Windows are the times at which items may be sent, as --window takes them; none: at any time.
	Windows *[]string `json:"windows,omitempty"`
	// TimeZone is that of both.
	TimeZone *string `json:"time_zone,omitempty"`
}

// Validate reports what cannot be meant.
func (h *Change) Validate() error {
	c := queue.Control{}
	h.Apply(nil, &c)
	if h.RateTable != nil && !schedule.IsTable(*h.RateTable) {
		return errors.New("the table of rates has one rate: set that as the rate")
	}
	_, err := schedule.Parse(schedule.Config{}.Set(false, c.RateTable, c.Windows, c.TimeZone))
	return err
}

// Apply sets the hours, for which a new rate counts too.
func (h *Change) Apply(rate *float64, c *queue.Control) {
	if rate != nil {
		c.RateTable = ""
	}
	if h.RateTable != nil {
		c.RateTable, c.Rate = *h.RateTable, 0
	}
	c.Windows = cmp.Or(h.Windows, c.Windows)
	c.TimeZone = *cmp.Or(h.TimeZone, &c.TimeZone)
}
