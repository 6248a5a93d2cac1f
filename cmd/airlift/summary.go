package main

import (
	"context"
	"errors"
	"time"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

// listRejected is how many rejected rows the summary lists.
const listRejected = term.MaxRejected

var errListed = errors.New("enough are listed")

// service returns what answers for an open queue.
func (a *app) service(db queue.Store, opened time.Time) *service.Service {
	to := service.New(service.Config{Store: db, Place: a.queuePath(), Opened: opened, Log: a.log})
	to.Watch = func(done <-chan struct{}, now func() []service.Status) { a.keepStatusFile(done, to, now) }
	return to
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

// printSummaries ends a command that worked on some batches. In JSON one is an object, and several are an array.
func (a *app) printSummaries(ctx context.Context, db queue.Store, all []service.Status, asJSON bool) error {
	if asJSON && len(all) == 1 {
		return term.JSON(a.out, all[0])
	}
	if asJSON {
		return term.JSON(a.out, append([]service.Status{}, all...))
	}
	for i := range all {
		var rejected []queue.Rejected
		err := db.Rejected(ctx, all[i].Batch, func(r queue.Rejected) error {
			if len(rejected) == listRejected {
				return errListed
			}
			rejected = append(rejected, r)
			return nil
		})
		if err != nil && !errors.Is(err, errListed) {
			return err
		}
		if err := term.Status(a.out, &all[i], rejected, ""); err != nil {
			return err
		}
	}
	return nil
}

func cut(s string, most int) string { return term.Cut(s, most) }

func n(v int64) string { return term.Number(v) }
