package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"airlift/queue"
)

// lacks says which needed field nobody gives: neither the row nor a rule nor the settings.
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

// enough is what lacks nothing, where nothing asks for anything.
var enough = queue.JobFields{Services: []byte("{}"), DestinationBucket: "-", DestinationRegion: "-"}

// given returns the needed fields that every item of a batch is sure to have, whatever its key: from the settings, or
// because every row sets them. Items without a row are never sent.
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

// addQueued adds what the items of a batch lack that are still to be sent. Only if the counts do not tell are they
// looked through, to the first that lacks something; so nothing is sent before it is known that all can be.
func (m *missing) addQueued(ctx context.Context, db queue.Store, b queue.Batch, s queue.Settings) error {
	if b.Counts.Left() == 0 || lacks(given(b, s)) == "" {
		return nil
	}
	err := queue.Entries(ctx, db, b.ID, queue.Filter{}, func(e *queue.Entry) error {
		if e.State != queue.Pending && e.State != queue.InDoubt && e.State != queue.Sending {
			return nil
		}
		f := s.Fields(&e.Item)
		if lacks(f) == "" {
			return nil
		}
		m.addFields(f)
		m.add(true, fmt.Sprintf("for items of batch %q, for example %q (or take them out with `airlift cancel`)", b.ID, cut(e.Key, 100)))
		return errListed
	})
	if errors.Is(err, errListed) {
		return nil
	}
	return err
}

// checkName refuses another template of names for a batch whose jobs AiR may hold: they are looked up by their names.
func checkName(b queue.Batch, s queue.Settings) error {
	if !b.Sent || s.Name == b.Settings.Name {
		return nil
	}
	was := fmt.Sprintf("by the template %q", b.Settings.Name)
	if b.Settings.Name == "" {
		was = "without a template"
	}
	return usagef("--name %q: jobs of batch %q were sent under names made %s, by which they are found again, so the names stay: "+
		"leave --name out, or give these items another --batch", s.Name, b.ID, was)
}

// checkSettings checks all that the settings must give a batch which is in the queue, before anything is sent.
func checkSettings(ctx context.Context, db queue.Store, b queue.Batch, s queue.Settings, lacking *missing) error {
	if err := checkName(b, s); err != nil {
		return err
	}
	if wanted := wantedColumns(s, b.Columns); len(wanted) > 0 && s.Name != b.Settings.Name {
		return noColumn(wanted[0])
	}
	return lacking.addQueued(ctx, db, b, s)
}

// wantedColumns returns the columns that the template of the settings wants beside those that are there.
func wantedColumns(s queue.Settings, have []string) []string {
	if s.Name == "" {
		return nil
	}
	t, err := queue.ParseTemplate(s.Name)
	if err != nil {
		return nil // a stored one; the run says so
	}
	return slices.DeleteFunc(t.Columns(), func(name string) bool { return slices.Contains(have, name) })
}

func noColumn(name string) error {
	return usagef("--name: no row has a column %q that could be part of the names: check its spelling", name)
}

// applySettings stores the settings of a batch that exists, and says what a change touches.
func (a *app) applySettings(ctx context.Context, db queue.Store, b queue.Batch, flags queue.Settings) error {
	if n := len(b.Settings.Rules); n > 0 && flags.Rules == nil {
		a.log.Info().Str("batch", b.ID).Int("rules", n).Msg("the config file has no rules: those of the last run hold (`rule = []` there takes them away)")
	}
	merged := flags.Or(b.Settings)
	if merged.Equal(b.Settings) {
		return nil
	}
	n, err := touched(ctx, db, b, merged)
	if err != nil {
		return err
	}
	if n > 0 {
		a.log.Warn().Str("batch", b.ID).Int64("items", n).
			Msg(fmt.Sprintf("the job settings differ from those of the last run: %d items that are not submitted get the new ones", n))
	}
	return db.SetSettings(ctx, b.ID, merged)
}

// touched counts the items never sent, or failed, that a change of settings touches: those whose own row, and whose
// rules, do not set what changes.
func touched(ctx context.Context, db queue.Store, b queue.Batch, after queue.Settings) (int64, error) {
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
