package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/queue"
	"airlift/queue/playtime"
)

// FirstItems is how many items are checked before anything is stored.
const FirstItems = 1000

// Intake is a batch that is ready for its reading.
type Intake struct {
	// Batch is its id, and Settings its settings, those of this run first.
	Batch    string
	Settings queue.Settings
	Names    queue.Namer
	// Store is the queue, open since Opened; nil for a dry run without a queue.
	Store  queue.Store
	Opened time.Time
	// Reading reads the sources.
	Reading *Reading
	// ReadFirst says that the sources must be read to their end before anything is sent. That is needed for --replace,
	// so that no item is sent that will be withdrawn, and for --changed if items are already pending: such
	// an item could be sent and then be found changed, although its job reads the new contents.
	ReadFirst bool

	Options   // but for Batch and Settings
	defaulted bool
	stored    queue.Batch // as the queue has it, if found
	found     bool
	spool     *os.File    // a copy of standard input, if it must be read twice
	scratch   queue.Store // of a dry run
}

// Prepare checks everything that can be checked before anything is stored or sent, opens the queue and, unless it is a dry
// run, makes the batch. The caller closes the intake.
//
// Errors: [queue.ErrBatchExists] if another process makes the batch meanwhile, and standard input is among the sources.
func Prepare(ctx context.Context, o Options) (*Intake, error) {
	for {
		t, err := prepare(ctx, o)
		if !errors.Is(err, queue.ErrBatchExists) || slices.ContainsFunc(o.Sources.List, isStdin) {
			return t, err
		}
		// Now the queue has the batch, with settings and columns to be checked.
	}
}

func isStdin(src manifest.Source) bool { return src.Kind == manifest.KindStdin }

func prepare(ctx context.Context, o Options) (*Intake, error) {
	t := &Intake{Options: o, Batch: o.Batch}
	steps := []func(context.Context) error{
		t.find, t.begin, t.since, t.checkFields, t.openOnly, t.checkFormat, t.checkColumns, t.checkElsewhere, t.checkChanges,
	}
	if !o.StoreNothing {
		steps = append(steps, t.checkStrict, t.confirm, t.create)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			t.Close()
			return nil, err
		}
	}
	return t, nil
}

// find looks up the batch in a queue that may not exist yet.
func (t *Intake) find(ctx context.Context) error {
	if t.Batch == "" && len(t.Sources.Named) == 1 {
		t.Batch, t.defaulted = defaultBatch(t.Sources.Named[0]), true
	}
	if err := (queue.Batch{ID: t.Batch}).Validate(); t.Batch != "" && err != nil {
		return entry.Usagef("--batch: %v", err)
	}
	if err := t.open(false); err != nil && !errors.Is(err, queue.ErrNotExist) {
		return err
	}
	if t.Store == nil || t.Batch == "" {
		return nil
	}
	var err error
	t.stored, err = t.Store.Batch(ctx, t.Batch)
	if t.found = err == nil; errors.Is(err, queue.ErrBatchNotFound) {
		return nil
	}
	if has := t.stored.AccountName(); err == nil && t.Options.Account != "" && t.Options.Account != has {
		return &AccountError{t.Batch, has, t.Options.Account}
	}
	return err
}

// AccountError says that a batch belongs to another account than was asked for. Nothing was stored.
type AccountError struct{ Batch, Has, Asked string }

func (e *AccountError) Error() string {
	return fmt.Sprintf("batch %q belongs to the account %s, and not to %s, for good: use --account %s, or another --batch for the account %s",
		e.Batch, e.Has, e.Asked, e.Has, e.Asked)
}

func (e *AccountError) Unwrap() error { return entry.ErrUsage }

// Account returns the account of the batch.
func (t *Intake) Account() string {
	if t.found {
		return t.stored.AccountName()
	}
	return queue.Batch{Account: t.Options.Account}.AccountName()
}

func (t *Intake) open(create bool) error {
	db, err := t.Open(create)
	if err == nil {
		t.Store, t.Opened = db, time.Now()
	}
	return err
}

// begin creates the reading.
func (t *Intake) begin(ctx context.Context) (err error) {
	t.Settings = t.Options.Settings.Or(t.stored.Settings)
	if err := checkName(t.stored, t.Settings); err != nil {
		return err
	}
	t.ReadFirst = t.Changed && t.stored.Counts.Pending > 0 || t.Replace
	if t.Strict || t.StoreNothing {
		if err := t.spoolStdin(ctx); err != nil {
			return err
		}
	}
	if t.Names, err = queue.NewNamer(queue.Batch{ID: t.Batch, Settings: t.Settings}); err != nil {
		return err
	}
	t.Sources.Options.Batch = t.Batch
	t.Reading = t.newReading()
	return nil
}

// newReading returns a reading of the sources from their beginning.
func (t *Intake) newReading() *Reading {
	r := &Reading{
		Sources: t.Sources, names: t.Names, changed: t.Changed, replace: t.Replace, details: t.Details, batchSize: t.BatchSize,
		services: t.Services, log: t.Log, stored: t.stored.Columns, columns: queue.NewColumnSet(t.stored.Columns),
		sent: sentBefore{t.Store, t.Since, t.Changed},
	}
	if t.Sources.Preflight != nil {
		if !t.Details { // preflight adds it to rows that the set has already taken
			r.columns = queue.NewColumnSet(append(slices.Clone(t.stored.Columns), playtime.Column))
		}
		r.preflight = &preflightStage{sources: &t.Sources, known: t.known, details: t.Details}
	}
	return r
}

