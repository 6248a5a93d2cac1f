package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/hold"
	"airlift/queue/report"
	"airlift/worker/service"
)

func (a *app) reportCommand() *cobra.Command {
	var f flags.Filter
	var format, output string
	cmd := &cobra.Command{
		Use: "report BATCH [flags]", Short: "Write the whole batch: one row an item, one a rejected row",
		Long: `report writes one row for each item of the batch in the order of the manifest, and one for each row
that the latest reading rejected. A report in CSV or JSON Lines is itself a manifest: rows that were
sent are skipped when it is read, whatever the batch. The excel format is CSV for spreadsheets:
cells that could be taken for a formula, and characters that are not shown, are escaped, so it is
refused as a manifest. A file whose name ends in .gz or .zst is compressed.
` + exit.CodesHelp,
		Example: "  airlift report archive-1a2b3c4d -o report.csv\n  airlift report archive-1a2b3c4d --state failed -o failed.csv\n  airlift report archive-1a2b3c4d --format jsonl | jq .job_id",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rejectedOnly := f.State == report.Rejected
			if rejectedOnly {
				f.State = ""
			}
			chosen, err := f.Selection(args[0])
			if err != nil {
				return err
			}
			form, err := report.ParseForm(format, output)
			if err != nil {
				return config.Usagef("%v", err)
			}
			return a.withService(cmd.Context(), func(to service.Queue) error {
				all, err := to.Named(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				b := all[0]
				write := func(w io.Writer) error {
					return report.Write(cmd.Context(), w, to, b, report.Options{Form: form, Filter: chosen.Filter, RejectedOnly: rejectedOnly, Escape: term.Text})
				}
				if output == "" || output == "-" {
					return write(a.exact)
				}
				return replaceFile(cmd.Context(), output, report.Compressed(output, write))
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&format, "format", "", "csv, jsonl or excel (default: by the name of -o, else csv)")
	fl.StringVar(&f.State, "state", "", "only items in this state; rejected: only the rejected rows")
	fl.StringVar(&f.Code, "code", "", "only items whose last error has this code")
	fl.StringVarP(&output, "output", "o", "", "write to this file (default: standard output)")
	return cmd
}

// reportToFile writes the report of --report. ctx ends only the wait for the reader of a pipe.
func (a *app) reportToFile(ctx context.Context, to queue.Reader, id, path string) error {
	whole := context.WithoutCancel(ctx)
	b, err := to.Batch(whole, id)
	if err != nil {
		return err
	}
	f, err := report.ParseForm("", path)
	if err != nil {
		return err
	}
	return replaceFile(ctx, path, report.Compressed(path, func(w io.Writer) error {
		return report.Write(whole, w, to, b, report.Options{Form: f})
	}))
}

// replaceFile replaces a file in one step, so that a partial one never looks complete. ctx ends only the wait for the reader
// of a pipe.
func replaceFile(ctx context.Context, path string, write func(io.Writer) error) error {
	return hold.Replace(ctx, path, hold.Options{Mode: 0o666, Durable: true}, write)
}
