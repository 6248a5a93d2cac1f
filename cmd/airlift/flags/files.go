package flags

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/manifest"
	"airlift/queue/hold"
)

// Files returns the files that the sources and the flags of a command name to be read, and whether standard input is among them.
func Files(cmd *cobra.Command, args []string) (files []hold.Used, stdin bool) {
	add := func(what, path string) {
		switch path {
		case "":
		case "-":
			stdin = true
		default:
			files = append(files, hold.Use(what, path))
		}
	}
	for _, src := range sources(cmd, args) {
		found, _ := src.Files() // an error is reported when the sources are opened
		for _, f := range found {
			if !f.OnS3() {
				add("a SOURCE", f.Canonical())
			}
		}
	}
	for _, name := range []string{"include-from", "exclude-from", "filter-from"} {
		if flag := cmd.Flags().Lookup(name); flag != nil {
			for _, path := range flag.Value.(pflag.SliceValue).GetSlice() {
				add("the file of --"+name, path)
			}
		}
	}
	if flag := cmd.Flags().Lookup("services"); flag != nil {
		if path, isFile := strings.CutPrefix(flag.Value.String(), "@"); isFile {
			add("the file of --services", path)
		}
	}
	return files, stdin
}

// sources returns the SOURCE arguments of a command; none if it takes none.
func sources(cmd *cobra.Command, args []string) (all []manifest.Source) {
	if cmd.Flags().Lookup("source-bucket") == nil {
		return nil
	}
	if cmd.Name() == "adopt" && len(args) > 0 {
		args = args[1:]
	}
	for _, arg := range args {
		if src, err := manifest.ParseSource(arg); err == nil {
			all = append(all, src)
		}
	}
	return all
}

// SourceThatMatches returns the first SOURCE that is a pattern and matches the path; "" if none does.
func SourceThatMatches(cmd *cobra.Command, args []string, path string) string {
	for _, src := range sources(cmd, args) {
		if src.Matches(path) {
			return src.Arg
		}
	}
	return ""
}
