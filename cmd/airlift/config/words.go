package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// Words returns those flags of a command line, as shell words, that another command needs to do the same: those that
// it takes, and those that name queue and config file, unless the environment gives them.
func (e Env) Words(flags *pflag.FlagSet, takes func(flag string) bool) (words []string) {
	flags.Visit(func(f *pflag.Flag) {
		if f.Name != "queue" && f.Name != "config" && !takes(f.Name) {
			return
		}
		if value, ok := e.Lookup(Variable(f.Name)); ok && value == f.Value.String() {
			return
		}
		if f.Value.Type() == "bool" {
			words = append(words, "--"+f.Name+"="+f.Value.String())
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			words = append(words, "--"+f.Name, Quote(value))
		}
	})
	return words
}

// Quote quotes a word for a POSIX shell, like Python's shlex.quote. A library for this is longer than the function.
func Quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,+@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// BatchWord returns a batch as an argument of a command line, with a space before it.
func BatchWord(batch string) string {
	if strings.HasPrefix(batch, "-") {
		return " -- " + Quote(batch)
	}
	return " " + Quote(batch)
}
