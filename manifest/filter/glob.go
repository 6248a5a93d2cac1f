package filter

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// compileGlob compiles a pattern: one regular expression for the pattern as written, and one for its NFC form if that
// differs. A key matches if it or its NFC form matches one of them, so accents match however they are composed.
//
// A pattern is rclone's, for which there is no library (rclone.org/filtering, "Pattern syntax"): * (within a part of
// the key), ** (across parts), ?, [classes], {alternatives}, {{regular expression}}, and a backslash before a literal
// character. It must match whole parts at the key's end, or, with a slash in front, the whole key. Case counts.
func compileGlob(pattern string) ([]*regexp.Regexp, error) {
	var all []*regexp.Regexp
	for _, form := range forms(pattern) {
		text, err := translate(form)
		if err != nil {
			return nil, fmt.Errorf("%q is no valid pattern: %w", pattern, err)
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no valid pattern: %w", pattern, err)
		}
		all = append(all, re)
	}
	return all, nil
}

// forms returns a text, and its NFC form if that is another.
func forms(text string) []string {
	if norm.NFC.IsNormalString(text) {
		return []string{text}
	}
	return []string{text, norm.NFC.String(text)}
}

// literal returns the text that a pattern without any special character means.
func literal(pattern string) (string, bool) {
	return pattern, !strings.ContainsAny(pattern, `*?[]{}\`)
}

// translate returns the regular expression of one form of a pattern.
func translate(pattern string) (string, error) {
	if pattern == "" {
		return "", errors.New("it is empty")
	}
	if !utf8.ValidString(pattern) {
		return "", errors.New("it is not UTF-8, and keys are")
	}
	t := translator{rest: pattern}
	t.out.WriteString(`(?:^|/)`)
	if rooted, ok := strings.CutPrefix(pattern, "/"); ok {
		t.out.Reset()
		t.out.WriteByte('^')
		t.rest = rooted
	}
	for t.rest != "" {
		if err := t.step(); err != nil {
			return "", err
		}
	}
	if t.depth > 0 {
		return "", errors.New("a { has no }; write \\{ for a brace that is part of the name")
	}
	t.out.WriteByte('$')
	return t.out.String(), nil
}

// translator translates a pattern from its beginning to its end.
type translator struct {
	rest  string
	out   strings.Builder
	depth int // of braces
}

// step translates the next element.
func (t *translator) step() error {
	switch c := t.rest[0]; c {
	case '*':
		stars := len(t.rest) - len(strings.TrimLeft(t.rest, "*"))
		switch stars {
		case 1:
			return t.put(1, `[^/]*`)
		case 2:
			return t.put(2, `(?s:.*)`)
		}
		return errors.New("more than two stars stand side by side")
	case '?':
		return t.put(1, `[^/]`)
	case '\\':
		if len(t.rest) == 1 {
			return errors.New(`it ends with a backslash; write \\ for one that is part of the name`)
		}
		_, size := utf8.DecodeRuneInString(t.rest[1:])
		return t.put(1+size, t.rest[:1+size]) // also a class, such as \d
	case '[':
		return t.class()
	case ']':
		return errors.New(`a ] has no [; write \] for a bracket that is part of the name`)
	case '{':
		if strings.HasPrefix(t.rest, "{{") {
			return t.expression()
		}
		t.depth++
		return t.put(1, `(?:`)
	case '}':
		if t.depth == 0 {
			return errors.New(`a } has no {; write \} for a brace that is part of the name`)
		}
		t.depth--
		return t.put(1, `)`)
	case ',':
		if t.depth > 0 {
			return t.put(1, `|`)
		}
	}
	_, size := utf8.DecodeRuneInString(t.rest)
	return t.put(size, regexp.QuoteMeta(t.rest[:size]))
}

// put writes the translation of the next n bytes.
func (t *translator) put(n int, expression string) error {
	t.out.WriteString(expression)
	t.rest = t.rest[n:]
	return nil
}

// class copies a character class, which is written as in regular expressions. The documentation has [!a] for all but a,
// and rclone itself takes it for ! or a; so it is refused.
func (t *translator) class() error {
	if strings.HasPrefix(t.rest, "[!") {
		return errors.New(`[! is read in two ways by rclone and its documentation; write [^...] for all but these, or [\!...]`)
	}
	at := 1
	if strings.HasPrefix(t.rest, "[^") {
		at = 2
	}
	for first := at; at < len(t.rest); {
		switch {
		case t.rest[at] == '\\' && at+1 < len(t.rest):
			at += 2
		case strings.HasPrefix(t.rest[at:], "[:"):
			end := strings.Index(t.rest[at:], ":]")
			if end < 0 {
				return errors.New("a [: has no :]")
			}
			at += end + 2
		case t.rest[at] != ']':
			at++
		case at == first:
			return errors.New("a class [] holds nothing")
		default:
			return t.put(at+1, t.rest[:at+1])
		}
	}
	return errors.New(`a [ has no ]; write \[ for a bracket that is part of the name`)
}

// expression copies a {{regular expression}}. It ends at the first }}, or at the last of more braces in a row.
func (t *translator) expression() error {
	end := strings.Index(t.rest, "}}")
	if end < 0 {
		return errors.New("a {{ has no }}")
	}
	for strings.HasPrefix(t.rest[end+1:], "}}") {
		end++
	}
	inner := t.rest[2:end]
	if _, err := regexp.Compile(inner); err != nil { // it must not close our own groups
		return err
	}
	return t.put(end+2, `(?:`+inner+`)`)
}
