package config

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

// otherVariables have the prefix and set no flag: they are for the sandbox, tests, benchmarks and completion scripts, sign
// notifications, or tell a command of --hook what has happened.
var otherVariables = []string{
	prefix + "CONFIG", prefix + "SANDBOX_ACCESS_KEY", prefix + "SANDBOX_SECRET_KEY", prefix + "REAL_S3", prefix + "KEYS",
	prefix + "COMPLETION_DESCRIPTIONS", prefix + "ACTIVE_HELP",
	prefix + "NOTIFY_SECRET", prefix + "EVENT", prefix + "EVENT_ID", prefix + "EVENT_BATCH", prefix + "EVENT_ACCOUNT",
	prefix + "EVENT_QUEUE", prefix + "EVENT_REASON", prefix + "EVENT_NEXT_STEP",
}

// maxWarnings bounds how many variables are named.
const maxWarnings = 10

// WarnOfVariables warns of AIRLIFT_ variables that are no setting of any command. It does not show their values, which may
// be secret.
func (e Env) WarnOfVariables(cmd *cobra.Command, log zerolog.Logger) {
	known := settings(cmd)
	unknown := e.unknownVariables(known)
	for i, name := range unknown {
		if i == maxWarnings {
			log.Warn().Msgf("%d more AIRLIFT_ variables are no setting either", len(unknown)-i)
			return
		}
		log.Warn().Str("variable", shownName(name)).Msg("this environment variable is no setting of airlift and does nothing" + meantVariable(name, known))
	}
}

// VariableProblems returns a line for each AIRLIFT_ variable that is no setting of any command, without its value.
func (e Env) VariableProblems(cmd *cobra.Command) (lines []string) {
	known := settings(cmd)
	for _, name := range e.unknownVariables(known) {
		lines = append(lines, fmt.Sprintf("%s: this environment variable is no setting of airlift and does nothing%s", shownName(name), meantVariable(name, known)))
	}
	return lines
}

// shownName returns the name of a variable, cut if it is very long.
func shownName(name string) string {
	if len(name) > 100 {
		return strings.ToValidUTF8(name[:100], "") + "..."
	}
	return name
}

// unknownVariables returns the AIRLIFT_ variables that are no setting, sorted.
func (e Env) unknownVariables(known []string) (unknown []string) {
	if e.List == nil {
		return nil
	}
	for _, entry := range e.List() {
		name, value, _ := strings.Cut(entry, "=")
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name) // it knows no case in these names
		}
		isOurs := func(flag string) bool { return name == Variable(flag) }
		if value != "" && strings.HasPrefix(name, prefix) && !slices.Contains(otherVariables, name) && !slices.ContainsFunc(known, isOurs) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// meantVariable is [Suggest] for a variable. Those of the credentials do not begin with the prefix.
func meantVariable(name string, known []string) string {
	for _, key := range []string{"WASABI_ACCESS_KEY", "WASABI_SECRET_KEY"} {
		if strings.HasSuffix(name, strings.TrimPrefix(key, "WASABI")) {
			return "; is " + key + " meant?"
		}
	}
	var bare []string // compare without the prefix
	for _, flag := range known {
		bare = append(bare, strings.TrimPrefix(Variable(flag), prefix))
	}
	for _, other := range otherVariables {
		bare = append(bare, strings.TrimPrefix(other, prefix))
	}
	if near, ok := Nearest(strings.TrimPrefix(name, prefix), bare); ok {
		return fmt.Sprintf("; is %s%s meant?", prefix, near)
	}
	return ""
}
