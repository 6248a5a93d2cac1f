package main

import (
	"embed"

	"github.com/spf13/cobra"
)

//go:embed docs
var docs embed.FS

// topic returns the command that shows docs/NAME.md, for `airlift help NAME`. A topic that is missing is empty, which a test finds.
func topic(name, short string) *cobra.Command {
	text, _ := docs.ReadFile("docs/" + name + ".md")
	return &cobra.Command{Use: name, Short: short, Long: string(text)}
}
