package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rs/zerolog"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/queue"
)

// lacks returns which required field is missing, "" if none is.
func lacks(f queue.JobFields) string {
	switch {
	case len(f.Services) == 0:
		return "no services: fill the column, or give --services or a rule"
	case f.DestinationBucket == "":
		return "no destination bucket: fill the column, or give --destination-bucket or a rule"
	case f.DestinationRegion == "":
		return "no destination region: fill the column, or give --destination-region or a rule"
	}
	return ""
}

// enough lacks no required field.
var enough = queue.JobFields{Services: []byte("{}"), DestinationBucket: "-", DestinationRegion: "-"}

// given returns the required fields that every item of a batch has: from the settings, or because
// every row sets them. Items without a row are never sent.
func given(b queue.Batch, s queue.Settings) queue.JobFields {
	rows := queue.JobFields{}
	items := b.Counts.Items - b.Unsourced
	if b.Own.Services == items {
		rows.Services = enough.Services
	}
	if b.Own.Destination == items {
		rows.DestinationBucket, rows.DestinationRegion = enough.DestinationBucket, enough.DestinationRegion
	}
	return s.JobFields.Or(rows)
}

// MissingError names the job settings that neither the rows nor the settings nor the rules give.
type MissingError struct {
	Services, DestinationBucket, DestinationRegion bool
	// Batch and Key name an item of the queue that lacks some of them; "" if none does.
	Batch, Key string
}

func (e *MissingError) Error() string { return "missing settings" }

// add adds what a job lacks.
func (e *MissingError) add(f queue.JobFields) {
	e.Services = e.Services || len(f.Services) == 0
	e.DestinationBucket = e.DestinationBucket || f.DestinationBucket == ""
	e.DestinationRegion = e.DestinationRegion || f.DestinationRegion == ""
}

func (e *MissingError) any() bool { return e.Services || e.DestinationBucket || e.DestinationRegion }

// addQueued adds what the unsent items of a batch lack. Unless the counts rule that out, it looks for the first item
// that lacks something.
func (e *MissingError) addQueued(ctx context.Context, db queue.Store, b queue.Batch, s queue.Settings) error {
	if b.Counts.Left() == 0 || lacks(given(b, s)) == "" {
		return nil
	}
	return queue.Entries(ctx, db, b.ID, queue.Filter{}, func(entry *queue.Entry) error {
		if entry.State != queue.Pending && entry.State != queue.InDoubt && entry.State != queue.Sending {
			return nil
		}
		f := s.Fields(&entry.Item)
		if lacks(f) == "" {
			return nil
		}
		e.add(f)
		e.Batch, e.Key = b.ID, entry.Key
		return queue.ErrEnough
	})
}

// checkFields finds the job settings that are missing from the options, the last run, the rules and the first row (with
// rules: any of the first rows). Later rows that lack one are rejected.
func (t *Intake) checkFields(ctx context.Context) error {
	lacking := &MissingError{}
	if t.NeedFields {
		first, err := t.firstFields(ctx)
		if err != nil {
			return err
		}
		lacking.add(first)
		if err := t.Reading.require(ctx, t.Settings, t.has); err != nil {
			return err
		}
		if t.found {
			if err := lacking.addQueued(ctx, t.Store, t.stored, t.Settings); err != nil {
				return err
			}
		}
	}
	if t.Incomplete || lacking.any() {
		return lacking
	}
	return nil
}

// firstFields returns the job fields of the first row, or of one of the first rows that lacks none; enough if there is
// no row.
func (t *Intake) firstFields(ctx context.Context) (queue.JobFields, error) {
	fixed := t.Settings.JobFields
	if lacks(fixed) == "" || t.Incomplete || !t.rowsMaySet() && len(t.Settings.Rules) == 0 {
		return fixed, nil
	}
	most := 1
	if len(t.Settings.Rules) > 0 {
		most = FirstItems
	}
	looked := enough // no row needs any
	err := t.Reading.look(ctx, most, func(it *queue.Item) bool {
		f := t.Settings.Fields(it)
		if lacks(f) == "" || looked.Equal(enough) {
			looked = f
		}
		return lacks(f) == ""
	})
	return looked, err
}