// checkFormat finds a missing format before a batch is made.
func (t *Intake) checkFormat(ctx context.Context) error {
	if first := t.Sources.List[0]; first.Kind == manifest.KindS3Scan || first.Format != "" {
		return nil
	}
	return t.Reading.peek(ctx, 1)
}

// checkColumns refuses a name template with columns that none of the first rows has.
func (t *Intake) checkColumns(ctx context.Context) error {
	wanted := wantedColumns(t.Settings, t.stored.Columns)
	if len(wanted) == 0 {
		return nil
	}
	items := 0
	err := t.Reading.look(ctx, FirstItems, func(it *queue.Item) bool {
		items++
		wanted = slices.DeleteFunc(wanted, func(name string) bool {
			return slices.ContainsFunc(it.Extra, func(f queue.Field) bool { return f.Name == name })
		})
		return len(wanted) == 0
	})
	if err == nil && len(wanted) > 0 && items > 0 {
		return noColumn(wanted[0])
	}
	return err
}

// checkElsewhere refuses a new batch with a default id whose items were sent in another batch: the manifest was
// probably moved or renamed, and everything would be submitted a second time.
func (t *Intake) checkElsewhere(ctx context.Context) error {
	if !t.defaulted || t.found || t.Store == nil {
		return nil
	}
	first, err := t.first(ctx)
	if err != nil {
		return err
	}
	other, n, err := queue.SentElsewhere(ctx, t.Store, t.Batch, first.Items)
	if err != nil || n == 0 {
		return err
	}
	return entry.Usagef("%d of the first %d items were submitted already, under the batch %q: was the source renamed? "+
		"Nothing was sent. To go on with that batch, add --batch %q; to submit them once more on purpose, give --batch a new id",
		n, len(first.Items), other, other)
}

// first returns the first items that will be read.
func (t *Intake) first(ctx context.Context) (queue.Chunk, error) {
	var first queue.Chunk
	if err := t.Reading.peek(ctx, FirstItems); err != nil {
		return first, err
	}
	for _, it := range t.Reading.items() {
		first.Items = append(first.Items, *it)
	}
	return first, t.Reading.sent.leaveOut(ctx, &first)
}

func (t *Intake) confirm(ctx context.Context) error {
	if t.Confirm == nil {
		return nil
	}
	return t.Confirm(ctx, t.found)
}

// create makes the queue and the batch, or stores the changed settings of an existing batch.
func (t *Intake) create(ctx context.Context) error {
	if t.Replace && t.defaulted && !t.found {
		t.Log.Warn().Str("batch", t.Batch).Msg("--replace: the queue does not have this batch yet, so there is nothing to replace; --batch names another")
	}
	if t.Store == nil {
		if err := t.open(true); err != nil {
			return err
		}
	}
	if !t.found {
		return t.Store.CreateBatch(ctx, queue.Batch{ID: t.Batch, Account: t.Options.Account, Identity: queue.IdentityVersion,
			Settings: t.Options.Settings, Created: time.Now().UTC(), Adopting: t.Adopts})
	}
	if t.Adopts {
		if err := t.Store.SetAdoption(ctx, t.Batch, queue.AdoptionBegun); err != nil {
			return err
		}
	}
	return ApplySettings(ctx, t.Store, t.stored, t.Options.Settings, t.Log)
}

// spoolStdin copies standard input to a file if it must be read twice.
func (t *Intake) spoolStdin(ctx context.Context) error {
	if !slices.ContainsFunc(t.Sources.List, isStdin) {
		return nil
	}
	f, err := os.CreateTemp("", "airlift-stdin-*")
	if err != nil {
		return fmt.Errorf("copy standard input: %w", err)
	}
	t.spool = f
	defer context.AfterFunc(ctx, func() { _ = os.Remove(f.Name()) })() // the copying may be abandoned
	if _, err := io.Copy(f, t.Sources.Options.Stdin); err != nil {
		return fmt.Errorf("copy standard input: %w", err)
	}
	t.Sources.Options.Stdin = f
	return t.rewind()
}

// rewind seeks the copy of standard input to its beginning.
func (t *Intake) rewind() error {
	if t.spool == nil {
		return nil
	}
	if _, err := t.spool.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the copy of standard input: %w", err)
	}
	return nil
}

// Close closes the sources and the queue. It only logs an error of the queue: what was acknowledged is durable.
func (t *Intake) Close() {
	if t.Reading != nil && !t.Reading.pouring {
		t.Reading.closeSource()
	}
	if t.spool != nil {
		_ = t.spool.Close()
		_ = os.Remove(t.spool.Name())
	}
	t.closeScratch()
	if t.Store != nil {
		if err := t.Store.Close(); err != nil {
			t.Log.Debug().Err(err).Msg("close the queue")
		}
	}
}

// closeScratch closes the queue of a dry run.
func (t *Intake) closeScratch() {
	if t.scratch != nil {
		if err := t.scratch.Close(); err != nil {
			t.Log.Debug().Err(err).Msg("close the queue of a dry run")
		}
		t.scratch = nil
	}
}
