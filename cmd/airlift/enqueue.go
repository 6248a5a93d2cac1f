package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/queue/intake"
	"airlift/worker/service"
)

func (a *app) enqueueCommand() *cobra.Command {
	var o readFlags
	var send sendFlags
	cmd := &cobra.Command{
		Use: "enqueue SOURCE... [flags]", Short: "Read the sources into the queue, and send nothing",
		Long:    "enqueue reads the sources into the queue. `airlift submit` sends what is there.\n" + exitCodesHelp,
		Example: "  airlift enqueue archive.csv --services ocr --destination-bucket results --destination-region us-east-1\n  airlift enqueue a.csv b.csv --batch both",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			var t *intake.Intake
			_, err := within(ctx, func() error {
				var lacking missing
				options, err := o.options(ctx, a, args, send.profile, &lacking)
				if err != nil {
					return err
				}
				t, err = a.prepare(ctx, options, lacking)
				return err
			})
			if err != nil {
				return err
			}
			defer t.Close()
			return a.enqueue(ctx, t, send.json)
		},
	}
	o.add(cmd)
	o.addChanged(cmd)
	o.addReplace(cmd)
	send.addProfile(cmd)
	cmd.Flags().BoolVar(&send.json, "json", false, "print the summary as one JSON object, and nothing else, on standard output")
	return cmd
}

// enqueue reads the sources to their end and prints the summary.
func (a *app) enqueue(ctx context.Context, t *intake.Intake, asJSON bool) error {
	readErr := a.read(ctx, t)
	ctx = context.WithoutCancel(ctx)
	all, err := a.service(t.Store, t.Opened).Status(ctx, service.StatusQuery{Batches: []string{t.Batch}})
	if err != nil {
		return both(readErr, err)
	}
	s := &all[0]
	s.Unmatched, s.AcceptedEarlier = t.Reading.Unmatched(), t.Reading.Accepted
	if err := a.printSummaries(ctx, t.Store, all, asJSON); err != nil {
		return both(readErr, err)
	}
	return readingError(readErr, t.Reading.End(), s.Rejected > 0)
}

// readingError is how a command ends that only reads.
func readingError(err error, end intake.End, rejected bool) error {
	code, text := worse(exitCode(err), sourcesCode(end)), sourcesText(end)
	if err != nil {
		text = err.Error()
	}
	if rejected {
		code = worse(code, exitIncomplete)
	}
	if code == exitOK {
		return nil
	}
	return &codeError{code, text}
}

// read reads the sources to their end.
func (a *app) read(ctx context.Context, t *intake.Intake) error {
	return a.service(t.Store, t.Opened).Watched(ctx, t.Batch, func(ctx context.Context) error { return t.Reading.Into(ctx, t.Store, t.Batch) })
}
