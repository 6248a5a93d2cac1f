package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/queue"
)

// replaceFlags let a reading take the place of the earlier ones of its batch.
type replaceFlags struct {
	replace bool
}

func (o *replaceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.replace, "replace", false, "cancel what earlier readings of the batch added, AiR has not accepted, and these sources do not have; they are read to their end first")
}

// replaceEarlier takes back what earlier readings added and this one, which has ended, does not have. Unless that is
// done it returns an error, after which nothing may be sent.
func (r *reading) replaceEarlier(ctx context.Context, db store, batch string) error {
	const nothing = "--replace: nothing was cancelled and nothing is sent, for "
	if worst, broken := r.fate(); broken != nil {
		return &codeError{worst, nothing + "a source was not read to its end: " + broken.Error() + "; run the same command again once it is mended"}
	}
	b, err := db.Batch(ctx, batch)
	if err != nil {
		return err
	}
	if err := b.Reading.CheckReplace(r.allowEmpty); err != nil {
		return &codeError{exitIncomplete, nothing + err.Error()}
	}
	w, err := db.Replace(ctx, batch)
	if w != (queue.Withdrawn{}) {
		r.log.Info().Str("batch", batch).Int64("items", w.Cancelled).Int64("in_doubt", w.InDoubt).
			Msg("--replace: items of earlier readings that this one does not have are cancelled; those in doubt once AiR has no job for them")
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // the same command does the rest
	}
	return err
}

// countReplaced counts what --replace would take back of the queue's batch, without changing it.
func (s *survey) countReplaced(ctx context.Context, db store, batch string) error {
	return db.Entries(ctx, batch, queue.Filter{}, func(e *queue.Entry) error {
		if e.State != queue.Pending && e.State != queue.Failed && e.State != queue.InDoubt || s.met.has(e.Seq) {
			return nil
		}
		if e.Version != 0 { // the reading has all items of an object, or none
			first, found, err := db.Find(ctx, batch, queue.Object{Bucket: e.Bucket, Key: e.Key})
			if err != nil || found && s.met.has(first.Seq) {
				return err
			}
		}
		*s.replaced.Of(e.State)++
		s.Withdrawn++
		return nil
	})
}
