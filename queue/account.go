package queue

import "time"

// DefaultAccount is the AiR account of a batch that names none.
const DefaultAccount = "default"

// AccountState is what is stored of an AiR account. Gate, stop, rate and daily counts belong to an account.
type AccountState struct {
	Gate   Gate   `json:"gate"`
	Server Server `json:"server"`
	// Control is what an operator has set.
	Control Control `json:"control"`
	// Day is the use on the requested day.
	Day DayCount `json:"day"`
}

// Gate is the stored part of an account's gate, which outlives a restart. The zero Gate is open.
type Gate struct {
	// PausedUntil is when a pause ends, by our clock; zero: not paused.
	PausedUntil time.Time `json:"paused_until,omitzero"`
	// Pauses counts the pauses in a row that ended in another 429, without an accepted job between.
	Pauses int `json:"pauses,omitempty"`
	// Stopped is set by a 403 that may be the monthly quota: only canaries are sent until one is accepted.
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
	// Capped is set if AiR said on that day that its daily cap is reached (429): Submitted then shows how large the cap is.
	Capped bool `json:"capped,omitempty"`
}

// Server is what the queue stores about an account's AiR server, so that a run need not learn it again: which
// address it has, and the offset of its clock.
type Server struct {
	// Address is the base URL at which a job of the account was last accepted; empty: none was.
	Address string `json:"address,omitempty"`
	// Clock is the offset of AiR's clock in use; zero: none was learned.
	Clock ClockOffset `json:"clock,omitzero"`
	// NextClock is a different offset that later answers show; zero: none. It replaces Clock once it has been stable for some time.
	NextClock ClockOffset `json:"next_clock,omitzero"`
}

// ClockOffset is how far AiR's clock is from ours.
type ClockOffset struct {
	// Offset is to be added to our clock.
	Offset time.Duration `json:"offset"`
	// Since is when the offset was first seen, by our clock.
	Since time.Time `json:"since"`
}
