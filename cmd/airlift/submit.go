package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"airlift/queue"
	"airlift/queue/intake"
)

func (a *app) submitCommand() *cobra.Command {
	var send sendFlags
	var fields jobFlags
	cmd := &cobra.Command{
		Use: "submit [BATCH...] [flags]", Short: "Work the queue, and read nothing",
		Long: `submit sends what is in the queue: the named batches, or all of them, oldest first. Job settings
that are given here, and the rules of the config file, replace those of the last run.
` + exitCodesHelp,
		Example: "  airlift submit --air-url https://air.example.com\n  airlift submit archive-1a2b3c4d --rate 10/s --daily-limit 50000",
		RunE: func(cmd *cobra.Command, args []string) error {
			flags, err := fields.settings(a)
			if err != nil {
				return err
			}
			return a.workQueue(cmd, args, &job{send: &send}, func(ctx context.Context, db queue.Store, batches []queue.Batch, lacking *missing) error {
				if send.report != "" && len(batches) != 1 {
					return usagef("--report writes one batch: name it")
				}
				for _, b := range batches {
					var e *intake.MissingError
					if err := intake.CheckSettings(ctx, db, b, flags.Or(b.Settings)); errors.As(err, &e) {
						lacking.addFields(e)
					} else if err != nil {
						return err
					}
				}
				if err := lacking.err(); err != nil {
					return err
				}
				for _, b := range batches {
					if err := intake.ApplySettings(ctx, db, b, flags, a.log); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	send.add(cmd)
	fields.add(cmd)
	return cmd
}

func (a *app) reconcileCommand() *cobra.Command {
	var send sendFlags
	var verify bool
	cmd := &cobra.Command{
		Use: "reconcile [BATCH] [flags]", Short: "Settle what is in doubt now; with --verify compare all jobs with AiR",
		Long: `reconcile looks up at AiR each item whose POST had an unknown outcome: it is submitted if AiR has
its job, and pending again if it has none. Nothing is sent. That AiR has no job is believed only
--settle after the queue was opened.

With --verify it then reads all jobs of the batch from AiR, 100 a request, and compares them with
the queue: objects with more than one job, jobs that the queue does not know or has with another id,
and items whose job AiR does not list. Each is printed, and the exit code is 4; if all agree it is 0.
If the list changes while it is read, items whose job it did not show are looked up by name, one
request each.
` + exitCodesHelp,
		Example: "  airlift reconcile --air-url https://air.example.com\n  airlift reconcile archive-1a2b3c4d --verify --rate 20/s",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("reconcile takes one BATCH at most")
			}
			return a.workQueue(cmd, args, &job{send: &send, lookupsOnly: true, verify: verify},
				func(_ context.Context, _ queue.Store, _ []queue.Batch, lacking *missing) error { return lacking.err() })
		},
	}
	send.addAPI(cmd)
	send.addListing(cmd)
	cmd.Flags().BoolVar(&verify, "verify", false, "compare all jobs that AiR has of the batch with the queue")
	return cmd
}

// workQueue works batches that are in the queue already. prepare checks and changes them before anything is sent.
func (a *app) workQueue(cmd *cobra.Command, args []string, j *job,
	prepare func(ctx context.Context, db queue.Store, batches []queue.Batch, lacking *missing) error) (err error) {
	if j.checked, err = j.send.check(); err != nil {
		return err
	}
	ctx, cancel := j.send.limited(cmd.Context())
	defer cancel()
	var lacking missing
	keys, err := lacking.addAPI(cmd, a, j.send)
	if err != nil {
		return err
	}
	if len(lacking) == 0 {
		if j.client, err = j.send.client(keys); err != nil {
			return err
		}
		defer j.client.Close()
	}
	if j.db, err = a.openExisting(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.db.Close()) }()
	j.opened = time.Now()
	batches, err := a.service(j.db, j.opened).Batches(ctx, args...)
	if err != nil {
		return err
	}
	if err := endedBy(ctx, prepare(ctx, j.db, batches, &lacking)); err != nil {
		return err
	}
	for _, b := range batches {
		j.batches = append(j.batches, b.ID)
	}
	j.adoptLine = adoptLine(cmd, a, nil)
	j.cancelLine = cancelLine(cmd, a)
	return a.work(ctx, j)
}
