package manifest

import (
	"bufio"
	"strings"
)

// WriteCSVRecord writes one CSV record, ended by LF, which a Reader of this
// package gives back byte for byte: CR, LF and CRLF inside a field stay as they
// are (encoding/csv's Writer alters them). It quotes what RFC 4180 demands and
// also blanks at either end, a leading byte-order mark, and a record that would
// else be a blank line. Fields must not contain NUL, and to be read back they
// must be valid UTF-8. Errors stay in w and come out of its Flush.
func WriteCSVRecord(w *bufio.Writer, fields []string) {
	for i, f := range fields {
		if i > 0 {
			w.WriteByte(',')
		}
		if !needsQuotes(f) && (f != "" || len(fields) > 1) {
			w.WriteString(f)
			continue
		}
		w.WriteByte('"')
		for {
			before, after, found := strings.Cut(f, `"`)
			w.WriteString(before)
			if !found {
				break
			}
			w.WriteString(`""`)
			f = after
		}
		w.WriteByte('"')
	}
	w.WriteByte('\n')
}

func needsQuotes(f string) bool {
	if f == "" {
		return false
	}
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	return blank(f[0]) || blank(f[len(f)-1]) || strings.HasPrefix(f, "\ufeff") || strings.ContainsAny(f, ",\"\r\n")
}
