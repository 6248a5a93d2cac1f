package tell

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/settings"
	"airlift/worker/service/notify"
)

// Command returns the command that tries whether events arrive. around returns the reporter of its flags, and where to print.
func Command(around func() (*notify.Reporter, io.Writer)) *cobra.Command {
	cmd := &cobra.Command{Use: "notify COMMAND", Short: "Try whether others are told of what happens",
		Long: "notify test sends a test event to each --notify and --hook. `airlift help unattended` describes the events.\n" + exit.CodesHelp, Example: "  airlift notify test",
		Args: cobra.ArbitraryArgs, RunE: settings.Parent}
	test := &cobra.Command{
		Use: "test", Short: "Send a test event to each --notify and --hook, and print what came of it",
		Long:    "test sends one event, without retries, to each --notify and --hook of the flags, the environment and the config file.\n" + exit.CodesHelp,
		Example: "  airlift notify test\n  airlift notify test --hook 'mail -s airlift ops@example.com'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, out := around()
			return try(cmd, r, out)
		},
	}
	AddFlags(test)
	cmd.AddCommand(test)
	return cmd
}

// try delivers a test event, and prints what came of it.
func try(cmd *cobra.Command, reporter *notify.Reporter, out io.Writer) error {
	if reporter == nil {
		return config.Usagef("nobody is told: give --notify or --hook, AIRLIFT_NOTIFY or AIRLIFT_HOOK, or notify or hook in the config file")
	}
	failed := 0
	for _, r := range reporter.Try(cmd.Context(), notify.Event{Event: notify.Test, Reason: "a test by an operator"}) {
		text := "ok"
		if r.Err != nil {
			failed++
			text = r.Err.Error()
		}
		if _, err := fmt.Fprintf(out, "%s: %s (%v)\n", r.To, text, r.Took.Round(time.Millisecond)); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &exit.Error{Code: exit.Unexpected, Text: fmt.Sprintf("%d of those who are to be told were not", failed)}
	}
	return nil
}
