package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/filter"
	"airlift/manifest/preflight"
)

// Sources are the sources of a reading, and which of their rows it takes.
type Sources struct {
	// Named are the sources as the user named them, List the ones to read: a pattern is one in Named and several files
	// in List.
	Named, List []manifest.Source
	// Options say how all are read.
	Options manifest.Options
	// Filter says which rows are taken. Of those that pass it, Sample is how many to take spread over all, or Limit how
	// many to take from the start; 0 takes all.
	Filter *filter.Filter
	Sample int
	Limit  int64
	// AllowEmpty says that it is not an error if nothing is found.
	AllowEmpty bool
	// Region is that of the S3 server.
	Region string
	// Preflight checks the object of each item; nil: they are not checked.
	Preflight *preflight.Checker
	// Fingerprint differs for sources that would not yield the same rows.
	Fingerprint string
	// Hide removes credentials from the messages of an S3 server; nil without an S3 server.
	Hide *strings.Replacer
}

// ParseSources returns the sources that the arguments name, without opening them.
func ParseSources(args []string) (Sources, error) {
	var s Sources
	for _, arg := range args {
		src, err := manifest.ParseSource(arg)
		if err != nil {
			return s, err
		}
		if src.Kind == manifest.KindFile {
			if err := checkFile(arg); err != nil {
				return s, err
			}
		}
		files, err := src.Files()
		if err != nil {
			return s, err
		}
		s.Named, s.List = append(s.Named, src), append(s.List, files...)
	}
	return s, nil
}

// OnS3 reports whether any of the sources is on S3.
func (s *Sources) OnS3() bool { return slices.ContainsFunc(s.Named, manifest.Source.OnS3) }

// NoBatch says why the sources have no default batch, "" if they have one.
func (s *Sources) NoBatch() string {
	switch {
	case len(s.Named) > 1 || s.List[0].Kind == manifest.KindStdin:
		return "several sources and standard input have no default"
	case isStream(s.Named[0]):
		return s.Named[0].Arg + " is a pipe or device, whose name says nothing of what it holds"
	}
	return ""
}

// CheckRereadable returns an error if a source cannot be read twice.
func (s *Sources) CheckRereadable() error {
	for _, src := range s.List {
		if isStream(src) && !isRegular(src.Arg) {
			return entry.Usagef("--strict reads its sources twice, and %s is a pipe or device: give a file, or - for standard input", src.Arg)
		}
	}
	return nil
}

// Resolve determines what each source is, as far as possible without reading it. It refuses a file if neither an option
// nor its name nor its content says the format: that must be known before anything is stored or sent.
func (s *Sources) Resolve(ctx context.Context) (err error) {
	for i, src := range s.List {
		if src.OnS3() && s.Options.S3 == nil {
			continue // missing credentials are reported with all other settings
		}
		if s.List[i], err = src.Resolve(s.Options); err != nil {
			return err
		}
	}
	options := s.Options
	options.Warn = nil // it warns when the source is read
	for _, src := range s.List {
		if src.Kind != manifest.KindFile || src.Format != "" || !isRegular(src.Arg) {
			continue
		}
		r, err := manifest.Open(ctx, src.Arg, options)
		if err == nil {
			err = r.Close()
		}
		if errors.Is(err, entry.ErrUsage) {
			return err
		}
	}
	return nil // other errors show up when they are read
}

// hidden removes the keys from an error of a source: a server may echo what it was sent.
func (s *Sources) hidden(err error) error {
	var broken *entry.BrokenError
	if s.Hide == nil || !errors.As(err, &broken) {
		return err
	}
	clean := *broken
	clean.Err = errors.New(s.Hide.Replace(broken.Err.Error()))
	return &clean
}

// checkFile finds a wrong name before anything is stored or sent.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return entry.Usagef("there is no file %s: check the SOURCE's name", path)
	case err == nil && info.IsDir():
		return entry.Usagef("%s is a directory: name a manifest, or s3://bucket/prefix to list a bucket", path)
	}
	return nil // other errors show up when it is opened
}

// isRegular reports whether a file can be read again.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isStream reports whether a source is a file whose name does not identify its content: a pipe, a device, or a file
// descriptor such as /dev/fd/63 of a process substitution, also through links.
func isStream(src manifest.Source) bool {
	if src.Kind != manifest.KindFile {
		return false
	}
	path := src.Canonical()
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return true
	}
	for range 40 { // as many links as a system follows
		if path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/") {
			return true
		}
		target, err := os.Readlink(path)
		if err != nil {
			return false
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = filepath.Clean(target)
	}
	return false
}

// defaultBatch returns the default batch id of a source. It does not depend on the content, so that the same command
// finds the same batch again.
func defaultBatch(src manifest.Source) string {
	const longest = 100
	name := []rune(src.BaseName())
	name = name[:min(len(name), longest)]
	for i, r := range name {
		if r < 0x20 || r == 0x7f || r == 0xfffd {
			name[i] = '_'
		}
	}
	sum := sha256.Sum256([]byte(src.Canonical()))
	return string(name) + "-" + hex.EncodeToString(sum[:4])
}
