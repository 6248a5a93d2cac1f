package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
	"airlift/queue/bolt"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Verify the database and the books",
		Long: `check reads the whole queue: the pages of the database, every item and record, and whether the
books balance. It changes nothing but that what was being sent when a process ended is in doubt.
` + exit.CodesHelp,
		Example: "  airlift check", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			db, err := a.openQueue(cmd.Context(), connect.Here, false)
			if err != nil {
				return a.explainMissing(err)
			}
			defer func() { err = errors.Join(err, db.Close()) }()
			report, err := db.Check(cmd.Context(), nil)
			if err != nil {
				return err
			}
			for _, p := range report.Problems {
				if _, err := fmt.Fprintln(a.out, term.Text(p)); err != nil {
					return err
				}
			}
			if len(report.Problems) > 0 {
				return fmt.Errorf("the queue at %s is damaged: keep the file, and rebuild the queue from a copy, or under another name with `airlift adopt` and --queue", a.queuePath())
			}
			_, err = fmt.Fprintf(a.out, "%s is sound (batches: %s, items: %s)\n", a.queuePath(), term.Number(int64(report.Batches)), term.Number(report.Items))
			return err
		},
	}
}

func (a *app) compactCommand() *cobra.Command {
	return &cobra.Command{
		Use: "compact", Short: "Shrink the database file",
		Long: `compact copies the queue without the room it no longer needs, and replaces the file in one step. It
needs as much free space as the queue is large.
` + exit.CodesHelp,
		Example: "  airlift compact", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := a.locateQueue()
			if err != nil {
				return err
			}
			var before, after int64
			err = a.connection().WhenFree(cmd.Context(), func() (err error) {
				before, after, err = bolt.Compact(path, bolt.Options{LockTimeout: connect.LockTimeout, MustExist: true})
				return err
			})
			if err != nil {
				return a.explainMissing(err)
			}
			_, err = fmt.Fprintf(a.out, "%s: %s before, %s now\n", a.queuePath(), term.Bytes(before), term.Bytes(after))
			return err
		},
	}
}
