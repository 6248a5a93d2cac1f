package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue/intake"
	"airlift/queue/plan"
	"airlift/queue/report"
)

type planFlags struct {
	flags.Read
	profile flags.Send // of which plan has --profile alone
	limits  flags.Limits
	save    string
	json    bool
}

func (a *app) planCommand() *cobra.Command {
	var o planFlags
	cmd := &cobra.Command{
		Use: "plan SOURCE... [flags]", Short: "Say what run would do, how much it is and how long it takes; store and send nothing",
		Long: `plan reads and checks everything as run does, and stores and sends nothing. It tells what is new and
what the batch has already, by media type, size and prefix, what is rejected and skipped and why, and
when all would be submitted at --rate and --daily-limit, or at the daily cap that AiR has shown so far,
and after a pause that is in force. While a stop is in force it says so, and forecasts nothing.
With --preflight it also shows the total duration of the new .mp4 and .mov files and their audio
channels, where the files state them.

--save FILE writes the new items as a manifest, CSV or JSONL by its name: ` + "`airlift run FILE`" + ` with the
same --batch takes exactly these. It needs no access to AiR, and to S3 only if a source is there or
with --preflight.
` + exit.CodesHelp,
		Example: `  airlift plan archive.csv --services ocr --destination-bucket results --destination-region us-east-1
  airlift plan s3://archive/2024/ --source-region us-east-1 --batch y2024 --daily-limit 50000 ...
  airlift plan archive.csv --min-size 1M --save big.csv --batch big ... && airlift run big.csv --batch big ...`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.accounts.OfBatch(cmd, func() error { return a.plan(cmd.Context(), args, &o) })
		},
	}
	o.Add(cmd)
	o.AddChanged(cmd)
	o.profile.AddProfile(cmd)
	f := cmd.Flags()
	o.limits.Add(cmd, "")
	f.StringVar(&o.save, "save", "", "write the new items as a manifest to this file (.csv, .jsonl or .ndjson)")
	f.BoolVar(&o.json, "json", false, "print the plan as one JSON object, and nothing else, on standard output")
	return cmd
}

func (a *app) plan(ctx context.Context, args []string, o *planFlags) error {
	limits, err := o.limits.Parse()
	if err != nil {
		return err
	}
	form, err := saveForm(o.save)
	if err != nil {
		return err
	}
	var missing flags.Missing
	options, err := a.readOptions(ctx, &o.Read, args, o.profile.Profile, &missing)
	if err != nil {
		return err
	}
	options.NeedFields, options.Details, options.StoreNothing = true, true, true
	t, err := a.prepare(ctx, options, missing, connect.Anywhere)
	if err != nil {
		return err
	}
	defer t.Close()
	p, d, err := plan.New(ctx, t, limits)
	if err != nil {
		return err
	}
	if o.save != "" && p.Complete && !(t.Strict && p.Rejected > 0) {
		if err := savePlan(ctx, o.save, form, p, d); err != nil {
			return err
		}
	}
	if o.json {
		err = term.JSON(a.out, p)
	} else {
		err = term.Plan(a.out, p, time.Now())
	}
	if err != nil {
		return err
	}
	err = exit.ReadingError(t.Reading.End(), p.Rejected > 0)
	if o.save != "" && p.Saved == "" {
		err = unsaved(err)
	}
	return err
}

// saveForm checks --save, and returns how the manifest is written.
func saveForm(path string) (report.Format, error) {
	form := report.CSV
	if path == "" {
		return form, nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
	case ".jsonl", ".ndjson":
		form = report.JSONL
	default:
		return form, config.Usagef("--save %s: the name must end in .csv, .jsonl or .ndjson", path)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return form, config.Usagef("--save %s: there is no folder %s", path, filepath.Dir(path))
	}
	return form, nil
}

// savePlan writes the new items of a plan as a manifest. There is a whole file afterwards, or the one that was there
// before.
func savePlan(ctx context.Context, path string, form report.Format, p *plan.Plan, d *intake.DryRun) error {
	err := replaceFile(ctx, path, func(w io.Writer) error { return report.WriteManifest(ctx, w, d.Scratch, p.Batch, form) })
	if err == nil {
		p.Saved = path
	}
	return err
}

// unsaved adds to the error of a reading that its new items were not saved.
func unsaved(err error) error {
	if end, is := errors.AsType[*exit.Error](err); is {
		end.Text = strings.TrimPrefix(end.Text+"\nnothing was saved: the sources were not read to their end or, with --strict, have bad rows", "\n")
	}
	return err
}
