package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"airlift/manifest/entry"
)

// isPattern reports whether an argument is a pattern that no shell has expanded. A file of exactly that name comes
// first, as it does in a shell.
func isPattern(arg string) bool {
	if !strings.ContainsAny(arg, "*?[{") {
		return false
	}
	_, err := os.Lstat(arg)
	return err != nil
}

// Files returns the files that a pattern matches, sorted by name; any other source is its own and only file. *, **, ?,
// [a-z] and {a,b} are those of a shell (bash with globstar), as are folders and names that begin with a dot: they are
// left out. A pattern that matches nothing is ErrUsage, and so is a folder that cannot be read: files in it would be
// missed.
func (s Source) Files() ([]Source, error) {
	if s.Kind != KindPattern {
		return []Source{s}, nil
	}
	pattern := filepath.ToSlash(s.Arg)
	if !doublestar.ValidatePattern(pattern) {
		return nil, entry.Usagef("there is no file %s, and it is no valid pattern either: check the SOURCE's name", s.Arg)
	}
	names, err := doublestar.FilepathGlob(pattern, doublestar.WithFilesOnly(), doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors())
	if err != nil {
		if cause, is := errors.AsType[*fs.PathError](err); is {
			return nil, entry.Usagef("%s: the folder %s cannot be read: %v", s.Arg, cause.Path, cause.Err)
		}
		return nil, entry.Usagef("%s: %v", s.Arg, err)
	}
	if len(names) == 0 {
		return nil, entry.Usagef("no file matches %s (looked for at %s): check the SOURCE's name", s.Arg, s.path)
	}
	slices.Sort(names)
	files := make([]Source, len(names))
	for i, name := range names {
		if files[i], err = ParseSource(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Matches reports whether the source is a pattern that matches a file of that name, which need not exist.
func (s Source) Matches(name string) bool {
	if s.Kind != KindPattern || strings.HasPrefix(filepath.Base(name), ".") {
		return false
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return false
	}
	matched, err := doublestar.PathMatch(s.path, abs)
	return err == nil && matched
}
