package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/queue/intake"
	"airlift/worker/service"
)

func (a *app) enqueueCommand() *cobra.Command {
	var o flags.Read
	var send flags.Send
	cmd := &cobra.Command{
		Use: "enqueue SOURCE... [flags]", Short: "Read the sources into the queue, and send nothing",
		Long:    "enqueue reads the sources into the queue. `airlift submit` sends what is there.\n" + exit.CodesHelp,
		Example: "  airlift enqueue archive.csv --services ocr --destination-bucket results --destination-region us-east-1\n  airlift enqueue a.csv b.csv --batch both",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.untilRead(args, func() error {
				return a.accounts.OfBatch(cmd, func() error { return a.enqueue(cmd.Context(), args, &o, &send) })
			})
		},
	}
	o.Add(cmd)
	o.AddChanged(cmd)
	o.AddReplace(cmd)
	send.AddProfile(cmd)
	cmd.Flags().BoolVar(&send.JSON, "json", false, "print the summary as one JSON object, and nothing else, on standard output")
	return cmd
}

// enqueue reads the sources, unless the process that holds the queue ends meanwhile.
func (a *app) enqueue(ctx context.Context, args []string, o *flags.Read, send *flags.Send) error {
	var t *intake.Intake
	_, err := within(ctx, func() error {
		var missing flags.Missing
		options, err := a.readOptions(ctx, o, args, send.Profile, &missing)
		if err != nil {
			return err
		}
		t, err = a.prepare(ctx, options, missing, connect.Sending)
		return err
	})
	if err != nil {
		return err
	}
	defer t.Close()
	to := a.service(t.Store, t.Opened)
	return a.finish(ctx, to, to.Enqueue(ctx, service.Feed{Reading: t.Reading, Batch: t.Batch}), send, false)
}
