package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

func (a *app) retryCommand() *cobra.Command {
	var f flags.Filter
	cmd := &cobra.Command{
		Use: "retry BATCH [flags]", Short: "Put failed items back to pending",
		Long: `retry puts the failed items of a batch (or the cancelled ones, with --state cancelled) back to
pending, with a fresh set of attempts; the next run or submit sends them. If nothing matches --code,
--key and --reading, nothing is changed (exit 2).
` + exit.CodesHelp,
		Example: "  airlift retry archive-1a2b3c4d\n  airlift retry archive-1a2b3c4d --code BAD_REQUEST --key '2024/**'",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := f.Selection(args[0])
			if err != nil {
				return err
			}
			if chosen.State != "" && chosen.State != queue.Failed && chosen.State != queue.Cancelled {
				return config.Usagef("--state %s: only failed and cancelled items can be retried", chosen.State)
			}
			return a.change(cmd, chosen, "retried", &f, service.Worker.Retry)
		},
	}
	f.Add(cmd)
	f.AddBulk(cmd)
	cmd.Flags().StringVar(&f.State, "state", "", "failed (the default) or cancelled")
	return cmd
}

func (a *app) cancelCommand() *cobra.Command {
	var f flags.Filter
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
` + exit.CodesHelp,
		Example: "  airlift cancel archive-1a2b3c4d --key '*.wav'\n  airlift cancel archive-1a2b3c4d --reading last\n  airlift cancel archive-1a2b3c4d --all",
		Args:    exactArgs(1, "one BATCH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !f.Any() && !all {
				return config.Usagef("cancel needs to know which items: --code, --key, --reading or --all")
			}
			chosen, err := f.Selection(args[0])
			if err != nil {
				return err
			}
			return a.change(cmd, chosen, "cancelled", &f, service.Worker.Cancel)
		},
	}
	f.Add(cmd)
	f.AddBulk(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all pending and failed items")
	return cmd
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
	if _, is := errors.AsType[*service.ReadingError](err); is {
		return config.Usagef("--reading: %v", err)
	}
	return err
}

// change calls a verb that changes items of a batch, and prints how many it changed.
func (a *app) change(cmd *cobra.Command, chosen service.Selection, what string, asked *flags.Filter,
	verb func(service.Worker, context.Context, service.ChangeRequest) (queue.Changed, error)) error {
	r := service.ChangeRequest{Selection: chosen, DryRun: asked.DryRun, Expect: asked.Expect(cmd)}
	return a.withService(cmd.Context(), func(to service.Queue) error {
		c, err := verb(to, cmd.Context(), r)
		switch {
		case exit.IsA[*service.ReadingError](err), errors.Is(err, queue.ErrBatchNotFound):
			return readingUsage(err)
		case errors.Is(err, service.ErrNoMatch):
			return config.Usagef("no item of batch %s with %s can be %s, so nothing was changed; `airlift items %s` lists all items", r.Batch, asked, what, r.Batch)
		case exit.IsA[*service.CountError](err):
			return config.Usagef("batch %s: %v", r.Batch, err)
		case errors.Is(err, service.ErrHolderEnded):
			return fmt.Errorf("%w before it said how many items it has %s: run the same command again", err, what)
		case exit.IsA[*service.LeftError](err):
			return err
		case err != nil:
			return fmt.Errorf("%s, then: %w", changedText(c, what), err)
		}
		text := changedText(c, what)
		if r.DryRun {
			text = changedText(c, "would be "+what) + " (dry run: nothing was changed)"
		}
		_, err = fmt.Fprintln(a.out, text)
		return err
	})
}
