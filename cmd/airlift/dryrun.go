package main

import (
	"context"
	"time"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/worker/service"
)

// dryRun prints what a run would do.
func (a *app) dryRun(ctx context.Context, t *intake.Intake, asJSON bool) error {
	d, err := t.DryRun(ctx)
	if err != nil {
		return err
	}
	first, err := plan.First(ctx, t, d)
	if err != nil {
		return err
	}
	end := t.Reading.End()
	sum := service.Status{Batch: t.Batch, Rows: d.Rows, Added: d.Added, Known: d.Known, Duplicates: d.Duplicates, Rejected: d.Reading.Rejected,
		Skipped: d.Skipped, Items: d.Items, Pending: d.Items, State: "idle", Errors: []queue.ErrorCount{}, SkippedBy: d.SkippedBy,
		Incomplete: end.Broken != nil, Unmatched: t.Reading.Unmatched(), Replaced: d.Withdrawn, AcceptedEarlier: d.Replaced.Submitted, FirstJobs: first}
	if t.Store != nil {
		account, err := t.Store.Account(ctx, queue.DefaultAccount, queue.DayOf(time.Now()))
		if err != nil {
			return err
		}
		sum.SubmittedToday = account.Day.Submitted
		if have, err := a.service(t.Store, t.Opened).Status(ctx, service.StatusQuery{Batches: []string{t.Batch}}); err == nil {
			addStates(&sum, have[0])
		}
		moveWithdrawn(&sum, d.Replaced)
	}
	if sum.SkippedBy == nil {
		sum.SkippedBy = map[string]int64{}
	}
	if asJSON {
		err = term.JSON(a.out, &sum)
	} else {
		err = term.Status(a.out, &sum, d.RejectedRows, "dry run: nothing was stored or sent")
	}
	if err != nil {
		return err
	}
	if err := t.CheckReplace(d); err != nil {
		return err
	}
	return readingError(nil, end, d.Reading.Rejected > 0)
}

// addStates takes over the states of the items that the queue has already.
func addStates(s *service.Status, have service.Status) {
	s.Pending -= have.Items - have.Pending
	s.Unsourced, s.Adopting, s.Unproven, s.SubmittedToday = have.Unsourced, have.Adopting, have.Unproven, have.SubmittedToday
	s.Sending, s.InDoubt, s.Submitted, s.Failed, s.Cancelled = have.Sending, have.InDoubt, have.Submitted, have.Failed, have.Cancelled
}

// moveWithdrawn moves the items that --replace would cancel from pending and failed to cancelled.
func moveWithdrawn(s *service.Status, c queue.Counts) {
	s.Pending, s.Failed, s.Cancelled = s.Pending-c.Pending, s.Failed-c.Failed, s.Cancelled+c.Pending+c.Failed
}
