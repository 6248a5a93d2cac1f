package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
)

// tolerant marks a command that works with settings that are wrong.
const tolerant = "airlift_tolerates_settings"

// Tolerate marks a command as one that works with settings that are wrong, because it shows or mends them.
func Tolerate(cmd *cobra.Command) {
	cmd.Annotations = map[string]string{tolerant: ""}
}

// Tolerates reports whether a command is so marked.
func Tolerates(cmd *cobra.Command) bool {
	_, is := cmd.Annotations[tolerant]
	return is
}

// Around is what a command finds when it runs.
type Around struct {
	Env config.Env
	Out io.Writer
	// Queue is the path of the queue.
	Queue string
	// Wrong is what is wrong with the settings.
	Wrong error
}

// Command returns `airlift config`.
func Command(around func() Around) *cobra.Command {
	parent := &cobra.Command{
		Use: "config", Short: "Show which settings are in force",
		Long:    "config shows settings; `airlift help settings` explains them, and `airlift init` makes a config file.\n" + exit.CodesHelp,
		Example: "  airlift config show",
		Args:    cobra.ArbitraryArgs,
		RunE:    Parent,
	}
	show := &cobra.Command{
		Use: "show [--json] [COMMAND [FLAGS]]", Short: "Show the settings in force, and where each came from",
		Long: `show lists the settings of a command, or of all commands: the value in force, and whether the command
line, an AIRLIFT_ variable, the config file or the default gives it. Flags after COMMAND count as they
would on its command line. Of the credentials it tells where they come from, and the end of the access
key. Wrong settings are listed too, with what is probably meant; then the exit code is 2.
` + exit.CodesHelp,
		Example: "  airlift config show\n  airlift config show run --rate 20/s\n  airlift config show --json status",
	}
	asJSON := show.Flags().Bool("json", false, "print one JSON object")
	config.CommandLineOnly(show.Flags(), "json")
	show.Flags().SetInterspersed(false) // what follows COMMAND is its own
	show.RunE = func(cmd *cobra.Command, args []string) error {
		if n := len(args); n > 0 {
			args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "--json" })
			*asJSON = *asJSON || len(args) < n
		}
		target, err := targetOf(cmd.Root(), args)
		if err != nil {
			return err
		}
		a := around()
		v := viewOf(a.Env, cmd.Root(), target)
		v.note(a.Wrong)
		hide := v.addCredentials(a.Env)
		if queue := v.setting("queue"); queue.Value == "" {
			queue.Value = a.Queue
		}
		if *asJSON { // else they are in the log
			v.Warnings = append(v.Warnings, a.Env.VariableProblems(cmd)...)
		}
		return v.print(hide, a.Out, *asJSON)
	}
	Tolerate(parent)
	Tolerate(show)
	parent.AddCommand(show)
	return parent
}

// targetOf finds the command that a command line names, and parses its flags; root for an empty one.
func targetOf(root *cobra.Command, args []string) (*cobra.Command, error) {
	target, rest, err := root.Find(args)
	switch {
	case err != nil || target == root && len(args) > 0:
		return nil, NoCommand(root, args[0])
	case target == root:
		return root, nil
	}
	if err := target.ParseFlags(rest); err != nil {
		return nil, config.FlagError(target, err)
	}
	return target, nil
}

// Parent is what a command does that has nothing but commands of its own.
func Parent(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return NoCommand(cmd, args[0])
	}
	return cmd.Help()
}

// HelpCommand makes the help of a command or topic that is not there an error.
func HelpCommand(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" {
			continue
		}
		show := cmd.Run
		cmd.Run = nil
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			found, rest, err := root.Find(args)
			switch {
			case len(args) == 0:
			case err != nil || found == nil || found == root:
				return NoCommand(root, args[0])
			case found.HasSubCommands() && len(rest) > 0:
				return NoCommand(found, rest[0])
			}
			show(cmd, args)
			return nil
		}
	}
}

// NoCommand is the error for a command that is not there.
func NoCommand(parent *cobra.Command, typed string) error {
	parent.SuggestionsMinimumDistance = 2
	meant := ""
	all := parent.SuggestionsFor(typed)
	if len(all) == 0 { // it may be a topic, which cobra does not suggest
		var names []string
		for _, c := range parent.Commands() {
			names = append(names, c.Name())
		}
		if near, ok := config.Nearest(typed, names); ok {
			all = []string{near}
		}
	}
	if len(all) > 0 {
		meant = " did you mean " + strings.Join(all, " or ") + "?"
	}
	return config.Usagef("there is no command %q:%s `%s --help` lists the commands", typed, meant, parent.CommandPath())
}

// setting returns the setting of a name. All commands have those that are asked for here.
func (v *View) setting(name string) *Setting {
	i := slices.IndexFunc(v.Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return &Setting{}
	}
	return &v.Settings[i]
}

// print prints the view, without credentials in any value. Its error has no text: the problems are printed.
func (v *View) print(hide *strings.Replacer, to io.Writer, asJSON bool) error {
	for i := range v.Settings {
		s := &v.Settings[i]
		s.Value = hide.Replace(s.Value)
		for j, value := range s.Values {
			s.Values[j] = hide.Replace(value)
		}
	}
	for i, line := range v.Problems {
		v.Problems[i] = hide.Replace(line)
	}
	var err error
	if asJSON {
		err = term.JSON(to, v)
	} else {
		err = v.text(to)
	}
	if err == nil && len(v.Problems) > 0 {
		return &exit.Error{Code: exit.Usage, Text: fmt.Sprintf("%d settings are wrong: mend them, or take them out", len(v.Problems))}
	}
	return err
}

// text prints the view for people.
func (v *View) text(to io.Writer) error {
	file := v.ConfigFile
	switch {
	case file == "":
		file = "none: HOME is not set; name one with --config"
	case !v.Found:
		file += " (there is none; `airlift init` makes one)"
	case v.Rules > 0:
		file += fmt.Sprintf(" (with %d rules)", v.Rules)
	}
	keys := v.Credentials.Error
	if v.Credentials.From != "" {
		keys = fmt.Sprintf("%s, access key %s", v.Credentials.From, v.Credentials.AccessKey)
	}
	if v.Credentials.Temporary {
		keys += ", temporary: for S3 alone"
	}
	_, err := term.Fprintf(to, "config file  %s\ncredentials  %s\n", file, keys)
	for _, line := range v.Problems {
		_, problem := term.Fprintf(to, "wrong        %s\n", line)
		err = errors.Join(err, problem)
	}
	for _, line := range v.Warnings {
		_, problem := term.Fprintf(to, "warning      %s\n", line)
		err = errors.Join(err, problem)
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\nSETTING\tVALUE\tFROM\n") // into memory until Flush
	for _, given := range []bool{true, false} {
		for _, s := range v.Settings {
			if given == (s.From != fromDefault) {
				from := s.from
				if s.Remark != "" {
					from += " (" + s.Remark + ")"
				}
				term.Fprintf(table, "%s\t%s\t%s\n", s.Name, strings.ReplaceAll(cmp.Or(s.Value, "-"), "\t", " "), from)
			}
		}
	}
	return errors.Join(err, table.Flush())
}
