package main

import (
	"context"
	"errors"
	"time"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

var errListed = errors.New("enough are listed")

// service returns what answers for an open queue.
func (a *app) service(db queue.Store, opened time.Time) *service.Service {
	to := service.New(service.Config{Store: db, Place: a.queuePath(), Opened: opened, Log: a.log})
	to.Watch = func(done <-chan struct{}, now func() []service.Status) { a.keepStatusFile(done, to, now) }
	return to
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
			if len(rejected) == term.MaxRejected {
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
