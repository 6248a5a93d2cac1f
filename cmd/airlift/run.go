package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/accounts"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/worker"
	"airlift/worker/service"
)

type runFlags struct {
	flags.Read
	send   flags.Send
	dryRun bool
	detach bool
}

func (a *app) runCommand() *cobra.Command {
	var o runFlags
	cmd := &cobra.Command{
		Use: "run SOURCE... [flags]", Short: "Enqueue and submit until nothing of the batch is left: the main job",
		Long: `run reads the sources into the queue and submits every item to AiR, one job per object, until
nothing of the batch is left; then it summarizes. Run the same command again after any end
(Ctrl-C, a crash, a cap, a reboot): it carries on where it was.

SOURCE is a manifest (.csv .jsonl .ndjson .txt .json, each also .gz .zst), a quoted pattern such
as 'exports/*.csv', - for standard input, a manifest in a bucket (s3://bucket/manifest.csv.gz), or
a scan (s3://bucket/prefix). How a manifest is written is told by its name, else by its content.

While another process holds the queue (another run, or serve), run reads its sources, hands the rows
to that process, and waits until that has sent the batch, at the rate of that process. Ctrl-C ends
the wait alone. If that process ends before, this one takes the queue over and goes on.
` + exit.CodesHelp,
		Example: `  airlift run archive.csv --air-url https://air.example.com --services ocr,s2t \
      --destination-bucket results --destination-region us-east-1
  airlift run s3://archive/2024/ --source-region us-east-1 --batch y2024 ...
  airlift run s3://archive/ --batch archive --changed ...
  zcat rows.csv.gz | airlift run - --batch rows ...
  airlift run export.csv --columns 'key=File Path,bucket=Volume' ...
  airlift run archive.csv --dry-run --services ocr --destination-bucket r --destination-region us-east-1`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runAll(cmd, args, &o) },
	}
	o.Add(cmd)
	o.AddChanged(cmd)
	o.AddReplace(cmd)
	o.send.Add(cmd)
	o.send.AddCanary(cmd)
	flags.AddRunModes(cmd, &o.dryRun, &o.detach)
	return cmd
}

func (a *app) runAll(cmd *cobra.Command, args []string, o *runFlags) error {
	if err := o.send.Check(); err != nil {
		return err
	}
	ctx, cancel := o.send.Limited(cmd.Context())
	defer cancel()
	return a.untilRead(args, func() error {
		return a.accounts.OfBatch(cmd, func() error { return a.runOnce(ctx, cmd, args, o) })
	})
}

// runOnce runs until the work is done, or until the process that holds the queue ends before the sources are read.
func (a *app) runOnce(ctx context.Context, cmd *cobra.Command, args []string, o *runFlags) error {
	var t *intake.Intake
	all := a.senders(cmd, args, &o.send)
	defer all.Close()
	var pool worker.Config
	abandoned, err := within(ctx, func() (err error) {
		if t, pool, err = a.prepareRun(ctx, all, args, o); err == nil && o.dryRun {
			err = a.dryRun(ctx, t, o.send.JSON)
		}
		return err
	})
	if abandoned {
		return err
	}
	if t != nil {
		defer t.Close()
	}
	if err != nil || o.dryRun {
		return err
	}
	plan.ShowFirst(t, func(p queue.Preview) {
		a.log.Info().Str("bucket", p.Bucket).Str("key", p.Key).RawJSON("services", p.Services).Msg("one of the first jobs, as it will be sent")
	})
	r := service.RunRequest{
		Pool: pool, PoolOf: all.PoolOf, Batches: []string{t.Batch}, Feed: service.Feed{Reading: t.Reading, Batch: t.Batch}, Detach: o.detach,
		ReadFirst: o.ReadFirst(t), Canary: o.send.Canary(),
	}
	return a.work(ctx, t.Store, t.Opened, r, &o.send)
}

// prepareRun checks everything that a run needs before anything is sent. Close its result even if it returns an error.
func (a *app) prepareRun(ctx context.Context, all *accounts.Senders, args []string, o *runFlags) (t *intake.Intake, pool worker.Config, err error) {
	var missing flags.Missing
	options, err := a.readOptions(ctx, &o.Read, args, o.send.Profile, &missing)
	if err == nil && !o.dryRun {
		pool, err = all.Make(&missing)
	}
	if err != nil {
		return nil, pool, err
	}
	options.NeedFields, options.StoreNothing = true, o.dryRun
	at := connect.Sending
	if o.dryRun {
		at = connect.Anywhere
	}
	if o.detach {
		at = connect.Elsewhere
	}
	t, err = a.prepare(ctx, options, missing, at)
	return t, pool, err
}

// dryRun prints what a run would do.
func (a *app) dryRun(ctx context.Context, t *intake.Intake, asJSON bool) error {
	s, d, err := service.DryRun(ctx, t)
	if err != nil {
		return err
	}
	if asJSON {
		err = term.JSON(a.out, &s)
	} else {
		err = term.Status(a.out, &s, d.RejectedRows, "dry run: nothing was stored or sent")
	}
	if err != nil {
		return err
	}
	if err := t.CheckReplace(d); err != nil {
		return err
	}
	return exit.ReadingError(t.Reading.End(), s.Rejected > 0)
}
