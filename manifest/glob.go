package manifest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// globs are checked patterns, sorted by how they are matched: a list of a
// hundred thousand exact names costs one look.
type globs struct {
	keys, bases map[string]bool // whole keys, and last parts of keys, as they are
	patterns    []glob
}

// glob is one pattern that holds a wildcard.
type glob struct {
	pattern string
	base    bool // matches the last part of the key
}

// newGlobs checks the patterns; flag is where they come from.
func newGlobs(flag string, patterns []string) (globs, error) {
	g := globs{keys: map[string]bool{}, bases: map[string]bool{}}
	for _, p := range patterns {
		if reason := checkPattern(p); reason != "" {
			return g, usagef("%s %s", flag, reason)
		}
		base := !strings.Contains(p, "/")
		p = strings.TrimPrefix(p, "/")
		switch {
		case strings.ContainsAny(p, `*?[]{}\`):
			g.patterns = append(g.patterns, glob{p, base})
		case base:
			g.bases[p] = true
		default:
			g.keys[p] = true
		}
	}
	return g, nil
}

// checkPattern says what is wrong with a pattern, "" if nothing is.
func checkPattern(p string) string {
	if p == "" || !doublestar.ValidatePattern(p) {
		return fmt.Sprintf("%q is no valid pattern; write for example '*.mov' or 'videos/**', and a bracket, brace or backslash of a name with a backslash before it", p)
	}
	return ""
}

func (g globs) empty() bool { return len(g.keys)+len(g.bases)+len(g.patterns) == 0 }

func (g globs) match(key string) bool {
	base := key[strings.LastIndexByte(key, '/')+1:]
	if g.keys[key] || g.bases[base] {
		return true
	}
	for _, p := range g.patterns {
		name := key
		if p.base {
			name = base
		}
		if doublestar.MatchUnvalidated(p.pattern, name) {
			return true
		}
	}
	return false
}

// ReadPatterns reads a file of patterns as rclone does: one a line, without the
// blanks around it; blank lines and those that begin with # or ; say nothing.
// A file without any pattern is an error, for it would be taken as no filter at
// all. Errors name the file and, where there is one, the line; they are ErrUsage.
func ReadPatterns(name string, r io.Reader) ([]string, error) {
	var all []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 2*MaxKey+bufio.MaxScanTokenSize)
	number := 1
	for ; lines.Scan(); number++ {
		line := lines.Bytes()
		if number == 1 {
			line = bytes.TrimPrefix(line, bom)
		}
		p := string(bytes.TrimSpace(line))
		if p == "" || p[0] == '#' || p[0] == ';' {
			continue
		}
		if reason := checkPattern(p); reason != "" {
			return nil, usagef("%s: line %d: %s", name, number, reason)
		}
		all = append(all, p)
	}
	if err := lines.Err(); err != nil {
		return nil, usagef("%s: line %d: %v", name, number, err)
	}
	if len(all) == 0 {
		return nil, usagef("%s holds no pattern; write one a line, or leave the flag out", name)
	}
	return all, nil
}
