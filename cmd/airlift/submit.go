package main

import (
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/queue"
	"airlift/worker"
	"airlift/worker/service"
)

func (a *app) submitCommand() *cobra.Command {
	var send flags.Send
	var fields flags.Job
	cmd := &cobra.Command{
		Use: "submit [BATCH...] [flags]", Short: "Work the queue, and read nothing",
		Long: `submit sends what is in the queue: the named batches, or all of them. They take turns. Job settings
that are given here, and the rules of the config file, replace those of the last run.
` + exit.CodesHelp,
		Example: "  airlift submit --air-url https://air.example.com\n  airlift submit archive-1a2b3c4d --rate 10/s --daily-limit 50000",
		RunE: func(cmd *cobra.Command, args []string) error {
			flags, err := fields.Settings(a.flags())
			if err != nil {
				return err
			}
			return a.workQueue(cmd, args, &send, false, service.RunRequest{Settings: &flags})
		},
	}
	send.Add(cmd)
	send.AddCanary(cmd)
	fields.Add(cmd)
	return cmd
}

func (a *app) reconcileCommand() *cobra.Command {
	var send flags.Send
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
` + exit.CodesHelp,
		Example: "  airlift reconcile --air-url https://air.example.com\n  airlift reconcile archive-1a2b3c4d --verify --rate 20/s",
		Args:    atMostOneBatch,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.workQueue(cmd, args, &send, verify, service.RunRequest{Pool: worker.Config{LookupsOnly: true}})
		},
	}
	send.AddAPI(cmd)
	send.AddListing(cmd)
	cmd.Flags().BoolVar(&verify, "verify", false, "compare all jobs that AiR has of the batch with the queue")
	return cmd
}

// workQueue works the named batches of the queue, or all: those of several accounts side by side.
func (a *app) workQueue(cmd *cobra.Command, ids []string, s *flags.Send, verify bool, r service.RunRequest) error {
	if err := s.Check(); err != nil {
		return err
	}
	ctx, cancel := s.Limited(cmd.Context())
	defer cancel()
	all := a.senders(cmd, nil, s)
	defer all.Close()
	all.LookupsOnly = r.Pool.LookupsOnly
	var missing flags.Missing
	err := a.withQueue(ctx, connect.Sending, func(db queue.Store, opened time.Time) error {
		batches, err := a.service(db, opened).Named(ctx, ids...)
		if err == nil {
			batches, err = a.accounts.Own(cmd, batches, len(ids) > 0)
		}
		if err != nil {
			return err
		}
		if s.Report != "" && len(batches) != 1 {
			return config.Usagef("--report writes one batch: name it")
		}
		for _, b := range batches {
			r.Batches = append(r.Batches, b.ID)
		}
		if len(batches) == 0 && a.env().Chosen(cmd) != "" {
			return nil // no batches would mean all
		}
		if r.Pool, err = all.Ready(batches, &missing); err != nil {
			return err
		}
		r.PoolOf, r.Incomplete, r.Canary = all.PoolOf, len(missing) > 0, s.Canary()
		if verify {
			audit := a.audit(s, nil)
			r.Verify = &audit
		}
		return a.work(ctx, db, opened, r, s)
	})
	if missing.AddAll(err) {
		return missing.Err()
	}
	return err
}
