package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"airlift/manifest"
	"airlift/queue"
)

// intake prepares a batch for its reading: it finds the batch, checks everything that can be checked before anything is
// stored or sent, and only then opens the queue for writing.
type intake struct {
	app     *app
	sources sources
	flags   queue.Settings
	// batch is the id, or empty for the default.
	batch string
	// lacking are the settings found missing so far; the job's are added to them.
	lacking  missing
	repeated nightlyFlags
	// readFirst says that the sources are to be read to their end before anything is sent: with --replace, so that
	// nothing is sent that it takes back, and with --changed, if items are left from before. Sent now, such an item would be found changed a moment later, although its job reads the change.
	readFirst bool
	// needFields says that each item must have its services and destination by now.
	needFields bool
	replace    replaceFlags
	settings   queue.Settings // of the batch, with the flags
	strict     bool
	// adopts notes in the batch that an adoption begins, before anything is read.
	adopts    bool
	describes bool // see reading
	// confirm, if set, is asked before anything is stored; known says that the queue has the batch.
	confirm func(ctx context.Context, known bool) error

	db      queue.Store
	opened  time.Time
	reading *reading
	spool   string // a copy of standard input that must be read twice
}

// open checks and prepares everything; for a dry run nothing is created or changed.
func (t *intake) open(ctx context.Context, dry bool) error {
	defaulted := t.batch == "" && len(t.sources.named) == 1
	if defaulted {
		t.batch = defaultBatch(t.sources.named[0])
	}
	if err := (queue.Batch{ID: t.batch}).Validate(); t.batch != "" && err != nil {
		return usagef("--batch: %v", err)
	}
	stored, found, err := t.find(ctx)
	if err != nil {
		return err
	}
	settings := t.flags.Or(stored.Settings)
	t.settings = settings
	if err := checkName(stored, settings); err != nil {
		return err
	}
	t.readFirst = t.repeated.changed && stored.Counts.Pending > 0 || t.replace.replace
	if t.strict || dry {
		if err := t.spoolStdin(ctx); err != nil {
			return err
		}
	}
	if t.sources.names, err = queue.NewNamer(queue.Batch{ID: t.batch, Settings: settings}); err != nil {
		return err
	}
	t.sources.options.Batch = t.batch
	t.reading = &reading{sources: t.sources, describes: t.describes, grown: t.app.boundHeap, log: t.app.log, services: &t.app.services,
		stored: stored.Columns, columns: queue.NewColumnSet(stored.Columns)}
	if err := t.nightly(ctx); err != nil {
		return err
	}
	if t.sources.preflight != nil {
		t.sources.preflight.known, t.sources.preflight.describes = t.known, t.describes
	}
	if t.needFields {
		if err := t.checkFields(ctx, settings); err != nil {
			return err
		}
		if found {
			if err := t.lacking.addQueued(ctx, t.db, stored, settings); err != nil {
				return err
			}
		}
	}
	if err := t.lacking.err(); err != nil {
		return err
	}
	if err := t.openOnly(ctx, found); err != nil {
		return err
	}
	if first := t.sources.list[0]; first.Kind != manifest.KindS3Scan && first.Format == "" {
		if err := t.reading.peek(ctx, 1); err != nil { // a missing --format is to be said before a batch is made
			return err
		}
	}
	if err := t.checkColumns(ctx, wantedColumns(settings, stored.Columns)); err != nil {
		return err
	}
	if defaulted && !found && t.db != nil {
		if err := t.checkElsewhere(ctx); err != nil {
			return err
		}
	}
	if t.repeated.changed && !t.repeated.trust && found {
		if err := t.checkChanges(ctx); err != nil {
			return err
		}
	}
	if dry {
		return nil
	}
	if t.strict {
		if err := t.checkStrict(ctx); err != nil {
			return err
		}
	}
	if t.confirm != nil {
		if err := t.confirm(ctx, found); err != nil {
			return err
		}
	}
	if t.replace.replace {
		t.reading.replaces = &t.replace
		if defaulted && !found {
			t.app.log.Warn().Str("batch", t.batch).Msg("--replace: the queue does not have this batch yet, so there is nothing to replace; --batch names another")
		}
	}
	return t.create(ctx, stored, found)
}

