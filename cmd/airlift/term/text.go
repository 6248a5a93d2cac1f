package term

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Text returns s for people, on one line: each character that is not [visible] is written as an escape of Go
// (\n, \x1b, \u202e, \U000e0041), and each byte that is not UTF-8 as \xNN. A backslash is not escaped.
func Text(s string) string {
	if IsPlain(s) {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/4)
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if visible(r) && !(r == utf8.RuneError && size == 1) {
			b = append(b, s[:size]...)
		} else {
			b = appendEscape(b, r, s[0], size)
		}
		s = s[size:]
	}
	return string(b)
}

// Cut returns s, or if it has more than most bytes the characters that fit, followed by "...".
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for end := most; end > most-utf8.UTFMax && end >= 0; end-- {
		if utf8.RuneStart(s[end]) {
			return s[:end] + "..."
		}
	}
	return s[:most] + "..." // no UTF-8
}

// IsPlain reports whether Text returns s unchanged.
func IsPlain[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf {
			return allVisible(string(s[i:]))
		} else if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func allVisible(s string) bool {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if !visible(r) || r == utf8.RuneError && size == 1 {
			return false
		}
		s = s[size:]
	}
	return true
}

// visible reports whether a terminal shows a character as itself. Control characters (C0, C1, DEL), format characters
// (Unicode's Cf: bidirectional marks, zero-width ones, tags, the byte order mark), separators of lines and paragraphs,
// and what is not assigned, private or ignored by default are not.
func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	return unicode.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// appendEscape appends the escape of a character, or of a byte that is not UTF-8.
func appendEscape(b []byte, r rune, first byte, size int) []byte {
	if r == utf8.RuneError && size == 1 {
		return append(b, '\\', 'x', hex[first>>4], hex[first&15])
	}
	if r == '\a' || r == '\b' || r == '\f' || r == '\v' { // as the others, not as Go's letters
		return append(b, '\\', 'x', hex[r>>4], hex[r&15])
	}
	quoted := strconv.AppendQuoteRuneToASCII(make([]byte, 0, 16), r)
	return append(b, quoted[1:len(quoted)-1]...)
}

const hex = "0123456789abcdef"
