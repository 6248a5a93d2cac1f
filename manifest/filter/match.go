package filter

import (
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// pattern is one pattern of a list.
type pattern struct {
	text    string
	order   int // its place among all patterns, the first match of which counts
	exclude bool
	regexps []*regexp.Regexp // none: it is one of the maps' of matcher, or has endings
	endings []string         // of keys, as *.mov has one
	matched atomic.Bool      // by some key
}

// matcher finds the first pattern that matches a key. It looks up exact names and folders in maps, so that a hundred
// thousand of them take no longer than a few. It is safe for concurrent use once all patterns are added.
type matcher struct {
	keys    map[string]*pattern // /a/b: the whole key
	ends    map[string]*pattern // a/b: the key's last parts
	roots   map[string]*pattern // /a/b/**: the key's first parts, and more
	folders map[string]*pattern // a/b/**: parts of the key, and more
	others  []*pattern          // by order
	count   int
}

// add adds a pattern after all others. It returns an earlier one with the same text if there is one. An exclusion that
// ends in a slash is for everything in that folder; any other pattern that does matches no object.
func (m *matcher) add(text string, exclude bool) (*pattern, error) {
	glob := text
	if strings.HasSuffix(text, "/") && exclude {
		glob += "**"
	}
	regexps, err := compileGlob(glob)
	if err != nil {
		return nil, err
	}
	p := &pattern{text: text, exclude: exclude, order: m.count}
	m.count++
	if strings.HasSuffix(text, "/") && !exclude {
		return p, nil
	}
	for _, form := range forms(glob) {
		into, name := m.place(form)
		if into == nil {
			p.regexps, p.endings = regexps, endings(glob)
			m.others = append(m.others, p)
			return p, nil
		}
		if *into == nil {
			*into = map[string]*pattern{}
		}
		if before := (*into)[name]; before != nil && before != p {
			return before, nil
		}
		(*into)[name] = p
	}
	return p, nil
}

// place returns the map in which a pattern is looked up, and its name there; nil if it is none of those.
func (m *matcher) place(glob string) (into *map[string]*pattern, name string) {
	name, rooted := strings.CutPrefix(glob, "/")
	name, tree := strings.CutSuffix(name, "/**")
	if _, plain := literal(name); !plain || name == "" {
		return nil, ""
	}
	switch {
	case rooted && tree:
		return &m.roots, name
	case tree:
		return &m.folders, name
	case rooted:
		return &m.keys, name
	}
	return &m.ends, name
}

// first returns the first pattern that matches the key, nil if none does, and records which ones ever matched.
func (m *matcher) first(key string) *pattern {
	best := m.of(key, nil)
	if !isASCII(key) && !norm.NFC.IsNormalString(key) {
		best = m.of(norm.NFC.String(key), best)
	}
	return best
}

// of finds the first pattern that matches one form of a key, if it comes before best.
func (m *matcher) of(key string, best *pattern) *pattern {
	found := func(p *pattern) {
		if p == nil {
			return
		}
		if !p.matched.Load() {
			p.matched.Store(true)
		}
		if best == nil || p.order < best.order {
			best = p
		}
	}
	found(m.keys[key])
	if m.ends != nil || m.folders != nil || m.roots != nil {
		m.lookUp(key, found)
	}
	for _, p := range m.others {
		if best != nil && best.order < p.order && p.matched.Load() {
			continue // a later pattern, already known to match some key
		}
		if p.matches(key) {
			found(p)
		}
	}
	return best
}

// matches reports whether a pattern that is in no map matches.
func (p *pattern) matches(key string) bool {
	if p.endings != nil {
		return slices.ContainsFunc(p.endings, func(end string) bool { return strings.HasSuffix(key, end) })
	}
	return slices.ContainsFunc(p.regexps, func(re *regexp.Regexp) bool { return re.MatchString(key) })
}

// endings returns the endings of the keys that a pattern such as *.mov matches, the most usual kind, which is looked at
// without a regular expression; nil for all others.
func endings(glob string) []string {
	if len(glob) < 2 || glob[0] != '*' {
		return nil
	}
	all := forms(glob[1:])
	for _, end := range all {
		if _, plain := literal(end); !plain || strings.IndexByte(end, '/') >= 0 {
			return nil
		}
	}
	return all
}

// lookUp looks the parts of a key up.
func (m *matcher) lookUp(key string, found func(*pattern)) {
	for start := 0; ; {
		found(m.ends[key[start:]])
		for end := start; m.folders != nil || start == 0 && m.roots != nil; end++ {
			next := strings.IndexByte(key[end:], '/')
			if next < 0 {
				break
			}
			end += next
			found(m.folders[key[start:end]])
			if start == 0 {
				found(m.roots[key[:end]])
			}
		}
		next := strings.IndexByte(key[start:], '/')
		if next < 0 {
			return
		}
		start += next + 1
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
