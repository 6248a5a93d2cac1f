package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/manifest"
	"airlift/queue/bolt/file"
	"airlift/queue/hold"
)

// checkFiles refuses a command that would replace a file which it reads or keeps, such as the queue by a report.
func (a *app) checkFiles(cmd *cobra.Command, args []string) error {
	kept, read := a.keptFiles(), a.readFiles(cmd, args)
	for _, name := range []string{"report", "save", "output"} {
		flag := cmd.Flags().Lookup(name)
		if flag == nil || flag.Value.String() == "" || name == "output" && flag.Value.String() == "-" {
			continue
		}
		path := flag.Value.String()
		for _, other := range slices.Concat(kept, read) {
			if slices.ContainsFunc(hold.UseReplaced("", path), other.Is) {
				return usagef("--%s %s: writing this file would replace %s: name another file", name, path, other.What)
			}
		}
		if pattern := matchedBy(cmd, args, path); pattern != "" {
			return usagef("--%s %s: the SOURCE %s matches this file, which would be read as a source the next time: name another file", name, path, pattern)
		}
	}
	for _, own := range kept {
		for _, other := range read {
			if own.Is(other) {
				return usagef("%s: this is %s and %s at the same time: name another file for one of them", other.Path, other.What, own.What)
			}
		}
	}
	return nil
}

// keptFiles returns the files of the queue.
func (a *app) keptFiles() []hold.Used {
	if path, err := a.locateQueue(); err != nil || path == "" {
		return nil
	}
	path := a.queuePath()
	return append(hold.UseReplaced("the queue's status file", a.statusPath()), hold.Use("the queue", path), hold.Use("the queue's lock file", file.LockPath(path)))
}

// readFiles returns the files that the command reads.
func (a *app) readFiles(cmd *cobra.Command, args []string) (files []hold.Used) {
	stdin := false
	add := func(what, path string) {
		switch path {
		case "":
		case "-":
			stdin = true
		default:
			files = append(files, hold.Use(what, path))
		}
	}
	for _, src := range sourcesOf(cmd, args) {
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
	path, _ := a.env().Path(cmd)
	add("the config file", path)
	for _, path := range a.env().AWSFiles() {
		add("a file of AWS credentials", path)
	}
	if in, ok := a.in.(*os.File); ok && stdin {
		if f, err := hold.UseOpen("what standard input reads", in); err == nil {
			files = append(files, f)
		}
	}
	return files
}

// sourcesOf returns the SOURCE arguments of a command; none if it takes none.
func sourcesOf(cmd *cobra.Command, args []string) (all []manifest.Source) {
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

// matchedBy returns the first SOURCE that is a pattern and matches the path; "" if none does.
func matchedBy(cmd *cobra.Command, args []string, path string) string {
	for _, src := range sourcesOf(cmd, args) {
		if src.Matches(path) {
			return src.Arg
		}
	}
	return ""
}
