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
	Batch   string
	Sources Sources
	// Settings are the job settings of this run; those stored with the batch fill the gaps.
	Settings queue.Settings
	// Incomplete says that the caller lacks settings of its own: Prepare returns a [MissingError] in any case.
	Incomplete bool
	// NeedFields says that each item must have its services and destination by now.
	NeedFields bool
	// Changed takes objects once more whose contents changed; TrustChanges does even if most of them did.
	Changed, TrustChanges bool
	// Since names batches of the queue whose submitted objects are left out.
	Since []string
	// Replace withdraws at the end the items that only earlier readings have.
	Replace bool
	// Strict stores nothing if any row is bad.
	Strict bool
	// StoreNothing stores nothing: for a dry run.
	StoreNothing bool
	// Details keeps with each item what its source tells of the object, for a plan.
	Details bool
	// Adopts notes in the batch, before anything is read, that an adoption begins.
	Adopts bool
	// Confirm, if set, is asked before anything is stored; known says that the queue has the batch.
	Confirm func(ctx context.Context, known bool) error

	// Open opens the queue, and makes it if it may; without a queue the error is [queue.ErrNotExist].
	Open func(create bool) (queue.Store, error)
	// Place is where the queue is, for messages. NoBatch says of a batch that the queue does not have which it has.
	Place   string
	NoBatch func(ctx context.Context, id string) error
	// Services warns of the rows' own services; nil: nothing does.
	Services *ServiceWarnings
	// BatchSize, if set, is told after each chunk how many items the batch has.
	BatchSize func(items int64)
	Log       zerolog.Logger
}

// UsageError is what the user must change before anything can be done.
type UsageError struct{ text string }

func (e *UsageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// shorten cuts a text to at most so many bytes, between two characters.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 { // inside a character
		most--
	}
	return s[:most] + "..."
}

// BadRowsError says that rows are bad, none of which [Options.Strict] allows.
type BadRowsError struct {
	Rows int64
	// First are the first of them, at most 20.
	First []queue.Rejected
}

func (e *BadRowsError) Error() string { return fmt.Sprintf("%d rows are bad", e.Rows) }
