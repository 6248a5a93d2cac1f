package csv

import (
	"strings"

	"airlift/manifest/entry"
)

// ParseDelimiter reads the value of a --delimiter flag: one ASCII character other than a letter, a digit, a quote or a
// line end, or tab, or \t. "" is 0: recognized in the header. Its errors are ErrUsage.
func ParseDelimiter(s string) (byte, error) {
	switch s {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	c := s[0]
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
	if len(s) > 1 || letter || c >= 0x7f || c < ' ' && c != '\t' || c == '"' {
		return 0, entry.Usagef("delimiter %q is no character that can part columns; use one like ; or | or tab", s)
	}
	return c, nil
}

// delimiters are those that are recognized, the usual one first.
var delimiters = []byte{',', ';', '\t'}

// HeaderDelimiter returns the delimiter by which a line is a header that names
// the column of the keys, 0 if there is none.
func HeaderDelimiter(line string, columns entry.Columns) byte {
	for _, d := range delimiters {
		if cells := SplitLine(line, d); cells != nil && columns.IsHeader(cells) {
			return d
		}
	}
	return 0
}

// SplitLine splits a whole line as a CSV row. It returns nil if the line is no row
// or continues on the next line. It is for recognition; Rows reads rows.
func SplitLine(line string, delimiter byte) []string {
	var cells []string
	for {
		cell, rest := "", line
		if strings.HasPrefix(line, `"`) {
			for i, escaped := 1, false; ; i++ {
				j := strings.IndexByte(line[i:], '"')
				if j < 0 {
					return nil
				}
				i += j
				if strings.HasPrefix(line[i+1:], `"`) {
					i, escaped = i+1, true
					continue
				}
				cell, rest = line[1:i], line[i+1:]
				if escaped {
					cell = strings.ReplaceAll(cell, `""`, `"`)
				}
				break
			}
		} else {
			end := strings.IndexByte(line, delimiter)
			if end < 0 {
				end = len(line)
			}
			cell, rest = line[:end], line[end:]
			if strings.IndexByte(cell, '"') >= 0 {
				return nil
			}
		}
		cells = append(cells, cell)
		if rest == "" {
			return cells
		}
		if rest[0] != delimiter {
			return nil
		}
		line = rest[1:]
	}
}
