package manifest

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Reasons for which Filter.Skip leaves an entry out.
const (
	SkipSent         = "already sent"  // a row of a report, in state submitted, sending or in_doubt
	SkipFolderMarker = "folder marker" // a listed key that ends in "/"
	SkipType         = "file type"     // an extension that is not wanted
	SkipNotIncluded  = "not included"  // no include pattern matches
	SkipExcluded     = "excluded"      // an exclude pattern matches
)

// FilterConfig says which entries to take. The zero value takes every row of a
// manifest that was not sent, and of a scan the types that AiR reads.
type FilterConfig struct {
	// Include and Exclude are doublestar globs (*, **, ?, [a-z], {a,b}), case
	// sensitive. One without a slash matches the key's last part, as in rclone;
	// one with a slash matches the whole key; a leading slash only says that.
	// With Include, an entry must match one of them; Exclude wins.
	Include, Exclude []string
	// Types are extensions (with or without dot, any case) to take, from
	// manifests as well as scans. Empty: AiRTypes, and from scans only, since
	// the rows of a manifest were chosen.
	Types []string
	// AllTypes takes all types; it excludes Types.
	AllTypes bool
}

// Filter decides which entries are left out. It is safe for concurrent use.
type Filter struct {
	include, exclude []glob
	types            map[string]bool // nil: all
	scansOnly        bool            // types apply to scans only
}

// NewFilter checks the patterns. Its errors are ErrUsage.
func NewFilter(c FilterConfig) (*Filter, error) {
	f := &Filter{}
	var err error
	if f.include, err = globs("--include", c.Include); err != nil {
		return nil, err
	}
	if f.exclude, err = globs("--exclude", c.Exclude); err != nil {
		return nil, err
	}
	switch {
	case c.AllTypes && len(c.Types) > 0:
		return nil, usagef("all types and a list of types exclude each other; give one")
	case c.AllTypes:
		return f, nil
	}
	types := c.Types
	if len(types) == 0 {
		types, f.scansOnly = AiRTypes(), true
	}
	f.types = make(map[string]bool, len(types))
	for _, t := range types {
		t = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(t), "."))
		if t == "" || strings.ContainsAny(t, "./*") {
			return nil, usagef("type %q is no file extension; write for example mp4", t)
		}
		f.types["."+t] = true
	}
	return f, nil
}

// Skip gives the reason for which the entry is left out, "" if it is taken. The
// reason is one of the Skip constants.
func (f *Filter) Skip(e *Entry) string {
	switch e.State {
	case "submitted", "sending", "in_doubt":
		return SkipSent
	}
	if e.Scan && strings.HasSuffix(e.Key, "/") {
		return SkipFolderMarker
	}
	if f.types != nil && (e.Scan || !f.scansOnly) && !f.types[extension(e.Key)] {
		return SkipType
	}
	if len(f.include) > 0 && !matchAny(f.include, e.Key) {
		return SkipNotIncluded
	}
	if matchAny(f.exclude, e.Key) {
		return SkipExcluded
	}
	return ""
}

// glob is one checked pattern.
type glob struct {
	pattern string
	base    bool // matches the last part of the key
}

func globs(flag string, patterns []string) ([]glob, error) {
	var all []glob
	for _, p := range patterns {
		if p == "" || !doublestar.ValidatePattern(p) {
			return nil, usagef("%s %q is no valid pattern; write for example '*.mov' or 'videos/**', and a bracket, brace or backslash of a name with a backslash before it", flag, p)
		}
		all = append(all, glob{strings.TrimPrefix(p, "/"), !strings.Contains(p, "/")})
	}
	return all, nil
}

func matchAny(globs []glob, key string) bool {
	base := key[strings.LastIndexByte(key, '/')+1:]
	for _, g := range globs {
		name := key
		if g.base {
			name = base
		}
		if doublestar.MatchUnvalidated(g.pattern, name) {
			return true
		}
	}
	return false
}
