package config

import (
	"fmt"

	"github.com/spf13/pflag"
)

// Origin is where the value of a setting came from. The zero Origin is the default of its flag.
type Origin struct {
	// CommandLine says that the command line gives it.
	CommandLine bool
	// Variable is the environment variable that gives it.
	Variable string
	// File is the config file that gives it, and Account the [account.NAME] table there; empty: the top level.
	File, Account string
}

// The keys of a flag's annotations that keep its Origin.
const (
	fromVariable = "airlift_from_variable"
	fromFile     = "airlift_from_file"
	fromAccount  = "airlift_from_account"
)

// mark records on a flag where its value came from.
func (o Origin) mark(f *pflag.Flag) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	for key, value := range map[string]string{fromVariable: o.Variable, fromFile: o.File, fromAccount: o.Account} {
		delete(f.Annotations, key)
		if value != "" {
			f.Annotations[key] = []string{value}
		}
	}
}

// OriginOf returns where the value of a flag came from, once [Env.Fill] has set the flags of its command.
func OriginOf(f *pflag.Flag) (o Origin) {
	get := func(key string) (value string) {
		for _, value = range f.Annotations[key] {
		}
		return value
	}
	o.Variable, o.File, o.Account = get(fromVariable), get(fromFile), get(fromAccount)
	o.CommandLine = f.Changed && o == (Origin{})
	return o
}

// String names the place for people: "config file /home/me/.config/airlift/config.toml".
func (o Origin) String() string {
	switch {
	case o.CommandLine:
		return "command line"
	case o.Variable != "":
		return o.Variable
	case o.Account != "":
		return fmt.Sprintf("config file %s, [account.%s]", o.File, o.Account)
	case o.File != "":
		return "config file " + o.File
	}
	return "default"
}

// assignment begins a message about the value that a flag has there: "FILE: NAME = ", or "VARIABLE=".
func (o Origin) assignment(flag string) string {
	switch {
	case o.Variable != "":
		return o.Variable + "="
	case o.Account != "":
		return fmt.Sprintf("%s: [account.%s]: %s = ", o.File, o.Account, flag)
	}
	return fmt.Sprintf("%s: %s = ", o.File, flag)
}
