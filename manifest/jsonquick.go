package manifest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// quick reads a line as parse does, at a fraction of its cost: manifests are
// written by programs, whose lines have the same names in the same order and
// many of the same values. It is false for whatever it is not certain of, such
// as a name or an object that parse has not met yet, and for all that is wrong.
// Such a line is parse's, so that quick decides nothing.
func (r *jsonRows) quick(line []byte) bool {
	if line[0] != '{' || !plainLine(line) {
		return false
	}
	r.begin()
	r.at = &r.head
	return r.quickObject(line, 1, top) == len(line) && r.reason == ""
}

// plainLine tells that a line is valid UTF-8 without control characters. Its
// strings end at the next quote then, unless there are backslashes in them.
func plainLine(line []byte) bool {
	const each = 0x0101010101010101 // byte of eight
	high := uint64(0)
	rest := line
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
	return high&(each*0x80) == 0 || utf8.Valid(line)
}

// quickObject reads an object's members, the first of which stands at line[i:].
// It returns where the line goes on behind the object, -1 where parse must look.
func (r *jsonRows) quickObject(line []byte, i int, s scope) int {
	if i = blanks(line, i); byteAt(line, i) == '}' {
		return i + 1
	}
	for {
		m := r.quickMember(line, i, s)
		if m == nil || m.line == r.in.line { // not known, or given twice
			return -1
		}
		m.line = r.in.line
		if i = blanks(line, i+len(m.text)); byteAt(line, i) != ':' {
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

// quickMember gives the member whose name stands at line[i:], nil if it is not known.
func (r *jsonRows) quickMember(line []byte, i int, s scope) *member {
	m := r.at.next
	if m == nil || m.scope != s || !hasPrefix(line[i:], m.text) {
		end := stringEnd(line, i)
		if end < 0 {
			return nil
		}
		if m = r.members[s][string(line[i:end])]; m == nil {
			return nil
		}
		r.at.next = m
	}
	r.at = m
	return m
}

// quickValue sets the value of m that stands at line[i:]. It returns where the
// line goes on behind it, -1 where parse must look.
func (r *jsonRows) quickValue(line []byte, i int, m *member) int {
	kind, end := jsontext.Kind(byteAt(line, i)), -1
	switch kind {
	case '"', '{', '[':
		// What is closed at its end is never the beginning of something longer.
		if m.value != "" && hasPrefix(line[i:], m.value) {
			return r.quickSet(m, kind, m.value, i+len(m.value))
		}
		if kind == '"' {
			end = stringEnd(line, i)
		} else {
			end = nestedEnd(line, i)
		}
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
	return r.quickSet(m, kind, m.keep(line[i:end]), end)
}

// quickSet sets the value of m, and returns end, -1 where parse must look.
func (r *jsonRows) quickSet(m *member, kind jsontext.Kind, text string, end int) int {
	value := text
	if kind == '"' {
		var err error
		if value, err = unquote(text); err != nil {
			return -1
		}
	}
	r.set(m.scope, m.col, m.name(), kind, value, text)
	return end
}

// keep gives a text as a string, the same one as before if it is the same text.
func (m *member) keep(text []byte) string {
	if string(text) == m.value {
		return m.value
	}
	s := string(text)
	if len(s) <= knownText {
		m.value = s
	}
	return s
}

// stringEnd gives the end of the string at line[i:], whose escapes are not
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

// nestedEnd gives the end of the object or array at line[i:], -1 if it is not
// good JSON or so long that its depth matters.
func nestedEnd(line []byte, i int) int {
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
			if !jsontext.Value(line[first:i]).IsValid() {
				return -1
			}
			return i
		}
	}
	return -1
}

// numberEnd gives the end of a number at line[i:] without exponent, -1 if there is none.
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
	if !hasPrefix(line[i:], literal) {
		return -1
	}
	return i + len(literal)
}

func blanks(line []byte, i int) int {
	for byteAt(line, i) == ' ' {
		i++
	}
	return i
}

// byteAt is 0, which no plain line holds, behind the end.
func byteAt(line []byte, i int) byte {
	if i < len(line) {
		return line[i]
	}
	return 0
}

func hasPrefix(line []byte, prefix string) bool {
	return len(line) >= len(prefix) && string(line[:len(prefix)]) == prefix
}
