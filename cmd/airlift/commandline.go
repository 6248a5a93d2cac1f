package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
)

// cancelLine returns a function that returns the command line which cancels what a reading added. It reads the flags before
// it returns: reading sorts them in place, which must not happen in several workers at once.
func cancelLine(cmd *cobra.Command, a *app) func(batch string, reading int64) string {
	flags := a.env().Words(cmd.Flags(), func(string) bool { return false })
	return func(batch string, reading int64) string {
		words := append([]string{"airlift", "cancel", "--reading", strconv.FormatInt(reading, 10)}, flags...)
		if strings.HasPrefix(batch, "-") {
			words = append(words, "--")
		}
		return strings.Join(append(words, config.Quote(batch)), " ")
	}
}

// adoptLine returns a function that returns the command line which rebuilds a batch, with those flags of this command that
// adopt has too and the environment does not set. It reads the flags before it returns, as cancelLine does.
func adoptLine(cmd *cobra.Command, a *app, sources []string) func(batch string) string {
	var words []string
	if len(sources) == 0 {
		words = append(words, "SOURCE...")
	}
	for _, s := range sources {
		words = append(words, config.Quote(s))
	}
	also := a.adoptCommand()
	words = append(words, a.env().Words(cmd.Flags(), func(name string) bool {
		return name != "batch" && name != "json" && also.Flags().Lookup(name) != nil
	})...)
	return func(batch string) string {
		return strings.Join(append([]string{"airlift", "adopt", config.Quote(batch)}, words...), " ")
	}
}
