package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker/service"
)

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume", Short: "Lift a stored pause or stop",
		Long: `resume lifts a pause (daily cap) or a stop (monthly quota) that an earlier run has stored, because
you know that AiR accepts jobs again. The next run still begins with a single request.
` + exitCodesHelp,
		Example: "  airlift resume", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withService(func(to service.Queue) error {
				was, err := to.Resume(cmd.Context())
				if err != nil {
					return err
				}
				if was == (queue.Gate{}) {
					_, err = fmt.Fprintln(a.out, "there was neither a pause nor a stop")
					return err
				}
				_, err = term.Fprintf(a.out, "lifted: %s\n", was.Reason)
				return err
			})
		},
	}
}
