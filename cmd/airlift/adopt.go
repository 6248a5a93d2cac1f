package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/worker/service"
)

// adoptFlags are those of adopt: what enqueue and reconcile have.
type adoptFlags struct {
	flags.Read // without --changed: the present contents do not show what the jobs read
	send       flags.Send
}

func (a *app) adoptCommand() *cobra.Command {
	var o adoptFlags
	cmd := &cobra.Command{
		Use: "adopt BATCH SOURCE... [flags]", Short: "Rebuild a lost or stale queue from AiR's list of jobs",
		Long: `adopt is for when the queue was lost, or is an old copy. It reads the sources into the batch, as
enqueue does, then reads all jobs that AiR has of that batch, 100 a request, and marks each item
that has a job as submitted. Nothing is sent. Afterwards ` + "`airlift run`" + ` with the same sources submits
the rest, and no object gets a second job.

BATCH is the Batch id under which the jobs were sent: ` + "`airlift run`" + ` names it when it refuses to go on.
Run the same command again after any end: it goes on with what is missing. Until it ends well, run
and submit send nothing of the batch, unless they are told to by --trust-queue.

A job of an object that no source shows becomes an item without a row: submitted, and never sent,
even if a source shows the object later. Each is printed. A later row whose key or job name differs from
such an item's in its spelling alone is rejected, unless the job's name proves its object. Printed with
exit code 4 are objects with more than one job (the older is kept; none is sent again), jobs listed
without bucket or key whose name proves no object, and jobs that may be of an object whose key the
source writes in another way. If the list changes while it is read, items whose job it did not
show are looked up by name, one request each. A list that cannot be read is exit code 1.
` + exit.CodesHelp,
		Example: `  airlift adopt archive-1a2b3c4d archive.csv --air-url https://air.example.com
  airlift adopt y2024 s3://archive/2024/ --source-region us-east-1 --rate 20/s`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.accounts.OfBatch(cmd, func() error { return a.adopt(cmd, args, &o) })
		},
	}
	o.Add(cmd)
	_ = cmd.Flags().MarkHidden("batch") // BATCH says it
	o.send.AddAPI(cmd)
	o.send.AddListing(cmd)
	return cmd
}

func (a *app) adopt(cmd *cobra.Command, args []string, o *adoptFlags) error {
	ctx := cmd.Context()
	if len(args) < 2 {
		return config.Usagef("adopt wants a BATCH and its SOURCEs: see `%s --help`", cmd.CommandPath())
	}
	id, args := args[0], args[1:]
	if o.Batch() != "" && o.Batch() != id {
		return config.Usagef("two batches are named, %q and (by --batch or %s) %q: remove the second", id, config.Variable("batch"), o.Batch())
	}
	o.SetBatch(id)
	if err := o.send.Check(); err != nil {
		return err
	}
	var missing flags.Missing
	options, err := a.readOptions(ctx, &o.Read, args, o.send.Profile, &missing)
	if err != nil {
		return err
	}
	client, err := o.send.Client(a.env(), "airlift/"+versionText(), &missing)
	if err != nil {
		return err
	}
	if client != nil {
		defer client.Close()
	}
	list := a.audit(&o.send, client)
	list.Batch, options.Adopts = id, true
	options.Confirm = func(ctx context.Context, known bool) error {
		if known {
			return nil
		}
		return service.CheckAdoptable(ctx, list)
	}
	t, err := a.prepare(ctx, options, missing, connect.Here)
	if err != nil {
		return err
	}
	defer t.Close()
	to := a.service(t.Store, t.Opened)
	return a.finish(ctx, to, to.Adopt(ctx, service.Feed{Reading: t.Reading, Batch: id}, list), &o.send, true)
}
