package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"airlift/manifest"
	"airlift/queue/hold"
)

// usedFile is a file that a command writes or reads.
type usedFile struct {
	// what says what it is, for a message.
	what string
	path string
	info os.FileInfo // nil if it is not there
}

func fileAt(what, path string) usedFile {
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	return usedFile{what, path, info}
}

// is reports whether both are one file, by whatever name or link. Pipes and devices are never replaced, so they may stand
// for several files.
func (f usedFile) is(other usedFile) bool {
	if f.info != nil && other.info != nil {
		return f.info.Mode().IsRegular() && os.SameFile(f.info, other.info)
	}
	if f.info != nil || other.info != nil {
		return false
	}
	a, err := hold.Resolve(f.path)
	if err != nil {
		return false
	}
	b, err := hold.Resolve(other.path)
	return err == nil && a == b
}

// checkFiles refuses a command that would replace a file which it reads or keeps: a report written over the queue would
// lose all that it knows.
func (a *app) checkFiles(cmd *cobra.Command, args []string) error {
	kept, read := a.keptFiles(), a.readFiles(cmd, args)
	for _, name := range []string{"report", "save", "output"} {
		flag := cmd.Flags().Lookup(name)
		if flag == nil || flag.Value.String() == "" || name == "output" && flag.Value.String() == "-" {
			continue
		}
		path := flag.Value.String()
		files := []usedFile{fileAt("", path)}
		if tmp, err := hold.TempName(path); err == nil {
			files = append(files, fileAt("", tmp))
		}
		for _, other := range slices.Concat(kept, read) {
			if slices.ContainsFunc(files, other.is) {
				return usagef("--%s %s: writing this file would replace %s: name another file", name, path, other.what)
			}
		}
		if pattern := matchedBy(cmd, args, path); pattern != "" {
			return usagef("--%s %s: the SOURCE %s matches this file, which would be read as a source the next time: name another file", name, path, pattern)
		}
	}
	for _, own := range kept {
		for _, other := range read {
			if own.is(other) {
				return usagef("%s: this is %s and %s at the same time: name another file for one of them", other.path, other.what, own.what)
			}
		}
	}
	return nil
}

// keptFiles are those that the queue consists of.
func (a *app) keptFiles() []usedFile {
	if path, err := a.locateQueue(); err != nil || path == "" {
		return nil
	}
	path := a.queuePath()
	files := []usedFile{fileAt("the queue", path), fileAt("the queue's lock file", path+".lock"), fileAt("the queue's status file", a.statusPath())}
	if tmp, err := hold.TempName(a.statusPath()); err == nil {
		files = append(files, fileAt("the queue's status file", tmp))
	}
	return files
}

// readFiles are those that the command reads.
func (a *app) readFiles(cmd *cobra.Command, args []string) (files []usedFile) {
	stdin := false
	add := func(what, path string) {
		if path == "-" {
			stdin = true
			return
		}
		files = append(files, fileAt(what, path))
	}
	for _, src := range sourcesOf(cmd, args) {
		if src.OnS3() {
			continue
		}
		found, err := src.Files()
		if err != nil {
			continue // said when the sources are opened
		}
		for _, f := range found {
			add("a SOURCE", f.Canonical())
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
	if path, _ := a.configPath(cmd); path != "" {
		add("the config file", path)
	}
	for _, path := range a.env().AWSFiles() {
		if path != "" {
			add("a file of AWS credentials", path)
		}
	}
	if in, ok := a.in.(*os.File); ok && stdin {
		if info, err := in.Stat(); err == nil {
			files = append(files, usedFile{"what standard input reads", "-", info})
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
