package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/cmd/airlift/config"
)

// envPrefix begins the names of all environment variables that set a flag.
const envPrefix = "AIRLIFT_"

// otherVariables begin with the prefix too: of the sandbox, of the tests and benchmarks, and of the completion scripts.
var otherVariables = []string{
	envPrefix + "CONFIG", envPrefix + "SANDBOX_ACCESS_KEY", envPrefix + "SANDBOX_SECRET_KEY", envPrefix + "REAL_S3", envPrefix + "KEYS",
	envPrefix + "COMPLETION_DESCRIPTIONS", envPrefix + "ACTIVE_HELP",
}

// maxWarnings bounds how many variables are named.
const maxWarnings = 10

// settingNames returns the settings that the environment and the config file may give, of all commands.
func settingNames(root *cobra.Command) []string {
	names := map[string]bool{}
	visitCommands(root, func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { names[f.Name] = !neverConfigured[f.Name] })
	})
	var all []string
	for name, is := range names {
		if is {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// meant names the setting that a misspelt one is most probably meant to be, to stand behind a message; "" if none is near.
func meant(name string, known []string) string {
	if near, ok := config.Nearest(name, known); ok {
		return fmt.Sprintf("; is %s meant?", near)
	}
	return ""
}

// warnOfVariables warns of AIRLIFT_ variables that are no setting. Their values are not shown: one may be a secret.
func (a *app) warnOfVariables(cmd *cobra.Command) {
	if a.environ == nil {
		return
	}
	var unknown, known []string
	for _, entry := range a.environ() {
		name, value, _ := strings.Cut(entry, "=")
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name) // it knows no case in these names
		}
		if value != "" && strings.HasPrefix(name, envPrefix) && !slices.Contains(otherVariables, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return
	}
	for _, name := range settingNames(cmd.Root()) {
		known = append(known, envName(name))
	}
	unknown = slices.DeleteFunc(unknown, func(name string) bool { return slices.Contains(known, name) })
	slices.Sort(unknown)
	for i, name := range unknown {
		if i == maxWarnings {
			a.log.Warn().Msgf("%d more AIRLIFT_ variables are no setting either", len(unknown)-i)
			return
		}
		a.log.Warn().Str("variable", cut(name, 100)).Msg("this environment variable is no setting of airlift and does nothing" + meantVariable(name, known))
	}
}

// meantVariable is meant for a variable. Those of the credentials do not begin with the prefix.
func meantVariable(name string, known []string) string {
	for _, key := range []string{"WASABI_ACCESS_KEY", "WASABI_SECRET_KEY"} {
		if strings.HasSuffix(name, strings.TrimPrefix(key, "WASABI")) {
			return "; is " + key + " meant?"
		}
	}
	var bare []string
	for _, k := range slices.Concat(known, otherVariables) {
		bare = append(bare, strings.TrimPrefix(k, envPrefix))
	}
	if near, ok := config.Nearest(strings.TrimPrefix(name, envPrefix), bare); ok {
		return fmt.Sprintf("; is %s%s meant?", envPrefix, near)
	}
	return ""
}
