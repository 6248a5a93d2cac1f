package manifest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// quick reads a line as parse does, at less cost, if all its names were met
// before. It is false for whatever it is not certain of, and for all that is
// wrong: such a line is parse's, so that quick decides nothing.
func (r *jsonRows) quick(line []byte) bool {
	r.begin()
	if line[0] != '{' || !plainText(line) || r.quickObject(line, 1, top) != len(line) || r.reason != "" {
		return false
	}
	if len(line) <= longPattern {
		r.pattern = append(r.pattern, line...)
	}
	return true
}

// plainText reports whether a text is valid UTF-8 without control characters.
func plainText(text []byte) bool {
	const each = 0x0101010101010101 // byte of eight
	high := uint64(0)
	rest := text
	for ; len(rest) >= 8; rest = rest[8:] {
		eight := binary.LittleEndian.Uint64(rest)
		if (eight-each*' ')&^eight&(each*0x80) != 0 { // one is less than a blank
			return false
		}
		high |= eight
	}
	for _, c := range rest {
		if c < ' ' {
			return false
		}
		high |= uint64(c)
	}
	return high&(each*0x80) == 0 || utf8.Valid(text)
}

// quickObject reads an object's members, the first of which stands at line[i:].
// It returns where the line goes on behind the object, -1 where parse must look.
func (r *jsonRows) quickObject(line []byte, i int, s scope) int {
	if i = blanks(line, i); byteAt(line, i) == '}' {
		return i + 1
	}
	for {
		end := stringEnd(line, i)
		if end < 0 {
			return -1
		}
		m := r.members[s][string(line[i:end])]
		if m == nil || m.line == r.in.line { // not known, or given twice
			return -1
		}
		m.line = r.in.line
		if i = blanks(line, end); byteAt(line, i) != ':' {
			return -1
		}
		i = blanks(line, i+1)
		if m.into != top && byteAt(line, i) == '{' {
			i = r.quickObject(line, i+1, m.into)
		} else {
			i = r.quickValue(line, i, m)
		}
		if i < 0 {
			return -1
		}
		i = blanks(line, i)
		switch byteAt(line, i) {
		case '}':
			return i + 1
		case ',':
			i = blanks(line, i+1)
		default:
			return -1
		}
	}
}

// quickValue sets the value of m that stands at line[i:]. It returns where the
// line goes on behind it, -1 where parse must look.
func (r *jsonRows) quickValue(line []byte, i int, m *member) int {
	kind, end := jsontext.Kind(byteAt(line, i)), -1
	switch kind {
	case '"':
		end = stringEnd(line, i)
	case '{', '[':
		end = nestedEnd(line, i, m.value)
	case 'n':
		end = literalEnd(line, i, "null")
	case 't':
		end = literalEnd(line, i, "true")
	case 'f':
		end = literalEnd(line, i, "false")
	default:
		kind, end = '0', numberEnd(line, i)
	}
	if end < 0 {
		return -1
	}
	text, value, err := m.keep(kind, line[i:end])
	if err != nil {
		return -1
	}
	if m.varied && (kind == '"' || kind == '0') {
		r.varies(m, kind, i, end)
	}
	r.set(m.scope, m.col, m.name(), kind, value, text)
	return end
}

// keep gives a value's text as a string and what it means, the same strings as
// before if it is the same text. Its error is that of an escape.
func (m *member) keep(kind jsontext.Kind, raw []byte) (text, value string, err error) {
	if string(raw) == m.value {
		return m.value, m.meant, nil
	}
	text = string(raw)
	value = text
	if kind == '"' {
		if value, err = unquote(text); err != nil {
			return "", "", err
		}
	}
	m.varied = m.varied || m.value != ""
	if len(text) <= knownText {
		m.value, m.meant = text, value
	}
	return text, value, nil
}

// stringEnd returns the end of the string at line[i:], whose escapes are not
// looked at, -1 if there is none.
func stringEnd(line []byte, i int) int {
	if byteAt(line, i) != '"' {
		return -1
	}
	for {
		i++
		n := bytes.IndexByte(line[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		before := i
		for line[before-1] == '\\' {
			before--
		}
		if (i-before)%2 == 0 { // no backslash is left for the quote
			return i + 1
		}
	}
}

// nestedEnd returns the end of the object or array at line[i:], -1 if it is not
// good JSON or so long that its depth matters. Known is good.
func nestedEnd(line []byte, i int, known string) int {
	first, depth := i, 0
	for i < len(line) && i-first < knownText {
		switch line[i] {
		case '"':
			if i = stringEnd(line, i); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			if string(line[first:i]) != known && !jsontext.Value(line[first:i]).IsValid() {
				return -1
			}
			return i
		}
	}
	return -1
}

// numberEnd returns the end of a number at line[i:] without exponent, -1 if there is none.
func numberEnd(line []byte, i int) int {
	if byteAt(line, i) == '-' {
		i++
	}
	first := i
	i = digits(line, i)
	if i == first || byteAt(line, first) == '0' && i > first+1 {
		return -1
	}
	if byteAt(line, i) == '.' {
		first = i + 1
		if i = digits(line, first); i == first {
			return -1
		}
	}
	return i
}

func digits(line []byte, i int) int {
	for c := byteAt(line, i); '0' <= c && c <= '9'; c = byteAt(line, i) {
		i++
	}
	return i
}

func literalEnd(line []byte, i int, literal string) int {
	if end := i + len(literal); end <= len(line) && string(line[i:end]) == literal {
		return end
	}
	return -1
}

func blanks(line []byte, i int) int {
	for byteAt(line, i) == ' ' {
		i++
	}
	return i
}

// byteAt is 0, which no plain text holds, behind the end.
func byteAt(line []byte, i int) byte {
	if i < len(line) {
		return line[i]
	}
	return 0
}
