package csv

import (
	"fmt"
	"slices"

	"airlift/manifest/entry"
)

// CheckList returns an error and a remedy for lines that are certainly not a list of keys.
func CheckList(lines []string, d Dialect) (remedy string, err error) {
	const whole = "if each whole line is a key all the same, add --columns key=1"
	line := lines[0]
	if tool, remedy := ListingTool(lines); tool != "" {
		return remedy + "; " + whole,
			fmt.Errorf("is the output of %s, whose lines are no keys (it begins with %s)", tool, entry.Excerpt(line))
	}
	switch cells, d := likeHeader(line); {
	case len(cells) == 1:
		return "if the lines below it are keys, add --columns 'key=" + entry.TrimBlanks(line) + "'; " + whole,
			fmt.Errorf("the first line %s looks like a header, not like a key", entry.Excerpt(line))
	case cells != nil:
		return tableRemedy(cells, split(lines[1:], d), d) + "; " + whole,
			fmt.Errorf("the first line %s looks like the header of a table, not like a key", entry.Excerpt(line))
	}
	if quote := allQuoted(lines); quote != "" && len(SplitLine(line, ',')) < 2 && len(SplitLine(line, ';')) < 2 && len(SplitLine(line, '\t')) < 2 {
		return quotedRemedy(quote) + "; " + whole,
			fmt.Errorf("the lines stand in quotes (it begins with %s)", entry.Excerpt(line))
	}
	if d := bareTable(lines, '\t', ';', '|', ','); d != 0 {
		return "if they are rows, " + rowsRemedy(lines, d) + "; " + whole,
			fmt.Errorf("the lines may be rows of a table with %s as its delimiter, or keys (it begins with %s)", delimiterName(d), entry.Excerpt(line))
	}
	if cells := []string{line}; d.SourceBucket != "" && entry.AboveKeys(cells, split(lines[1:], 0)) {
		return "if it is one, add --columns 'key=" + entry.TrimBlanks(line) + "'; " + whole,
			fmt.Errorf("the first line %s looks like a header: the lines below it have slashes or extensions, as keys have, and it has none", entry.Excerpt(line))
	}
	return "", nil
}

// likeHeader splits a line that has names of columns and nothing that could be a key; nil for any other.
func likeHeader(line string) (cells []string, delimiter byte) {
	for _, d := range append(delimiters[:len(delimiters):len(delimiters)], '|') {
		cells := SplitLine(line, d)
		if slices.ContainsFunc(cells, entry.KnownWord) && entry.NoneCouldBeKey(cells) && (d != '|' || len(cells) > 1) {
			return cells, d
		}
	}
	return nil, 0
}

// split splits lines at a delimiter and leaves out those that are no rows; 0 leaves them whole.
func split(lines []string, d byte) [][]string {
	var rows [][]string
	for _, line := range lines {
		if line == "" {
			continue
		}
		cells := []string{line}
		if d != 0 {
			cells = SplitLine(line, d)
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	return rows
}
