package queue

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// maxBatchID is the longest Batch id in characters that AiR takes (Submit a new job: Batch, max length 256).
const maxBatchID = 256

// IdentityVersion is the version of the item identity scheme. It is stored with each batch so that schemes can
// coexist. Version 0: batch, source bucket, object key and, for changed objects, the item's version.
const IdentityVersion = 0

// Batch is the items under one Batch id, which is sent with each job.
type Batch struct {
	// ID is what AiR sees as Batch: 1 to 256 characters.
	ID string `json:"id"`
	// Account is the AiR account, whose gate and daily counts apply to this batch.
	Account  string `json:"account"`
	Identity int    `json:"identity"`
	// Settings are the job settings of the latest run.
	Settings Settings  `json:"settings"`
	Created  time.Time `json:"created"`
	// Counts are the items by state.
	Counts Counts `json:"counts"`
	// Versions counts the further items of changed objects; every other item is the first of its object.
	Versions int64 `json:"versions,omitempty"`
	// Unsourced counts the items that have no row in any source; see [Item].
	Unsourced int64 `json:"unsourced,omitempty"`
	// Adopting says that an adoption was begun and has not ended well: AiR may hold jobs that the queue does not know, so
	// nothing is to be sent.
	Adopting bool `json:"adopting,omitempty"`
	// Unproven says that the latest successful adoption could not prove that AiR has no other jobs of this batch:
	// an item that was never sent may have one, so it is to be looked up before it is sent.
	Unproven bool `json:"unproven,omitempty"`
	// Reading describes the latest reading of the batch's sources.
	Reading Reading `json:"reading"`
	// Additions are the latest readings that added items, oldest first; at most maxAdditions.
	Additions []Addition `json:"additions,omitempty"`
	// Columns are the names of the extra columns that its items carry, in the order in which they were first seen.
	Columns []string `json:"columns,omitempty"`
	// Own counts the items whose row sets a field. For the other items the field must come from Settings.
	Own OwnCounts `json:"own"`
	// Sent is set with the first claim: from then on AiR may hold jobs of this batch.
	Sent bool `json:"sent"`
	// Errors sums up the failed items, by code; at most [MaxErrorGroups].
	Errors []ErrorCount `json:"errors,omitempty"`
	// Accepted are some instants, oldest first and at least ten seconds apart, at which jobs of this batch were accepted.
	Accepted []time.Time `json:"accepted,omitempty"`
	// Control is what an operator has set.
	Control BatchControl `json:"control,omitzero"`
}

// Validate reports what AiR would not accept as a batch.
func (b Batch) Validate() error {
	switch n := utf8.RuneCountInString(b.ID); {
	case b.ID == "":
		return errors.New("the batch id is empty")
	case !utf8.ValidString(b.ID):
		return errors.New("the batch id is not valid UTF-8")
	case n > maxBatchID:
		return fmt.Errorf("the batch id has %d characters, AiR takes at most %d", n, maxBatchID)
	}
	for _, r := range b.ID {
		if r < 0x20 || r == 0x7f {
			return fmt.Errorf("the batch id %q has a control character", b.ID)
		}
	}
	return nil
}

// NewBatch returns a batch as it is made: empty, with the id, the account, identity,
// settings, time of creation (now, if it has none) and Adopting of b.
func NewBatch(b Batch, now time.Time) (Batch, error) {
	if err := b.Validate(); err != nil {
		return b, fmt.Errorf("create batch: %w", err)
	}
	if b.Created.IsZero() {
		b.Created = now
	}
	return Batch{ID: b.ID, Account: b.AccountName(), Identity: b.Identity, Settings: b.Settings, Created: b.Created.UTC(), Adopting: b.Adopting}.Clone(), nil
}

// AccountName returns the account of the batch, or DefaultAccount if it names none.
func (b Batch) AccountName() string { return cmp.Or(b.Account, DefaultAccount) }