// openOnly opens the only source, so that one of which nothing can be read makes no batch, and does not count as a reading
// of one that is there.
func (t *intake) openOnly(ctx context.Context, found bool) error {
	first := t.sources.list[0]
	if found && (first.Kind != manifest.KindFile || !isRegular(first.Arg)) {
		return nil // it may not be there for a while, and what the batch has is worked meanwhile
	}
	err := t.reading.openOnly(ctx)
	if err == nil || !found || errors.Is(err, manifest.ErrUsage) || ctx.Err() != nil {
		return err
	}
	t.reading.breaks(err)
	return nil
}

// find looks for the batch in a queue that may not be there yet.
func (t *intake) find(ctx context.Context) (queue.Batch, bool, error) {
	db, err := t.app.openQueue(false, lockTimeout)
	if errors.Is(err, queue.ErrNotExist) {
		return queue.Batch{}, false, nil
	}
	if err != nil {
		return queue.Batch{}, false, err
	}
	t.db, t.opened = db, time.Now()
	if t.batch == "" {
		return queue.Batch{}, false, nil
	}
	b, err := db.Batch(ctx, t.batch)
	if errors.Is(err, queue.ErrBatchNotFound) {
		return queue.Batch{}, false, nil
	}
	return b, err == nil, err
}

// checkFields finds the job settings that are missing, as far as the flags, the last run, the rules and the first row
// tell: with rules one of the first rows. Rows that lack one later are rejected.
func (t *intake) checkFields(ctx context.Context, settings queue.Settings) error {
	first := settings.JobFields
	if lacks(first) != "" && len(t.lacking) == 0 && (t.rowsMayTell() || len(settings.Rules) > 0) {
		most := 1
		if len(settings.Rules) > 0 {
			most = checkFirst
		}
		looked := enough // nothing wants any
		err := t.reading.look(ctx, most, func(it *queue.Item) bool {
			f := settings.Fields(it)
			if lacks(f) == "" || looked.Equal(enough) {
				looked = f
			}
			return lacks(f) == ""
		})
		if err != nil {
			return err
		}
		first = looked
	}
	t.lacking.addFields(first)
	t.reading.require(ctx, settings, t.has)
	return nil
}

// has reports whether the batch has the object.
func (t *intake) has(ctx context.Context, o queue.Object) bool {
	if t.db == nil {
		return false
	}
	_, found, err := t.db.Find(ctx, t.batch, o)
	return found && err == nil // what is wrong with the queue shows when the row is added
}

// known reports which items need no look before they go to the queue: the batch has them, or another one that the flags
// name has sent them.
func (t *intake) known(ctx context.Context, items []queue.Item) ([]bool, error) {
	if t.db == nil {
		return make([]bool, len(items)), nil
	}
	has, err := t.db.Has(ctx, t.batch, items, t.reading.changed)
	if errors.Is(err, queue.ErrBatchNotFound) {
		has, err = make([]bool, len(items)), nil
	}
	if err != nil {
		return nil, err
	}
	return has, t.reading.since.mark(ctx, items, has)
}