// rowsMaySet reports whether rows of some source can set job fields.
func (t *Intake) rowsMaySet() bool {
	return slices.ContainsFunc(t.Sources.List, func(src manifest.Source) bool {
		return src.Kind != manifest.KindS3Scan && src.Format != manifest.FormatText
	})
}

// has reports whether the batch has the object.
func (t *Intake) has(ctx context.Context, o queue.Object) (bool, error) {
	if t.Store == nil {
		return false, nil
	}
	_, found, err := t.Store.Find(ctx, t.Batch, o)
	if errors.Is(err, queue.ErrBatchNotFound) {
		return false, nil // it does not exist yet
	}
	return found, err
}

// checkName refuses another name template for a batch that AiR may have jobs of: they are looked up by their names.
func checkName(b queue.Batch, s queue.Settings) error {
	if !b.Sent || s.Name == b.Settings.Name {
		return nil
	}
	was := fmt.Sprintf("by the template %q", b.Settings.Name)
	if b.Settings.Name == "" {
		was = "without a template"
	}
	return entry.Usagef("--name %q: jobs of batch %q were sent under names made %s, by which they are found again, so the names stay: "+
		"leave --name out, or give these items another --batch", s.Name, b.ID, was)
}

// CheckSettings checks, before anything is sent, that a batch in the queue has all its settings. Its error may be a
// [MissingError].
func CheckSettings(ctx context.Context, db queue.Store, b queue.Batch, s queue.Settings) error {
	if err := checkName(b, s); err != nil {
		return err
	}
	if wanted := wantedColumns(s, b.Columns); len(wanted) > 0 && s.Name != b.Settings.Name {
		return noColumn(wanted[0])
	}
	lacking := &MissingError{}
	if err := lacking.addQueued(ctx, db, b, s); err != nil || !lacking.any() {
		return err
	}
	return lacking
}

// wantedColumns returns the columns that the name template needs beyond those in have.
func wantedColumns(s queue.Settings, have []string) []string {
	if s.Name == "" {
		return nil
	}
	t, err := queue.ParseTemplate(s.Name)
	if err != nil {
		return nil // a stored template; the run reports it
	}
	return slices.DeleteFunc(t.Columns(), func(name string) bool { return slices.Contains(have, name) })
}

func noColumn(name string) error {
	return entry.Usagef("--name: no row has a column %q that could be part of the names: check its spelling", name)
}

// ApplySettings stores the settings of an existing batch, and logs how many items a change affects.
func ApplySettings(ctx context.Context, db queue.Store, b queue.Batch, flags queue.Settings, log zerolog.Logger) error {
	if n := len(b.Settings.Rules); n > 0 && flags.Rules == nil {
		log.Info().Str("batch", b.ID).Int("rules", n).Msg("the config file has no rules: those of the last run hold (`rule = []` there takes them away)")
	}
	merged := flags.Or(b.Settings)
	if merged.Equal(b.Settings) {
		return nil
	}
	n, err := countAffected(ctx, db, b, merged)
	if err != nil {
		return err
	}
	if n > 0 {
		log.Warn().Str("batch", b.ID).Int64("items", n).
			Msg(fmt.Sprintf("the job settings differ from those of the last run: %d items that are not submitted get the new ones", n))
	}
	return db.SetSettings(ctx, b.ID, merged)
}

// countAffected counts the pending and failed items that a change of settings affects: those whose row and rules do not set
// what changes.
func countAffected(ctx context.Context, db queue.Store, b queue.Batch, after queue.Settings) (int64, error) {
	if b.Own == (queue.OwnCounts{}) && len(b.Settings.Rules) == 0 && len(after.Rules) == 0 {
		return b.Counts.Pending + b.Counts.Failed, nil
	}
	n, named := int64(0), b.Settings.Name != after.Name
	err := queue.Entries(ctx, db, b.ID, queue.Filter{}, func(e *queue.Entry) error {
		if (e.State == queue.Pending || e.State == queue.Failed) && (named || !b.Settings.Fields(&e.Item).Equal(after.Fields(&e.Item))) {
			n++
		}
		return nil
	})
	return n, err
}
