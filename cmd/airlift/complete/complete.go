package complete

import (
	_ "embed"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/queue"
	"airlift/queue/report"
)

// bashWords replaces the part of cobra's script that needs the bash-completion package.
//
//go:embed completion.bash
var bashWords string

const bashLong = `Generate the autocompletion script for the bash shell. It needs no other package.

To load completions in your current shell session:

	source <(airlift completion bash)

To load completions for every new session, add that line to ~/.bashrc, or, where the bash-completion
package is installed, execute once:

	airlift completion bash > ~/.local/share/bash-completion/completions/airlift
`

// Add adds the completion command, which is cobra's and writes to out, and registers what completes the flags and arguments
// of the other commands; the default is file names. take has the values of --take; batches returns the batches of the queue
// that a command line names.
func Add(root *cobra.Command, out io.Writer, take []string, batches func(*cobra.Command) []string) {
	root.InitDefaultCompletionCmd()
	config.VisitCommands(root, func(cmd *cobra.Command) {
		if cmd.Parent() != nil && cmd.Parent().Name() == "completion" {
			scriptOf(cmd, out)
			return
		}
		for flag, values := range flagValues(cmd.Name()) {
			register(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
		for flag, values := range map[string][]string{"services": entry.KnownServices(), "types": entry.Classes(), "take": take} {
			register(cmd, flag, listOf(values))
		}
		for _, flag := range []string{"batch", "since-batch"} {
			register(cmd, flag, func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
				return shown(batches(cmd)), cobra.ShellCompDirectiveNoFileComp
			})
		}
		switch cmd.Name() {
		case "completion":
			refuseOtherShells(cmd)
		case "submit":
			cmd.ValidArgsFunction = batchArgs(batches, 1<<20, cobra.ShellCompDirectiveNoFileComp)
		case "status", "watch", "items", "report", "retry", "cancel", "reconcile":
			cmd.ValidArgsFunction = batchArgs(batches, 1, cobra.ShellCompDirectiveNoFileComp)
		case "adopt":
			cmd.ValidArgsFunction = batchArgs(batches, 1, cobra.ShellCompDirectiveDefault)
		case "resume", "check", "compact", "version", "sandbox":
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	})
}

// register registers what completes a flag, if the command has the flag.
func register(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if cmd.LocalFlags().Lookup(flag) == nil {
		return
	}
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err) // it is registered twice: no input does that
	}
}

// flagValues returns the values of those flags of a command that have a fixed set.
func flagValues(command string) map[string][]string {
	values := map[string][]string{
		"on-daily-cap": {"wait", "exit"}, "on-monthly-quota": {"exit", "wait"}, "log-format": {"auto", "console", "json"}, "log-level": {"debug", "info", "warn", "error"},
		"name-match": {"exact", "partial"}, "page-fields": {"usual", "none"},
		"format": {string(manifest.FormatCSV), string(manifest.FormatJSONL), string(manifest.FormatText), string(manifest.FormatInventory), string(manifest.FormatBatch)},
	}
	for _, s := range queue.States {
		values["state"] = append(values["state"], string(s))
	}
	switch command {
	case "report":
		values["format"] = []string{string(report.CSV), string(report.JSONL), string(report.Excel)}
		values["state"] = append(values["state"], report.Rejected)
	case "retry":
		values["state"] = []string{string(queue.Failed), string(queue.Cancelled)}
	}
	return values
}

// listOf completes a list of values separated by commas, each at most once.
func listOf(values []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) (all []string, _ cobra.ShellCompDirective) {
		before := begun[:strings.LastIndexByte(begun, ',')+1]
		for _, v := range values {
			if !slices.Contains(strings.Split(before, ","), v) {
				all = append(all, before+v)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
	}
}

// batchArgs completes up to most arguments with batches that are not named yet.
func batchArgs(batches func(*cobra.Command) []string, most int, after cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, after
		}
		ids := slices.DeleteFunc(shown(batches(cmd)), func(id string) bool { return slices.Contains(args, id) })
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

// shown returns the ids without characters that a shell does not show.
func shown(ids []string) []string {
	return slices.DeleteFunc(ids, func(id string) bool {
		return strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) })
	})
}

// scriptOf changes the command that writes the script of a shell.
func scriptOf(cmd *cobra.Command, out io.Writer) {
	if cmd.Name() != "bash" {
		return
	}
	cmd.Long = bashLong
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		bare, err := cmd.Flags().GetBool("no-descriptions")
		if err == nil {
			err = cmd.Root().GenBashCompletionV2(out, !bare)
		}
		if err == nil {
			_, err = io.WriteString(out, bashWords)
		}
		return err
	}
}

// refuseOtherShells makes the completion command refuse unknown shells.
func refuseOtherShells(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return config.Usagef("unknown shell %q: use bash, zsh, fish or powershell", args[0])
		}
		return cmd.Help()
	}
}