// Clone returns a copy that shares nothing with b that is ever written to.
func (b Batch) Clone() Batch {
	b.Settings = b.Settings.Clone()
	b.Columns, b.Errors, b.Accepted = slices.Clone(b.Columns), slices.Clone(b.Errors), slices.Clone(b.Accepted)
	b.Additions = slices.Clone(b.Additions)
	b.Reading.SkippedBy = maps.Clone(b.Reading.SkippedBy)
	return b
}

// OwnCounts counts the items by the field that their own row sets.
type OwnCounts struct {
	Services    int64 `json:"services,omitempty"`
	Priority    int64 `json:"priority,omitempty"`
	Destination int64 `json:"destination,omitempty"` // both bucket and region
	Partial     int64 `json:"partial,omitempty"`     // one of the two; 0 in batches from before it was counted
	Region      int64 `json:"region,omitempty"`
	Endpoint    int64 `json:"endpoint,omitempty"`
}

// Reading counts the rows of the latest reading: Rows = Added + Known + Duplicates + Rejected + Skipped, always.
type Reading struct {
	// Number counts the readings of the batch from 1.
	Number  int64     `json:"number,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// Ended is set when the reading was over, complete or not.
	Ended time.Time `json:"ended,omitzero"`
	// Complete is set only at the clean end of every source.
	Complete   bool  `json:"complete"`
	Rows       int64 `json:"rows"`
	Added      int64 `json:"added"`
	Known      int64 `json:"known"`
	Duplicates int64 `json:"duplicates"`
	Rejected   int64 `json:"rejected"`
	Skipped    int64 `json:"skipped"`
	// SkippedBy breaks Skipped down by reason.
	SkippedBy map[string]int64 `json:"skipped_by,omitempty"`
	// Restored counts those of Known that had been withdrawn and are pending again; see [Restore].
	Restored int64 `json:"restored,omitempty"`
	// Withdrawn counts the items of earlier readings that this one took back because it does not have them.
	Withdrawn int64 `json:"withdrawn,omitempty"`
}

// Resume continues an ended reading. The error says that it is complete, or that there is none.
func (r *Reading) Resume() error {
	if r.Started.IsZero() || r.Complete {
		return errors.New("there is none that is not complete; begin one")
	}
	r.Ended = time.Time{}
	return nil
}

// Balanced reports whether the rows add up.
func (r Reading) Balanced() bool {
	return r.Rows == r.Added+r.Known+r.Duplicates+r.Rejected+r.Skipped
}

// Counts counts the items of a batch by state. Items is always the sum over all states.
type Counts struct {
	Items     int64 `json:"items"`
	Pending   int64 `json:"pending"`
	Sending   int64 `json:"sending"`
	InDoubt   int64 `json:"in_doubt"`
	Submitted int64 `json:"submitted"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
}

// Balanced reports whether the books balance and no count is negative.
func (c Counts) Balanced() bool {
	sum := int64(0)
	for _, s := range States {
		n := *c.Of(s)
		if n < 0 {
			return false
		}
		sum += n
	}
	return c.Items == sum
}

// Of returns the count of one state, to read or to change.
func (c *Counts) Of(s State) *int64 {
	switch s {
	case Pending:
		return &c.Pending
	case Sending:
		return &c.Sending
	case InDoubt:
		return &c.InDoubt
	case Submitted:
		return &c.Submitted
	case Failed:
		return &c.Failed
	case Cancelled:
		return &c.Cancelled
	}
	panic("queue: unknown state " + string(s))
}

// Move counts n items in another state.
func (c *Counts) Move(from, to State, n int64) {
	*c.Of(from) -= n
	*c.Of(to) += n
}

// Left counts the unfinished items: pending, sending and in doubt.
func (c Counts) Left() int64 { return c.Pending + c.Sending + c.InDoubt }

// MaxErrorGroups bounds [Batch.Errors]; failures of further codes are summed up under the code [OtherErrors].
const MaxErrorGroups = 32

// OtherErrors is the code under which the failures beyond [MaxErrorGroups] are summed up.
const OtherErrors = "(other)"

// ErrorCount sums up the failed items of one code.
type ErrorCount struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	Count      int64  `json:"count"`
	ExampleKey string `json:"example_key"`
}
