package main

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/queue/report"
	"airlift/worker/service"
	"airlift/worker/service/itemview"
)

func (a *app) itemsCommand() *cobra.Command {
	var f flags.Filter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "items BATCH [flags]", Short: "List the items of a batch, one line each",
		Long:    "items lists the items of a batch in the order of the manifest: state, job id, bucket and key, and the error if there is one.\n" + exit.CodesHelp,
		Example: "  airlift items archive-1a2b3c4d --state failed --key '2024/**'\n  airlift items archive-1a2b3c4d --json | jq .key",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := f.Selection(args[0])
			if err != nil {
				return err
			}
			return a.withService(cmd.Context(), func(to service.Queue) error {
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

func (a *app) showCommand() *cobra.Command {
	var bucket string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show BATCH KEY [flags]", Short: "Show an item and what happened to it",
		Long: `show tells all that is known of the item of an object: its state, its job, its settings, and its history: when
it was enqueued, each attempt with its answer and duration, each lookup, and who retried or cancelled
it. Times are in UTC. KEY may be s3://BUCKET/KEY. An object with several versions has several items. If
the batch has no such item (exit 2), the message names similar keys.
` + exit.CodesHelp,
		Example: "  airlift show archive-1a2b3c4d reels/clip.mov\n  airlift show archive-1a2b3c4d s3://media/reels/clip.mov --json | jq .history",
		Args:    exactArgs(2, "a BATCH and a KEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key := args[1]
			if in, rest, ok := strings.Cut(strings.TrimPrefix(key, "s3://"), "/"); ok && bucket == "" && strings.HasPrefix(key, "s3://") {
				bucket, key = in, rest
			}
			return a.withService(cmd.Context(), func(to service.Queue) error {
				all, err := itemview.Of(cmd.Context(), to, args[0], bucket, key)
				var none *itemview.NoItemError
				switch {
				case errors.As(err, &none) && len(none.Buckets) > 0:
					return config.Usagef("%v: choose one with --bucket", err)
				case errors.As(err, &none):
					return config.Usagef("%v; `airlift items %s --key PATTERN` searches", err, none.Batch)
				}
				write := term.Show
				if asJSON {
					write = term.ShowJSON
				}
				for i := range all {
					err = errors.Join(err, write(a.out, &all[i]))
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&bucket, "bucket", "", "the object's bucket, if the key is in several")
	config.CommandLineOnly(cmd.Flags(), "bucket")
	cmd.Flags().BoolVar(&asJSON, "json", false, "a JSON object for each item")
	return cmd
}
