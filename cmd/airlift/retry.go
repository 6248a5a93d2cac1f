package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

func (a *app) retryCommand() *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use: "retry BATCH [flags]", Short: "Put failed items back to pending",
		Long: `retry puts the failed items of a batch (or the cancelled ones, with --state cancelled) back to
pending, with a fresh set of attempts; the next run or submit sends them. If nothing matches --code,
--key and --reading, nothing is changed (exit 2).
` + exitCodesHelp,
		Example: "  airlift retry archive-1a2b3c4d\n  airlift retry archive-1a2b3c4d --code BAD_REQUEST --key '2024/**'",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.filter()
			if err != nil {
				return err
			}
			if filter.State != "" && filter.State != queue.Failed && filter.State != queue.Cancelled {
				return usagef("--state %s: only failed and cancelled items can be retried", filter.State)
			}
			return a.change(args[0], "retried", &f, func(to *service.Service) (queue.Changed, error) {
				return to.Retry(cmd.Context(), service.Selection{Batch: args[0], Filter: filter, Reading: f.reading})
			})
		},
	}
	f.addTo(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "failed (the default) or cancelled")
	return cmd
}

func (a *app) cancelCommand() *cobra.Command {
	var f filterFlags
	var all bool
	cmd := &cobra.Command{
		Use: "cancel BATCH [flags]", Short: "Take pending and failed items out of the work",
		Long: `cancel takes pending and failed items out of the work; it needs --code, --key, --reading or --all.
Jobs that AiR has accepted cannot be cancelled. If nothing matches --code, --key and --reading,
nothing is changed (exit 2). ` + "`airlift retry --state cancelled`" + ` undoes it.

--reading cancels what one reading of the sources added: last is the latest one that added anything;
` + "`airlift run`" + ` names the number of a reading whose items fail. Its items in doubt are still looked up,
and cancelled if AiR has no job for them. Such items become pending again when a later run or enqueue
reads their objects.
` + exitCodesHelp,
		Example: "  airlift cancel archive-1a2b3c4d --key '*.wav'\n  airlift cancel archive-1a2b3c4d --reading last\n  airlift cancel archive-1a2b3c4d --all",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			filter, err := f.filter()
			if err != nil {
				return err
			}
			if !f.any() && !all {
				return usagef("cancel needs to know which items: --code, --key, --reading or --all")
			}
			return a.change(args[0], "cancelled", &f, func(to *service.Service) (queue.Changed, error) {
				return to.Cancel(cmd.Context(), service.Selection{Batch: args[0], Filter: filter, Reading: f.reading})
			})
		},
	}
	f.addTo(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all pending and failed items")
	return cmd
}

// addTo adds the flags that items, retry and cancel share.
func (f *filterFlags) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.code, "code", "", "only items whose last ErrorCode is this")
	cmd.Flags().StringArrayVar(&f.keys, "key", nil, "only items whose key matches this pattern, which means the same as with --include; may be given several times")
	cmd.Flags().StringVar(&f.reading, "reading", "", "only items that this reading of the sources added: a number, or last")
}

// changedText says how many items were changed; what is "retried" or "cancelled".
func changedText(c queue.Changed, what string) string {
	text := term.Number(c.Items) + " items " + what
	if c.InDoubt > 0 {
		text += "; " + term.Number(c.InDoubt) + " in doubt: they are looked up by the next run, and cancelled if AiR has no job for them"
	}
	return text
}

// readingUsage says of a reading that the batch does not have which flag named it.
func readingUsage(err error) error {
	var none *service.ReadingError
	if errors.As(err, &none) {
		return usagef("--reading: %v", err)
	}
	return err
}

// change calls a verb that changes items of a batch, and prints how many it changed.
func (a *app) change(batch, what string, asked *filterFlags, verb func(*service.Service) (queue.Changed, error)) error {
	return a.withService(func(to *service.Service) error {
		c, err := verb(to)
		var noReading *service.ReadingError
		switch {
		case errors.As(err, &noReading), errors.Is(err, queue.ErrBatchNotFound):
			return readingUsage(err)
		case errors.Is(err, service.ErrNoMatch):
			return usagef("no item of batch %s with %s can be %s, so nothing was changed; `airlift items %s` lists all items", batch, asked, what, batch)
		case err != nil:
			return fmt.Errorf("%s, then: %w", changedText(c, what), err)
		}
		_, err = fmt.Fprintln(a.out, changedText(c, what))
		return err
	})
}
