package csv

import (
	"slices"
	"strings"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// PeekLines is how many lines decide if the first alone does not say what a manifest is.
const PeekLines = 10

// DocumentLines is how many lines of a JSON document are searched for its first row.
const DocumentLines = 50

// SeparatorLine parses the line sep=; by which a file names its delimiter to Excel.
func SeparatorLine(line string) (delimiter byte, ok bool) {
	line = strings.Trim(line, "\ufeff\"")
	if len(line) != 5 || !strings.EqualFold(line[:4], "sep=") {
		return 0, false
	}
	d, err := ParseDelimiter(line[4:])
	return d, err == nil && d != 0
}

// comment reports whether a line begins with # or ;, and whether it is certainly a comment: a rule such as #---, or
// text with a blank and without a slash, a backslash or an extension.
func comment(line string) (certain, marked bool) {
	if line == "" || line[0] != '#' && line[0] != ';' {
		return false, false
	}
	rest := strings.TrimLeft(line, "#;")
	switch {
	case strings.Trim(rest, " \t-=*") == "":
		return true, true
	case strings.ContainsAny(rest, `/\`), hasExtension(line):
		return false, true
	}
	return strings.ContainsAny(rest, " \t"), true
}

// mostlyRows reports whether most of the lines look like keys or table rows. Only
// among such lines is a marked line that looks like neither a comment.
func mostlyRows(lines []string) bool {
	rows, others := 0, 0
	for _, line := range lines {
		if entry.CouldBeKey(line) || strings.ContainsAny(line, ",;\t|") {
			rows++
		} else {
			others++
		}
	}
	return rows > others
}

// comments decides whether marked lines of a manifest are comments, by the lines around the first one.
type comments struct {
	known, here bool
}

// skips reports whether the input's token, which is certainly no key, is a comment.
// last is the key before it, "" for none. Where keys begin with the mark it is not.
func (c *comments) skips(last string, in *input.Input) bool {
	if c.known {
		return c.here
	}
	around := in.Peek(PeekLines)
	if last != "" {
		around = append(around, last)
	}
	c.known, c.here = true, mostlyRows(Content(around))
	for _, line := range around {
		if certain, marked := comment(line); marked && !certain {
			c.here = false
		}
	}
	return c.here
}

// none records that a marked line may be a key: no later line is a comment.
func (c *comments) none() { c.known, c.here = true, false }

// The notes for the first comment that is left out.
const (
	commentInText  = "comments are left out from here on; if each whole line is a key, add --columns key=1"
	commentInTable = "comments are left out from here on; put a key that begins with # in quotes"
)

// hasExtension reports whether a line ends with an extension that text is unlikely to end with: two to five letters and
// digits, not digits alone. It is stricter than couldBeKey, for titles and comments may hold dots and numbers.
func hasExtension(s string) bool { return strings.Trim(entry.ExtensionOf(s, 2, 5), "0123456789") != "" }

// Titles counts the lines, blank ones too, that stand before the header or, where there is none, before the first row.
// Lines are titles only if they cannot be rows of the table below them.
func Titles(lines []string, d Dialect) int {
	for i, line := range lines {
		head := TableHeader(line, d)
		if head == nil {
			continue
		}
		for _, above := range lines[:i] {
			if !isTitle(above, len(head), d) {
				return 0
			}
		}
		return i
	}
	if !mostlyRows(Content(lines)) {
		return 0
	}
	n := 0
	for i, line := range lines {
		if certain, _ := comment(line); certain && line[0] == '#' {
			n = i + 1
		} else if line != "" {
			break
		}
	}
	return n
}

// TableHeader splits a line that names the columns of a table, nil if it does not.
func TableHeader(line string, d Dialect) []string {
	delimiter := d.Delimiter
	if delimiter == 0 {
		delimiter = HeaderDelimiter(line, d.Columns)
	}
	if delimiter == 0 || d.Columns.Numbered {
		return nil
	}
	if cells := SplitLine(line, delimiter); d.Columns.IsHeader(cells) {
		return cells
	}
	return nil
}

// isTitle reports whether a line above a header of so many columns is no row: it
// is blank or a comment, or it has another number of cells and looks like no key.
func isTitle(line string, columns int, d Dialect) bool {
	line = strings.TrimRight(line, " \t,;")
	if certain, marked := comment(line); certain || line == "" || marked && line[0] == '#' && columns > 1 {
		return true
	}
	if _, _, uri := entry.SplitScheme(line); uri || hasExtension(line) || strings.Contains(line, "/") && !strings.Contains(line, " ") {
		return false
	}
	delimiters := delimiters
	if d.Delimiter != 0 {
		delimiters = []byte{d.Delimiter}
	}
	return !slices.ContainsFunc(delimiters, func(d byte) bool { return strings.Count(line, string(rune(d)))+1 == columns })
}
