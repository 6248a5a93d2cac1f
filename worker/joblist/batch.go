package joblist

import (
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
)

// MaxClockOffset is how far AiR's clock may be from ours.
const MaxClockOffset = 25 * time.Hour

// LookbackMargin is how much further back than an attempt of an earlier run the list is read: it covers the attempt's length and the
// drift of the clocks between the runs.
const LookbackMargin = 15 * time.Minute

// GiveUp is how long lookups may fail before they are given up.
const GiveUp = 30 * time.Minute

// Config configures a [Batch].
type Config struct {
	Store queue.Reader
	List  Lister
	ID    string // the batch
	// Unproven says that the batch was adopted without proof that AiR has no other jobs.
	Unproven bool
	// Opened is when the queue was opened.
	Opened time.Time
	// Settle is the settle window: how long after an attempt the list must show its job.
	Settle time.Duration
	// AdoptCommand returns the command line that rebuilds a batch from AiR's list.
	AdoptCommand func(batch string) string
	Log          zerolog.Logger
}

// Batch looks up the items of one batch in AiR's list. It is safe for concurrent use.
type Batch struct {
	Config
	items  *matcher
	newest newest
}

// NewBatch returns a batch whose jobs have these names.
func NewBatch(c Config, names queue.Namer) *Batch {
	return &Batch{Config: c, items: &matcher{store: c.Store, batch: c.ID, names: names}, newest: newest{lock: make(chan struct{}, 1)}}
}

// Name returns the name of the item's job.
func (b *Batch) Name(it *queue.Item) string { return b.items.names.Name(it) }
