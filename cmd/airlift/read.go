package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/intake"
)

// readFlags are those of the commands that read sources into a batch.
type readFlags struct {
	job     jobFlags
	source  sourceFlags
	changed bool
	trust   bool
	since   []string
	replace bool
}

func (o *readFlags) add(cmd *cobra.Command) {
	o.job.add(cmd)
	o.source.add(cmd)
	cmd.Flags().StringArrayVar(&o.since, "since-batch", nil, "leave out objects that this other batch of the queue has submitted; may be given several times")
}

// addChanged adds the flags of the commands that read the same sources again and again.
func (o *readFlags) addChanged(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.changed, "changed", false, "submit objects once more whose ETag or size changed since they were submitted")
	f.BoolVar(&o.trust, "trust-changes", false, "with --changed: submit them even if most of the first 1,000 objects changed")
	o.source.addPreflight(cmd)
}

func (o *readFlags) addReplace(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.replace, "replace", false, "cancel items of earlier readings that these sources do not have, except those that AiR has accepted; they are read to their end first")
}

// options returns how the flags say that the sources are read, and names what is missing.
func (o *readFlags) options(ctx context.Context, a *app, args []string, profile string, m *missing) (intake.Options, error) {
	out := intake.Options{Batch: o.source.batch, Changed: o.changed, TrustChanges: o.trust, Since: o.since, Replace: o.replace, Strict: o.source.strict,
		Place: a.queuePath(), Services: &a.services, BatchSize: a.boundHeap, Log: a.log}
	err := o.checkWhole()
	if err == nil {
		out.Settings, err = o.job.settings(a)
	}
	if err == nil {
		out.Sources, err = o.source.parse(ctx, a, args, &o.job, profile, m)
	}
	return out, err
}

// checkWhole refuses flags with which a reading sees a part of its sources: --replace would cancel the rest, which they
// have.
func (o *readFlags) checkWhole() error {
	flag := ""
	switch {
	case !o.replace:
		return nil
	case o.source.limit > 0:
		flag = "--limit"
	case o.source.sample != "":
		flag = "--sample"
	default:
		return nil
	}
	return usagef("--replace cancels what these sources do not have, and with %s they are read in part: leave one of the two out", flag)
}

// prepare prepares a reading. m are the settings found missing so far.
func (a *app) prepare(ctx context.Context, o intake.Options, m missing) (*intake.Intake, error) {
	var db queue.Store
	o.Incomplete = len(m) > 0
	o.Open = func(create bool) (_ queue.Store, err error) {
		db, err = a.openQueue(create, lockTimeout)
		return db, err
	}
	o.NoBatch = func(ctx context.Context, id string) error {
		_, err := a.service(db, time.Time{}).Batch(ctx, id)
		return err
	}
	t, err := intake.Prepare(ctx, o)
	var bad *intake.BadRowsError
	switch {
	case m.addAll(err):
		return nil, m.err()
	case errors.As(err, &bad):
		text := fmt.Sprintf("--strict: nothing was enqueued, for %d rows are bad:", bad.Rows)
		for _, r := range bad.First {
			text += "\n  " + term.Rejected(&r)
		}
		return nil, usagef("%s", text)
	}
	return t, err
}
