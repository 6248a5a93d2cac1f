package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"airlift/queue"
)

// replaceFlags let a reading take the place of the earlier ones of its batch.
type replaceFlags struct {
	replace bool
}

func (o *replaceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.replace, "replace", false, "cancel items of earlier readings that these sources do not have, except those that AiR has accepted; they are read to their end first")
}

// acceptedText says of some items what --replace cannot change.
const acceptedText = "AiR has accepted these items of earlier readings already, which the sources do not have: their jobs cannot be taken back"

// check refuses flags with which a reading sees a part of its sources: --replace would cancel the rest, which they have.
func (o *replaceFlags) check(s *selectionFlags) error {
	flag := ""
	switch {
	case !o.replace:
		return nil
	case s.limit > 0:
		flag = "--limit"
	case s.sample != "":
		flag = "--sample"
	default:
		return nil
	}
	return usagef("--replace cancels what these sources do not have, and with %s they are read in part: leave one of the two out", flag)
}

// replaceEarlier withdraws the items of earlier readings that this reading, which has ended, does not have. After an
// error nothing may be sent.
func (r *reading) replaceEarlier(ctx context.Context, db queue.Store, batch string) error {
	const nothing = "--replace: nothing was cancelled or sent: "
	if worst, broken := r.exitStatus(); broken != nil {
		return &codeError{worst, nothing + "a source was not read to its end: " + broken.Error() + "; run the same command again once it is corrected"}
	}
	b, err := db.Batch(ctx, batch)
	if err != nil {
		return err
	}
	if err := b.Reading.CheckReplace(r.allowEmpty); err != nil {
		return &codeError{exitIncomplete, nothing + replaceRefusal(err)}
	}
	w, err := db.Change(ctx, batch, queue.Change{Do: queue.DoReplace})
	r.accepted = w.Accepted
	if w.Items > 0 || w.InDoubt > 0 {
		r.log.Info().Str("batch", batch).Int64("items", w.Items).Int64("in_doubt", w.InDoubt).
			Msg("--replace: cancelled the items of earlier readings that the sources no longer have; items in doubt are cancelled if AiR has no job for them")
	}
	if w.Accepted > 0 {
		r.log.Warn().Str("batch", batch).Int64("items", w.Accepted).Msg("--replace: " + acceptedText)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx) // the same command does the rest
	}
	return err
}

// replaceRefusal says why a reading does not replace the earlier ones, and what to do if it is to.
func replaceRefusal(err error) string {
	if errors.Is(err, queue.ErrNothingRead) {
		return err.Error() + ". If that is meant, add --allow-empty"
	}
	return err.Error()
}

// countWithdrawn counts the items that --replace would withdraw, without changing them.
func (s *survey) countWithdrawn(ctx context.Context, db queue.Store, batch string) error {
	return queue.Entries(ctx, db, batch, queue.Filter{}, func(e *queue.Entry) error {
		if e.State == queue.Cancelled || e.State == queue.Sending || s.seen.has(e.Seq) {
			return nil
		}
		if e.Version != 0 { // the reading has all items of an object, or none
			first, found, err := db.Find(ctx, batch, queue.Object{Bucket: e.Bucket, Key: e.Key})
			if err != nil || found && s.seen.has(first.Seq) {
				return err
			}
		}
		*s.withdrawn.Of(e.State)++
		if e.State != queue.Submitted {
			s.Withdrawn++
		}
		return nil
	})
}
