package main

import (
	"io"
	"sync/atomic"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/report"
	"airlift/worker/service"
)

func (a *app) itemsCommand() *cobra.Command {
	var f flags.Filter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "items BATCH [flags]", Short: "List the items of a batch, one line each",
		Long:    "items lists the items of a batch in the order of the manifest: state, job id, bucket and key, and the error if there is one.\n" + exitCodesHelp,
		Example: "  airlift items archive-1a2b3c4d --state failed --key '2024/**'\n  airlift items archive-1a2b3c4d --json | jq .key",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := f.Selection(args[0])
			if err != nil {
				return err
			}
			return a.withService(func(to service.Queue) error {
				b, chosen, err := to.Select(cmd.Context(), chosen)
				if err != nil {
					return readingUsage(err)
				}
				names, err := queue.NewNamer(b)
				if err != nil {
					return err
				}
				format, out := report.Formatter(term.Items), a.out
				if asJSON {
					format, out = report.Objects(names), io.Writer(term.NewJSONWriter(a.out))
				}
				var some atomic.Bool // pages are formatted by several goroutines
				err = report.WriteItems(cmd.Context(), out, to, b.ID, chosen, func(b []byte, entries []queue.Entry) ([]byte, error) {
					if len(entries) > 0 {
						some.Store(true)
					}
					return format(b, entries)
				})
				if err == nil && !some.Load() && (f.State != "" || f.Any()) {
					a.log.Warn().Str("batch", b.ID).Msgf("%s: no item matches", &f)
				}
				return err
			})
		},
	}
	f.Add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.State, "state", "", "only items in this state")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}
