package queue

import "time"

// Gate is the stored part of an account's gate: what must hold workers back even after a restart. The zero Gate is open.
type Gate struct {
	// PausedUntil is when a pause ends, by our clock; zero: not paused.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	// Pauses counts the pauses in a row that ended in another 429, without an accepted job between.
	Pauses int `json:"pauses,omitempty"`
	// Stopped is set by a 403 that may be the monthly quota: only a canary may go, until one is accepted.
	Stopped bool `json:"stopped,omitempty"`
	// Reason says in words why the gate is shut. Since is when it was shut.
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// DayCount is what an account used of one server day.
type DayCount struct {
	// Claimed is what counts against the daily limit: every claim, less what is proven not accepted.
	Claimed int64 `json:"claimed"`
	// Submitted counts the jobs accepted from claims of that day.
	Submitted int64 `json:"submitted"`
	// Capped is set if AiR said on that day that its daily cap is reached (429): Submitted then tells how large the cap is.
	Capped bool `json:"capped,omitempty"`
}
