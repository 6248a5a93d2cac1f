package notify

import (
	"time"

	"airlift/queue"
	"airlift/worker/service"
)

// Schema is the version of [Event]'s form.
const Schema = 1

// Kind is what has happened.
type Kind string

const (
	// Finished: nothing of a batch is left to send; items may have failed.
	Finished Kind = "finished"
	// Paused: nothing is sent until an instant, or until an operator resumes.
	Paused Kind = "paused"
	// Resumed: a pause that was told of is over.
	Resumed Kind = "resumed"
	// Stopped: the command has ended before its work was done.
	Stopped Kind = "stopped"
	// AccountStopped: AiR refuses the account: its monthly quota is reached, or its keys are not accepted.
	AccountStopped Kind = "account_stopped"
	// FailureLimit: the command has ended because too many items failed.
	FailureLimit Kind = "failure_limit"
	// DoubtsLeft: nothing of a batch is left but items whose outcome could not be learned.
	DoubtsLeft Kind = "doubts_left"
	// Rejects: rows of the sources were rejected.
	Rejects Kind = "rejects"
	// ForecastSlipped: the work will be done much later than was foreseen.
	ForecastSlipped Kind = "forecast_slipped"
	// Test: an operator tries whether events arrive.
	Test Kind = "test"
)

// Event is something that has happened, as it is delivered.
type Event struct {
	Schema int       `json:"schema"`
	ID     string    `json:"id"`
	Event  Kind      `json:"event"`
	Time   time.Time `json:"time"`
	// Host is the machine, and Queue the path of the queue's file there.
	Host  string `json:"host"`
	Queue string `json:"queue"`
	// Account is the account at AiR; Batch is empty if the event concerns all batches.
	Account string `json:"account"`
	Batch   string `json:"batch,omitempty"`
	// Counts are those of the batch or, without one, of all batches of the queue.
	Counts *Counts `json:"counts,omitempty"`
	Reason string  `json:"reason"`
	// NextStep is what to do about it; empty: nothing needs to be done.
	NextStep string `json:"next_step,omitempty"`
	// Until is when a pause ends by itself.
	Until *time.Time `json:"until,omitempty"`
	// ETA is when all will be done, and WasETA what was foreseen before.
	ETA    *time.Time `json:"eta,omitempty"`
	WasETA *time.Time `json:"was_eta,omitempty"`
	// ExitCode is that of the command, if the event is its end.
	ExitCode *int `json:"exit_code,omitempty"`
}

// Counts are the items of a batch by state, and the rejected rows of its latest reading.
type Counts struct {
	queue.Counts
	Rejected int64 `json:"rejected"`
}

// countsOf returns the sums of some batches.
func countsOf(all ...service.Status) *Counts {
	s := service.Total(all...)
	return &Counts{queue.Counts{
		Items: s.Items, Pending: s.Pending, Sending: s.Sending, InDoubt: s.InDoubt, Submitted: s.Submitted, Failed: s.Failed, Cancelled: s.Cancelled,
	}, s.Rejected}
}
