package main

import (
	"context"

	"github.com/spf13/cobra"

	"airlift/worker/service"
)

func (a *app) enqueueCommand() *cobra.Command {
	var job jobFlags
	var source sourceFlags
	var nightly nightlyFlags
	var send sendFlags
	var replace replaceFlags
	cmd := &cobra.Command{
		Use: "enqueue SOURCE... [flags]", Short: "Read the sources into the queue, and send nothing",
		Long:    "enqueue reads the sources into the queue. `airlift submit` sends what is there.\n" + exitCodesHelp,
		Example: "  airlift enqueue archive.csv --services ocr --destination-bucket results --destination-region us-east-1\n  airlift enqueue a.csv b.csv --batch both",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := replace.check(&source.selectionFlags); err != nil {
				return err
			}
			flags, err := job.settings(a)
			if err != nil {
				return err
			}
			var lacking missing
			var t *intake
			abandoned, err := within(ctx, func() error {
				src, err := source.parse(ctx, a, args, &job, send.profile, &lacking)
				if err != nil {
					return err
				}
				t = &intake{app: a, sources: src, flags: flags, batch: source.batch, lacking: lacking, repeated: nightly, replace: replace, strict: source.strict}
				return t.open(ctx, false)
			})
			if abandoned {
				return err
			}
			if t != nil {
				defer t.close()
			}
			if err != nil {
				return err
			}
			return a.enqueue(ctx, t, send.json)
		},
	}
	job.add(cmd)
	source.add(cmd)
	nightly.add(cmd)
	replace.add(cmd)
	source.addPreflight(cmd)
	send.addProfile(cmd)
	cmd.Flags().BoolVar(&send.json, "json", false, "print the summary as one JSON object, and nothing else, on standard output")
	return cmd
}

// enqueue reads the sources to their end and prints the summary.
func (a *app) enqueue(ctx context.Context, t *intake, asJSON bool) error {
	readErr := a.read(ctx, t)
	ctx = context.WithoutCancel(ctx)
	all, err := a.service(t.db, t.opened).Status(ctx, service.StatusQuery{Batches: []string{t.batch}})
	if err != nil {
		return both(readErr, err)
	}
	s := &all[0]
	s.Unmatched, s.AcceptedEarlier = t.reading.unmatched(), t.reading.accepted
	if err := a.printSummaries(ctx, t.db, all, asJSON); err != nil {
		return both(readErr, err)
	}
	worst, broken := t.reading.exitStatus()
	code, text := worse(exitCode(readErr), worst), ""
	if s.Rejected > 0 {
		code = worse(code, exitIncomplete)
	}
	switch {
	case readErr != nil:
		text = readErr.Error()
	case broken != nil:
		text = brokenSource(broken)
	default:
		text = t.reading.emptyText()
	}
	if code == exitOK {
		return nil
	}
	return &codeError{code, text}
}

// read reads the sources to their end.
func (a *app) read(ctx context.Context, t *intake) error {
	return a.service(t.db, t.opened).Watched(ctx, t.batch, func(ctx context.Context) error { return t.reading.into(ctx, t.db, t.batch) })
}
