package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/cmd/airlift/config"
)

// flagWords returns the flags of a command line, for a shell, for another command that is to do the same: those that it
// takes, and those that name queue and config file, as far as the environment does not give them.
func (a *app) flagWords(cmd *cobra.Command, takes func(name string) bool) []string {
	var words []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "queue" && f.Name != "config" && !takes(f.Name) {
			return
		}
		if value, ok := a.getenv(config.Variable(f.Name)); ok && value == f.Value.String() {
			return
		}
		switch v := f.Value.(type) {
		case pflag.SliceValue:
			for _, one := range v.GetSlice() {
				words = append(words, "--"+f.Name, shellWord(one))
			}
		default:
			if f.Value.Type() == "bool" {
				words = append(words, "--"+f.Name+"="+f.Value.String())
				return
			}
			words = append(words, "--"+f.Name, shellWord(f.Value.String()))
		}
	})
	return words
}

// batchWord returns a batch as a word of a command line, with the blank before it.
func batchWord(batch string) string {
	if strings.HasPrefix(batch, "-") {
		return " -- " + shellWord(batch)
	}
	return " " + shellWord(batch)
}

// cancelLine returns what makes the command line that cancels what a reading added. The flags are read now, as reading
// them sorts them in place, which the workers of a run must not do at once.
func cancelLine(cmd *cobra.Command, a *app) func(batch string, reading int64) string {
	flags := a.flagWords(cmd, func(string) bool { return false })
	return func(batch string, reading int64) string {
		words := append([]string{"airlift", "cancel", "--reading", strconv.FormatInt(reading, 10)}, flags...)
		if strings.HasPrefix(batch, "-") {
			words = append(words, "--")
		}
		return strings.Join(append(words, shellWord(batch)), " ")
	}
}

// adoptLine returns what makes the command line that rebuilds a batch: with the flags of this command that adopt has too
// and that the environment does not give. The flags are read now, as in cancelLine.
func adoptLine(cmd *cobra.Command, a *app, sources []string) func(batch string) string {
	var words []string
	if len(sources) == 0 {
		words = append(words, "SOURCE...")
	}
	for _, s := range sources {
		words = append(words, shellWord(s))
	}
	also := a.adoptCommand()
	words = append(words, a.flagWords(cmd, func(name string) bool {
		return name != "batch" && name != "json" && also.Flags().Lookup(name) != nil
	})...)
	return func(batch string) string {
		return strings.Join(append([]string{"airlift", "adopt", shellWord(batch)}, words...), " ")
	}
}

// shellWord quotes a word for a POSIX shell as shellescape and Python's shlex.quote do, in fewer lines than an import of one.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