// checkColumns refuses names that want columns which none of the first rows has.
func (t *intake) checkColumns(ctx context.Context, wanted []string) error {
	if len(wanted) == 0 {
		return nil
	}
	items := 0
	err := t.reading.look(ctx, checkFirst, func(it *queue.Item) bool {
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

// rowsMayTell reports whether the rows of some source can have job fields of their own.
func (t *intake) rowsMayTell() bool {
	for _, src := range t.sources.list {
		if src.Kind != manifest.KindS3Scan && src.Format != manifest.FormatText {
			return true
		}
	}
	return false
}

// require rejects from now on the rows that leave a needed field to nobody, those too that were read ahead.
func (r *reading) require(ctx context.Context, settings queue.Settings, has func(context.Context, queue.Object) bool) {
	if lacks(settings.JobFields) == "" {
		return
	}
	r.settings, r.has = &settings, has
	for i, h := range r.head {
		if h.item == nil {
			continue
		}
		if why := r.unserved(ctx, h.item); why != "" {
			r.head[i] = rejectItem(h.item, why)
		}
	}
}

// checkElsewhere refuses a defaulted new batch whose items were sent under another: most probably the manifest was moved
// or renamed, and everything would be submitted a second time.
func (t *intake) checkElsewhere(ctx context.Context) error {
	ahead, err := t.ahead(ctx)
	if err != nil {
		return err
	}
	other, n, err := queue.SentElsewhere(ctx, t.db, t.batch, ahead.Items)
	if err != nil || n == 0 {
		return err
	}
	return usagef("%d of the first %d items were submitted already, under the batch %q: was the source renamed? "+
		"Nothing was sent. To go on with that batch, add --batch %q; to submit them once more on purpose, give --batch a new id",
		n, len(ahead.Items), other, other)
}

// ahead returns the first items that will be read.
func (t *intake) ahead(ctx context.Context) (queue.Chunk, error) {
	var ahead queue.Chunk
	if err := t.reading.peek(ctx, checkFirst); err != nil {
		return ahead, err
	}
	for _, it := range t.reading.items() {
		ahead.Items = append(ahead.Items, *it)
	}
	return ahead, t.reading.since.sift(ctx, &ahead)
}

// create opens the queue for good and makes the batch, or stores its changed settings.
func (t *intake) create(ctx context.Context, stored queue.Batch, found bool) error {
	if t.db == nil {
		db, err := t.app.openQueue(true, lockTimeout)
		if err != nil {
			return err
		}
		t.db, t.opened = db, time.Now()
	}
	if found {
		if t.adopts {
			if err := t.db.SetAdoption(ctx, t.batch, queue.AdoptionBegun); err != nil {
				return err
			}
		}
		return t.app.applySettings(ctx, t.db, stored, t.flags)
	}
	return t.db.CreateBatch(ctx, queue.Batch{ID: t.batch, Account: queue.DefaultAccount, Identity: queue.IdentityVersion, Settings: t.flags, Created: time.Now().UTC(), Adopting: t.adopts})
}

// spoolStdin copies standard input to a file if it must be read twice.
func (t *intake) spoolStdin(ctx context.Context) error {
	for _, src := range t.sources.list {
		if src.Kind != manifest.KindStdin {
			continue
		}
		f, err := os.CreateTemp("", "airlift-stdin-*")
		if err != nil {
			return fmt.Errorf("copy standard input: %w", err)
		}
		t.spool = f.Name()
		defer context.AfterFunc(ctx, func() { _ = os.Remove(f.Name()) })() // the copying may be abandoned
		_, err = io.Copy(f, t.sources.options.Stdin)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("copy standard input: %w", err)
		}
		return t.rewind()
	}
	return nil
}

// rewind lets standard input be read from its beginning again.
func (t *intake) rewind() error {
	if t.spool == "" {
		return nil
	}
	f, err := os.Open(t.spool)
	if err != nil {
		return fmt.Errorf("read the copy of standard input: %w", err)
	}
	t.sources.options.Stdin = f
	if t.reading != nil {
		t.reading.options.Stdin = f
	}
	return nil
}

// close lets go of the queue. Its own error matters to nobody: what was acknowledged is durable before.
func (t *intake) close() {
	if t.spool != "" {
		_ = os.Remove(t.spool)
	}
	if t.db != nil {
		if err := t.db.Close(); err != nil {
			t.app.log.Debug().Err(err).Msg("close the queue")
		}
	}
}
