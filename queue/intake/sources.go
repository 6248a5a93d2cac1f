package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"airlift/manifest"
	"airlift/manifest/filter"
	"airlift/manifest/preflight"
)

// Sources are what is read, and what of it is taken.
type Sources struct {
	// Named are the sources as they were named, List those that are read: a pattern is one, and several files in List.
	Named, List []manifest.Source
	// Options say how all are read.
	Options manifest.Options
	// Filter says which rows are taken. Of these, if not 0, Sample is how many are taken, spread over all, or Limit how many
	// are taken from the first on.
	Filter *filter.Filter
	Sample int
	Limit  int64
	// AllowEmpty says that it is no fault if nothing is found.
	AllowEmpty bool
	// Region is that of the S3 server.
	Region string
	// Preflight looks at the object of each item; nil: nothing does.
	Preflight *preflight.Checker
	// Fingerprint tells sources apart of which not the same would be found.
	Fingerprint string
	// Hide takes the keys out of what an S3 server says; nil without one.
	Hide *strings.Replacer
}

// ParseSources returns the sources that the arguments name. It opens none.
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

// OnS3 reports whether any of the sources is.
func (s *Sources) OnS3() bool {
	for _, src := range s.Named {
		if src.OnS3() {
			return true
		}
	}
	return false
}

// NoBatch says why the sources have no batch of their own, "" if they have.
func (s *Sources) NoBatch() string {
	switch {
	case len(s.Named) > 1 || s.List[0].Kind == manifest.KindStdin:
		return "several sources and standard input have no default"
	case isStream(s.Named[0]):
		return s.Named[0].Arg + " is a pipe or device, whose name says nothing of what it holds"
	}
	return ""
}

// CheckTwice refuses sources that cannot be read twice.
func (s *Sources) CheckTwice() error {
	for _, src := range s.List {
		if isStream(src) && !isRegular(src.Arg) {
			return usagef("--strict reads its sources twice, and %s is a pipe or device: give a file, or - for standard input", src.Arg)
		}
	}
	return nil
}

// Resolve finds out what each source is, as far as that can be told before it is read. It refuses files whose format
// neither an option nor the name tells, nor the content for certain: a setting is missing, and that is to be said before
// anything is read, stored or sent.
func (s *Sources) Resolve(ctx context.Context) (err error) {
	for i, src := range s.List {
		if src.OnS3() && s.Options.S3 == nil {
			continue // what is missing is said together with all else
		}
		if s.List[i], err = src.Resolve(s.Options); err != nil {
			return err
		}
	}
	options := s.Options
	options.Warn = nil // it is told when the source is read
	for _, src := range s.List {
		if src.Kind != manifest.KindFile || src.Format != "" || !isRegular(src.Arg) {
			continue
		}
		r, err := manifest.Open(ctx, src.Arg, options)
		if err == nil {
			err = r.Close()
		}
		if errors.Is(err, manifest.ErrUsage) {
			return err
		}
	}
	return nil // all else shows when they are read
}

// hidden returns an error of a source without the keys: a server may echo what it was sent.
func (s *Sources) hidden(err error) error {
	var broken *manifest.BrokenError
	if s.Hide == nil || !errors.As(err, &broken) {
		return err
	}
	clean := *broken
	clean.Err = errors.New(s.Hide.Replace(broken.Err.Error()))
	return &clean
}

// checkFile finds what was misnamed before anything is read, sent or stored.
func checkFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usagef("there is no file %s: check the SOURCE's name", path)
	case err == nil && info.IsDir():
		return usagef("%s is a directory: name a manifest, or s3://bucket/prefix to list a bucket", path)
	}
	return nil // all else shows when it is opened
}

// isRegular reports whether what is read of a file can be read once more.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isStream reports whether a source is a file whose name does not say what it holds: a pipe or a device, or what a
// process has open, such as /dev/fd/63 of a process substitution, by any link.
func isStream(src manifest.Source) bool {
	if src.Kind != manifest.KindFile {
		return false
	}
	path := src.Canonical()
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return true
	}
	for range 40 { // links, as many as a system follows
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

// defaultBatch returns the batch of a source that was given none: the same command finds the same batch, whatever the
// source holds by then.
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
