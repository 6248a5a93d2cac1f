package csv

import (
	"bytes"
	"strings"

	"airlift/manifest/input"
)

// AppendField appends a field of a CSV record to b, which a Reader of this package returns byte for byte: CR, LF and
// CRLF inside a field stay as they are (encoding/csv's Writer changes them). It quotes what RFC 4180 demands and also
// blanks at either end, and a leading byte-order mark, # or byte 0x1A. The field must not contain NUL, and to be read
// back it must be valid UTF-8.
func AppendField(b []byte, field string) []byte {
	start := len(b)
	b = append(b, field...)
	if !needsQuotes(b[start:]) {
		return b
	}
	b = append(b[:start], '"')
	for {
		before, after, found := strings.Cut(field, `"`)
		b = append(b, before...)
		if !found {
			return append(b, '"')
		}
		b = append(b, `""`...)
		field = after
	}
}

func needsQuotes(f []byte) bool {
	if len(f) == 0 {
		return false
	}
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	if f[0] == '#' || f[0] == input.FileEnd || blank(f[0]) || blank(f[len(f)-1]) || bytes.HasPrefix(f, []byte("\ufeff")) {
		return true
	}
	for _, c := range f {
		if c <= ',' && (c == ',' || c == '"' || c == '\r' || c == '\n') { // most characters are above the comma
			return true
		}
	}
	return false
}
