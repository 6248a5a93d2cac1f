package filter

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync/atomic"

	"airlift/manifest/entry"
)

// Patterns are the flags that select keys, in the order in which rclone applies them, whatever their order on the
// command line (rclone.org/filtering, "How filter rules are applied to files"). The first pattern that matches a key
// decides; a key that none matches is taken, unless there is an Include or IncludeFrom.
type Patterns struct {
	// Include and Exclude are patterns (see compileGlob); IncludeFrom and
	// ExcludeFrom name files of them, one a line, "-" for Stdin.
	Include, IncludeFrom []string
	Exclude, ExcludeFrom []string
	// Filter are "+ PATTERN", "- PATTERN", and "!", which drops all rules before it; FilterFrom names files of these.
	Filter, FilterFrom []string
	// Stdin is read for the file "-"; nil: that is refused.
	Stdin io.Reader
}

// any reports whether there is any.
func (p Patterns) any() bool {
	return len(p.Include)+len(p.IncludeFrom)+len(p.Exclude)+len(p.ExcludeFrom)+len(p.Filter)+len(p.FilterFrom) > 0
}

// rules are all patterns in their order.
type rules struct {
	matcher     matcher
	defaultSkip bool // a key that no pattern matches is left out
	origins     []*origin
	used        atomic.Bool // a key was looked at
	overlaps    bool        // there are --include and --exclude patterns, from files too
}

// origin is a flag, or a file that a flag names.
type origin struct {
	name     string // "--include", or "exclude.txt (--exclude-from)"
	file     bool
	patterns []*pattern
}

// compile checks all patterns, and reports the errors of all flags together.
func (p Patterns) compile() (*rules, error) {
	r := &rules{defaultSkip: len(p.Include)+len(p.IncludeFrom) > 0}
	r.overlaps = r.defaultSkip && len(p.Exclude)+len(p.ExcludeFrom) > 0
	var problems []string
	check := func(flag string, err error) {
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", flag, err))
		}
	}
	include := func(o *origin, text string) error { return r.include(o, text) }
	exclude := func(o *origin, text string) error { return r.add(o, text, true) }
	check("--include", r.given("--include", p.Include, include))
	check("--include-from", r.files("--include-from", p.IncludeFrom, p.Stdin, include))
	check("--exclude", r.given("--exclude", p.Exclude, exclude))
	check("--exclude-from", r.files("--exclude-from", p.ExcludeFrom, p.Stdin, exclude))
	check("--filter", r.given("--filter", p.Filter, r.rule))
	check("--filter-from", r.files("--filter-from", p.FilterFrom, p.Stdin, r.rule))
	if len(problems) > 0 {
		return nil, entry.Usagef("%s", strings.Join(problems, "\n"))
	}
	return r, nil
}

// given adds the patterns of a flag.
func (r *rules) given(flag string, texts []string, add func(*origin, string) error) error {
	o := &origin{name: flag}
	r.origins = append(r.origins, o)
	for _, text := range texts {
		if err := add(o, text); err != nil {
			return err
		}
	}
	return nil
}

// files adds the patterns of files.
func (r *rules) files(flag string, names []string, stdin io.Reader, add func(*origin, string) error) error {
	for _, name := range names {
		o := &origin{name: name + " (" + flag + ")", file: true}
		r.origins = append(r.origins, o)
		if err := readFile(name, stdin, func(text string) error { return add(o, text) }); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads the patterns of a file, or of standard input.
func readFile(name string, stdin io.Reader, add func(text string) error) error {
	if name == "-" {
		if stdin == nil {
			return entry.Usagef("standard input is read for another purpose already: name a file")
		}
		return readList("standard input", stdin, add)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return readList(name, f, add)
}

// include adds an inclusion. One of a folder matches no object in rclone: it would leave everything out.
func (r *rules) include(o *origin, text string) error {
	if err := checkFolder(text); err != nil {
		return err
	}
	return r.add(o, text, false)
}

func checkFolder(text string) error {
	if strings.HasSuffix(text, "/") {
		return fmt.Errorf("%q names a folder, and matches no object, as in rclone; write %q for all that is in it", text, text+"**")
	}
	return nil
}

// rule adds a line of --filter.
func (r *rules) rule(o *origin, line string) error {
	switch {
	case line == "!":
		r.matcher, r.overlaps = matcher{}, false
		for _, o := range r.origins {
			o.patterns = nil
		}
		return nil
	case strings.HasPrefix(line, "+ "):
		return r.add(o, line[2:], false)
	case strings.HasPrefix(line, "- "):
		return r.add(o, line[2:], true)
	}
	return fmt.Errorf("%q is no rule; write \"+ PATTERN\", \"- PATTERN\" or \"!\"", line)
}

func (r *rules) add(o *origin, text string, exclude bool) error {
	p, err := r.matcher.add(text, exclude)
	if err != nil {
		return fmt.Errorf("%w; write for example '*.mov' or 'videos/**'", err)
	}
	o.patterns = append(o.patterns, p)
	return nil
}

// skip returns the reason for which the patterns leave a key out, "" if they take it.
func (r *rules) skip(key string) string {
	if !r.used.Load() {
		r.used.Store(true)
	}
	switch p := r.matcher.first(key); {
	case p != nil && p.exclude:
		return SkipExcluded
	case p == nil && r.defaultSkip:
		return SkipNotIncluded
	}
	return ""
}

// unmatched returns a sentence for each flag's pattern, and for each file, that no key has matched.
func (r *rules) unmatched() []string {
	if !r.used.Load() {
		return nil
	}
	var all []string
	for _, o := range r.origins {
		var none []string
		for _, p := range o.patterns {
			if !p.matched.Load() {
				none = append(none, p.text)
			}
		}
		switch {
		case len(none) == 0:
		case !o.file:
			for _, text := range none {
				all = append(all, fmt.Sprintf("%s %q matched nothing", o.name, text))
			}
		case len(none) == len(o.patterns):
			all = append(all, fmt.Sprintf("not one pattern of %s matched anything; the first is %q", o.name, none[0]))
		default:
			all = append(all, fmt.Sprintf("%d of the %d patterns of %s matched nothing, for example %q", len(none), len(o.patterns), o.name, none[0]))
		}
	}
	return all
}

// Keys returns a function that reports whether a key matches one of the patterns, which mean the same as those of
// Patterns.Include; it is safe for concurrent use. Its errors are entry.ErrUsage.
func Keys(flag string, patterns []string) (func(key string) bool, error) {
	r := &rules{}
	if err := r.given(flag, patterns, r.include); err != nil {
		return nil, entry.Usagef("%s: %v", flag, err)
	}
	return func(key string) bool { return r.matcher.first(key) != nil }, nil
}

// Expressions returns the regular expressions (see compileGlob) of patterns that mean
// the same as those of Patterns.Include.
func Expressions(patterns []string) ([]*regexp.Regexp, error) {
	var all []*regexp.Regexp
	for _, p := range patterns {
		if err := checkFolder(p); err != nil {
			return nil, err
		}
		regexps, err := compileGlob(p)
		if err != nil {
			return nil, err
		}
		all = append(all, regexps...)
	}
	return all, nil
}
