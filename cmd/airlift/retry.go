package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"airlift/queue"
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
			from := queue.Failed
			switch filter.State {
			case "", queue.Failed:
			case queue.Cancelled:
				from = queue.Cancelled
			default:
				return usagef("--state %s: only failed and cancelled items can be retried", filter.State)
			}
			filter.State = from
			return a.change(cmd.Context(), args[0], "retried", &f, func(ctx context.Context, db store, b queue.Batch) (c changed, err error) {
				if err := f.inReading(&filter, b); err != nil {
					return c, err
				}
				c.items, err = db.Retry(ctx, args[0], from, filter)
				return c, err
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
			return a.change(cmd.Context(), args[0], "cancelled", &f, func(ctx context.Context, db store, b queue.Batch) (c changed, err error) {
				if err := f.inReading(&filter, b); err != nil {
					return c, err
				}
				if filter.Span == nil {
					c.items, err = db.Cancel(ctx, args[0], filter)
					return c, err
				}
				w, err := db.Withdraw(ctx, args[0], filter)
				return changed{w.Cancelled, w.InDoubt}, err
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

// changed counts the items that a command changed: those done with, and those in doubt that will be cancelled if a lookup
// finds no job.
type changed struct{ items, inDoubt int64 }

// text returns the counts in a sentence; what is "retried" or "cancelled".
func (c changed) text(what string) string {
	text := n(c.items) + " items " + what
	if c.inDoubt > 0 {
		text += "; " + n(c.inDoubt) + " in doubt: they are looked up by the next run, and cancelled if AiR has no job for them"
	}
	return text
}

// change changes many items with f and prints how many. It is an error if no item matches what was asked for, which is
// probably misspelled.
func (a *app) change(ctx context.Context, batch, what string, asked *filterFlags, f func(context.Context, store, queue.Batch) (changed, error)) error {
	return a.withBatch(ctx, batch, func(db store, b queue.Batch) error {
		c, err := f(ctx, db, b)
		var usage *usageError
		if errors.As(err, &usage) {
			return err
		}
		if err != nil {
			return fmt.Errorf("%s, then: %w", c.text(what), err)
		}
		if c == (changed{}) && asked.any() {
			return usagef("no item of batch %s with %s can be %s, so nothing was changed; `airlift items %s` lists all items", batch, asked, what, batch)
		}
		_, err = fmt.Fprintln(a.out, c.text(what))
		return err
	})
}
