package intake

import (
	"context"
	"fmt"

	"github.com/rs/zerolog"

	"airlift/queue"
)

// Options say what is read into which batch, and how.
type Options struct {
	// Batch is the id; "" for the default of the only source.
	Batch string
	// Account is the account of a new batch; empty: the default one. A batch that is there must belong to it, unless it is empty.
	Account string
	Sources Sources
	// Settings are the job settings of this run; those stored with the batch fill the gaps.
	Settings queue.Settings
	// Incomplete says that the caller lacks settings of its own: Prepare returns a [MissingError] in any case.
	Incomplete bool
	// NeedFields requires services and destination for each item.
	NeedFields bool
	// Changed adds objects again whose contents changed; TrustChanges allows that even if most of them changed.
	Changed, TrustChanges bool
	// Since names batches of the queue whose submitted objects are left out.
	Since []string
	// Replace withdraws the items of earlier readings that this one does not have, at its end.
	Replace bool
	// Strict stores nothing if any row is bad.
	Strict bool
	// StoreNothing stores nothing: for a dry run.
	StoreNothing bool
	// Details keeps each object's size, ETag and media properties with its item, for a plan.
	Details bool
	// Adopts stores the beginning of an adoption in the batch before anything is read.
	Adopts bool
	// Confirm, if set, is asked before anything is stored; known says that the queue has the batch.
	Confirm func(ctx context.Context, known bool) error

	// Open opens the queue, and creates it if create is set; otherwise the error without a queue is [queue.ErrNotExist].
	Open func(create bool) (queue.Store, error)
	// Scratch opens an empty queue for a dry run.
	Scratch func() (queue.Store, error)
	// Place is where the queue is, for messages. NoBatch returns an error that lists the batches of the queue.
	Place   string
	NoBatch func(ctx context.Context, id string) error
	// Services warns of unknown services in rows; nil disables the warnings.
	Services *ServiceWarnings
	// BatchSize, if set, is called after each chunk with the number of items of the batch.
	BatchSize func(items int64)
	Log       zerolog.Logger
}

// shorten cuts s to at most most bytes, at a character boundary, and appends "...".
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 { // inside a character
		most--
	}
	return s[:most] + "..."
}

// BadRowsError says that [Options.Strict] found bad rows.
type BadRowsError struct {
	Rows int64
	// First are the first of them, at most 20.
	First []queue.Rejected
}

func (e *BadRowsError) Error() string { return fmt.Sprintf("%d rows are bad", e.Rows) }
