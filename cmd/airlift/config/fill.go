package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/queue"
)

// commandLineOnly are flags that make sense on the command line only.
var commandLineOnly = []string{"help", "config", "version", "all"}

// onCommandLine marks a flag that only the command line sets.
const onCommandLine = "airlift_on_command_line"

// CommandLineOnly makes flags of a command such that neither the environment nor the config file sets them.
func CommandLineOnly(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		_ = flags.SetAnnotation(name, onCommandLine, nil) // fails only for a flag that is not there
	}
}

// Settable reports whether the environment and the config file may set a flag.
func Settable(f *pflag.Flag) bool {
	_, only := f.Annotations[onCommandLine]
	return !only && !slices.Contains(commandLineOnly, f.Name)
}

// VisitCommands calls visit with a command and all below it.
func VisitCommands(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		VisitCommands(sub, visit)
	}
}

// settings returns the flags of all commands that the environment and the config file may set, sorted.
func settings(cmd *cobra.Command) (all []string) {
	VisitCommands(cmd.Root(), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if Settable(f) {
				all = append(all, f.Name)
			}
		})
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// Fill sets each flag of a command that the command line does not give: from the environment, else from the config file,
// which it returns: from the table of the account that is chosen, if one is, else from its top level; see [Env.Use]. It sets what
// it can even if it returns an error. [OriginOf] tells where each value came from.
func (e Env) Fill(cmd *cobra.Command) (File, error) {
	file, err := readFile(e.Path(cmd))
	var problems []string
	if err != nil {
		problems = append(problems, err.Error())
	}
	known := settings(cmd)
	for name := range file.settings {
		if !slices.Contains(known, name) {
			problems = append(problems, fmt.Sprintf("%s: there is no setting %q%s", file.Path, name, Suggest(name, known)))
		}
	}
	problems = append(problems, file.accountProblems(cmd)...)
	file.typed = typedValues(cmd.Flags())
	if err := e.Use(cmd, file, cmp.Or(e.Chosen(cmd), queue.DefaultAccount)); err != nil {
		problems = append(problems, err.Error())
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return file, Usagef("%s", strings.Join(problems, "\n"))
	}
	return file, nil
}

// variableValues returns the values that a variable gives a flag: one, or one a line for a flag that may be repeated.
// Blanks around a line are removed.
func variableValues(f *pflag.Flag, value string) []string {
	if _, list := f.Value.(pflag.SliceValue); !list {
		return []string{value}
	}
	var all []string
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
