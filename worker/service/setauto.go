package service

import (
	"cmp"

	"airlift/queue"
)

// SetAuto is the part of a [SetRequest] about a rate that is found.
type SetAuto struct {
	// AutoRate asks for the rate that AiR is found to bear. It replaces a rate and a table, and these replace it.
	AutoRate bool `json:"auto_rate,omitempty"`
	// MaxRate is the highest that may be found, in requests a second; nil: it stays as it is.
	MaxRate *float64 `json:"max_rate,omitempty"`
}

// apply sets it; fixed says that a rate or a table is set instead.
func (a *SetAuto) apply(c *queue.Control, fixed bool) {
	switch {
	case a.AutoRate:
		c.AutoRate, c.Rate, c.RateTable = true, 0, ""
	case fixed:
		c.AutoRate = false
	}
	c.MaxRate = *cmp.Or(a.MaxRate, &c.MaxRate)
}

// validRate reports whether a rate can be set; nil: none is.
func validRate(r *float64) bool { return r == nil || *r > 0 && *r <= UnlimitedRate }
