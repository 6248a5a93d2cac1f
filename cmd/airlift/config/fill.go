package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// commandLineOnly are flags that make sense on the command line only.
var commandLineOnly = []string{"help", "config", "version", "all"}

// IsSetting reports whether the environment and the config file may set a flag.
func IsSetting(flag string) bool { return !slices.Contains(commandLineOnly, flag) }

// Fill sets each flag that the command line does not give: from the environment, else from the config file. known are the
// settings of all commands.
func Fill(flags *pflag.FlagSet, known []string, env Env, file File) error {
	var problems []string
	for name := range file.settings {
		if !slices.Contains(known, name) {
			problems = append(problems, fmt.Sprintf("%s: there is no setting %q%s", file.Path, name, Meant(name, known)))
		}
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed || !IsSetting(f.Name) {
			return
		}
		name, equals, values := file.Path+": "+f.Name, " = ", file.settings[f.Name]
		if value := env.get(Variable(f.Name)); value != "" {
			name, equals, values = Variable(f.Name), "=", variableValues(f, value)
		}
		for _, v := range values {
			if err := flags.Set(f.Name, v); err != nil {
				problems = append(problems, fmt.Sprintf("%s%s%q: %v", name, equals, v, rootCause(err)))
			}
		}
	})
	if len(problems) > 0 {
		slices.Sort(problems)
		return Usagef("%s", strings.Join(problems, "\n"))
	}
	return nil
}

// variableValues returns the values that a variable gives a flag: one, or for a flag that may be given several times one a
// line, without the blanks around it.
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
