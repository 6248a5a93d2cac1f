package queue

import "time"

// Server is what the queue keeps of the AiR that an account's jobs go to, so that a run need not learn it anew: which
// address is AiR's, and how far its clock is from ours.
type Server struct {
	// Address is the base URL at which a job of the account was last accepted; empty: none was.
	Address string `json:"address,omitempty"`
	// Clock is the offset of AiR's clock that is believed; zero: none was learned.
	Clock ClockOffset `json:"clock,omitzero"`
	// NextClock is another offset that later answers show; zero: there is none. It takes the place of Clock once it has held for some time.
	NextClock ClockOffset `json:"next_clock,omitzero"`
}

// ClockOffset is how far AiR's clock is from ours.
type ClockOffset struct {
	// Offset is to be added to our clock.
	Offset time.Duration `json:"offset"`
	// Since is when the offset was first seen, by our clock.
	Since time.Time `json:"since"`
}
