package csv

import (
	"fmt"
	"regexp"
	"strings"

	"airlift/manifest/entry"
)

// bareTable returns the delimiter if the lines may be rows of a table as well as
// keys, because each line has it; 0 for none. Names contain commas too: lines
// with commas are a table only if a column has values that cannot be part of a key.
func bareTable(lines []string, delimiters ...byte) byte {
	for _, d := range delimiters {
		rows := tableRows(lines, d)
		if len(rows) > 0 && (d != ',' || tabular(rows)) {
			return d
		}
	}
	return 0
}

// tableRows splits lines at a delimiter, nil if it is missing in one of them.
func tableRows(lines []string, d byte) [][]string {
	rows := make([][]string, 0, len(lines))
	for _, line := range lines {
		cells := SplitLine(line, d)
		if cells == nil {
			cells = strings.Split(line, string(rune(d)))
		}
		if len(cells) < 2 {
			return nil
		}
		rows = append(rows, cells)
	}
	return rows
}

// newBucket matches the names that S3 gives to buckets today.
var newBucket = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// tabular reports whether all rows have the same number of cells, one column has keys, and another describes the
// object, names a bucket, or has a header. Commas followed by a blank belong to a sentence or a name.
func tabular(rows [][]string) bool {
	for _, row := range rows {
		if len(row) != len(rows[0]) {
			return false
		}
		for _, cell := range row[1:] {
			if strings.HasPrefix(cell, " ") {
				return false
			}
		}
	}
	if len(rows) > 1 && entry.AboveKeys(rows[0], rows[1:]) {
		return true
	}
	keys, others := false, false
	for i := range rows[0] {
		switch {
		case entry.ColumnIs(rows, i, entry.IsDetail):
			others = true
		case entry.ColumnIs(rows, i, entry.CouldBeKey):
			keys = true
		case entry.ColumnIs(rows, i, isBucket), entry.ColumnIs(rows, i, isEmpty):
			others = true
		}
	}
	return keys && others
}

func isEmpty(cell string) bool { return cell == "" }

// isBucket reports whether a cell is a bucket's name rather than a part of a key.
func isBucket(cell string) bool {
	return newBucket.MatchString(cell) && !entry.CouldBeKey(cell) && !entry.DetailForm.MatchString(cell)
}

// tableRemedy is the command line that reads a table whose first line is its header; below are the rows.
func tableRemedy(cells []string, below [][]string, d byte) string {
	key := entry.KeyColumn(cells, below)
	columns := "key=" + entry.TrimBlanks(cells[key])
	for i := range cells {
		if i != key && len(below) > 0 && entry.ColumnIs(below, i, isBucket) && entry.ColumnOf(cells[i]) == entry.ColExtra {
			columns += ",bucket=" + entry.TrimBlanks(cells[i])
			break
		}
	}
	remedy := "say which column holds the keys, for example --format csv --columns '" + columns + "'"
	if d == '|' {
		remedy += " --delimiter '|'"
	}
	return remedy
}

// rowsRemedy returns the flags that read the lines of a table without a header.
func rowsRemedy(lines []string, d byte) string {
	rows := tableRows(lines, d)
	if len(rows) > 1 && entry.NoneCouldBeKey(rows[0]) && !entry.NoneCouldBeKey(rows[1]) && !entry.ColumnIs(rows, 0, isBucket) {
		return tableRemedy(rows[0], rows[1:], d)
	}
	return fmt.Sprintf("add --format csv --delimiter '%s' --columns %s", delimiterFlag(d), numberedColumns(rows))
}

// firstColumn returns the first column all cells of which are of the kind, -1 for none.
func firstColumn(rows [][]string, kind func(string) bool) int {
	for i := range rows[0] {
		if entry.ColumnIs(rows, i, kind) {
			return i
		}
	}
	return -1
}

// numberedColumns is the value of --columns for rows without a header.
func numberedColumns(rows [][]string) string {
	isKey := func(s string) bool { return entry.CouldBeKey(s) && !entry.DetailForm.MatchString(s) }
	key := firstColumn(rows, isKey)
	if key < 0 { // then by the first row
		key = firstColumn(rows[:1], isKey)
	}
	if key < 0 {
		return "key=1"
	}
	switch i := firstColumn(rows, isBucket); { // no key looks like a bucket
	case i >= 0 && i < key:
		return fmt.Sprintf("bucket=%d,key=%d", i+1, key+1)
	case i >= 0:
		return fmt.Sprintf("key=%d,bucket=%d", key+1, i+1)
	}
	if key > 0 && entry.CheckBucket(rows[0][0]) == nil && !entry.CouldBeKey(rows[0][0]) && !entry.DetailForm.MatchString(rows[0][0]) {
		return fmt.Sprintf("bucket=1,key=%d", key+1)
	}
	return fmt.Sprintf("key=%d", key+1)
}
