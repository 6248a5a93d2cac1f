package main

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/flags"
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
				return config.Usagef("--%s %s: writing this file would replace %s: name another file", name, path, other.What)
			}
		}
		if pattern := flags.SourceThatMatches(cmd, args, path); pattern != "" {
			return config.Usagef("--%s %s: the SOURCE %s matches this file, which would be read as a source the next time: name another file", name, path, pattern)
		}
	}
	for _, own := range kept {
		for _, other := range read {
			if own.Is(other) {
				return config.Usagef("%s: this is %s and %s at the same time: name another file for one of them", other.Path, other.What, own.What)
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
func (a *app) readFiles(cmd *cobra.Command, args []string) []hold.Used {
	files, stdin := flags.Files(cmd, args)
	add := func(what, path string) {
		if path != "" {
			files = append(files, hold.Use(what, path))
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
