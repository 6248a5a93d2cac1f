package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/term"
	"airlift/manifest/filter"
	"airlift/queue"
	"airlift/queue/report"
	"airlift/worker/service"
)

// filterFlags choose items of a batch.
type filterFlags struct {
	state, code string
	keys        []string
	reading     string
}

// filter checks the flags.
func (f *filterFlags) filter() (queue.Filter, error) {
	out := queue.Filter{Code: f.code}
	if f.state != "" {
		s, err := queue.ParseState(f.state)
		if err != nil {
			return out, usagef("--state: %v", err)
		}
		out.State = s
	}
	if len(f.keys) > 0 {
		var err error
		if out.Key, err = filter.Keys("--key", f.keys); err != nil {
			return out, err
		}
	}
	return out, nil
}

// any reports whether they leave anything out.
func (f *filterFlags) any() bool { return f.code != "" || len(f.keys) > 0 || f.reading != "" }

// String says what they ask for.
func (f *filterFlags) String() string {
	var all []string
	if f.state != "" {
		all = append(all, "--state "+f.state)
	}
	if f.code != "" {
		all = append(all, "--code "+f.code)
	}
	for _, key := range f.keys {
		all = append(all, fmt.Sprintf("--key %q", key))
	}
	if f.reading != "" {
		all = append(all, "--reading "+f.reading)
	}
	return strings.Join(all, " ")
}

func (a *app) itemsCommand() *cobra.Command {
	var f filterFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "items BATCH [flags]", Short: "List the items of a batch, one line each",
		Long:    "items lists the items of a batch in the order of the manifest: state, job id, bucket and key, and the error if there is one.\n" + exitCodesHelp,
		Example: "  airlift items archive-1a2b3c4d --state failed --key '2024/**'\n  airlift items archive-1a2b3c4d --json | jq .key",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := f.filter()
			if err != nil {
				return err
			}
			return a.withService(func(to *service.Service) error {
				b, chosen, err := to.Select(cmd.Context(), service.Selection{Batch: args[0], Filter: chosen, Reading: f.reading})
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
				if err == nil && !some.Load() && (f.state != "" || f.any()) {
					a.log.Warn().Str("batch", b.ID).Msgf("%s: no item matches", &f)
				}
				return err
			})
		},
	}
	f.addTo(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.state, "state", "", "only items in this state")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}
