package config

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// otherVariables begin with the prefix too: of the sandbox, of the tests and benchmarks, and of the completion scripts.
var otherVariables = []string{
	prefix + "CONFIG", prefix + "SANDBOX_ACCESS_KEY", prefix + "SANDBOX_SECRET_KEY", prefix + "REAL_S3", prefix + "KEYS",
	prefix + "COMPLETION_DESCRIPTIONS", prefix + "ACTIVE_HELP",
}

// UnknownVariables returns the AIRLIFT_ variables that are no setting, sorted. known are the settings of all commands.
func (e Env) UnknownVariables(known []string) (unknown []string) {
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

// MeantVariable is [Meant] for a variable. Those of the credentials do not begin with the prefix.
func MeantVariable(name string, known []string) string {
	for _, key := range []string{"WASABI_ACCESS_KEY", "WASABI_SECRET_KEY"} {
		if strings.HasSuffix(name, strings.TrimPrefix(key, "WASABI")) {
			return "; is " + key + " meant?"
		}
	}
	var bare []string // the prefix counts for nothing
	for _, flag := range known {
		bare = append(bare, strings.TrimPrefix(Variable(flag), prefix))
	}
	for _, other := range otherVariables {
		bare = append(bare, strings.TrimPrefix(other, prefix))
	}
	if near, ok := nearest(strings.TrimPrefix(name, prefix), bare); ok {
		return fmt.Sprintf("; is %s%s meant?", prefix, near)
	}
	return ""
}
