package entry

import (
	"regexp"
	"slices"
	"strings"
)

// KeyColumn guesses which of a header's columns holds the keys, from the rows below it and by the names.
func KeyColumn(cells []string, below [][]string) int {
	best, most := 0, -1
	for i := range cells {
		if len(below) == 0 || ColumnOf(cells[i]) != ColExtra || !ColumnIs(below, i, CouldBeKey) || ColumnIs(below, i, IsDetail) {
			continue
		}
		rank := PathRank(cells[i])
		if ColumnIs(below, i, func(s string) bool { return strings.ContainsAny(s, `/\`) }) {
			rank += pathRanks
		}
		if rank > most {
			best, most = i, rank
		}
	}
	if most >= 0 {
		return best
	}
	for i, s := range cells {
		rank := -1
		if ColumnOf(s) == ColExtra {
			rank = 10 * PathRank(s)
			if exportWords[FoldName(s)] {
				rank++
			}
		}
		if rank > most {
			best, most = i, rank
		}
	}
	return best
}

// pathRanks is the highest of the ranks by which pathRank orders names.
const pathRanks = 4

// PathRank orders names of columns and fields by how likely it is that they hold
// the whole keys: a file's name lacks its folders, and an address has more.
func PathRank(name string) int {
	f := FoldName(name)
	switch {
	case strings.HasSuffix(f, "path"), strings.HasSuffix(f, "key"):
		return pathRanks
	case strings.HasSuffix(f, "url"), strings.HasSuffix(f, "uri"):
		return 3
	case strings.HasSuffix(f, "location"), f == "object", f == "objectname":
		return 2
	case f == "file", f == "filename", f == "name":
		return 1
	}
	return 0
}

// ColumnIs reports whether all cells of column i are of the kind.
func ColumnIs(rows [][]string, i int, kind func(string) bool) bool {
	return !slices.ContainsFunc(rows, func(row []string) bool { return i >= len(row) || !kind(row[i]) })
}

func IsDetail(cell string) bool { return DetailForm.MatchString(cell) }

// DetailForm matches details of an object: sizes, dates, checksums.
var DetailForm = regexp.MustCompile(`^"?(?:\d+|\d{4}[-/]\d\d[-/]\d\d(?:[T ][0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?|[0-9a-f]{32}(?:-\d+)?|STANDARD|GLACIER)"?$`)

// CouldBeKey reports whether a cell has something that column names do not have: a slash, a backslash or an extension.
// Any ending of up to ten letters and digits counts as one.
func CouldBeKey(cell string) bool {
	if strings.IndexByte(cell, '/') >= 0 || strings.IndexByte(cell, '\\') >= 0 {
		return true
	}
	return ExtensionOf(cell, 1, 10) != ""
}

// ExtensionOf returns what follows the last dot of s if it is ASCII letters and
// digits, and from least to most of them; "" else.
func ExtensionOf(s string, least, most int) string {
	i := strings.LastIndexByte(s, '.')
	if n := len(s) - i - 1; i < 0 || n < least || n > most || !IsPlain(s[i+1:]) {
		return ""
	}
	return s[i+1:]
}

// IsPlain reports whether a text has ASCII letters and digits only.
func IsPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}

// NoneCouldBeKey reports whether no cell of a row could be a key.
func NoneCouldBeKey(cells []string) bool { return !slices.ContainsFunc(cells, CouldBeKey) }

// AboveKeys reports whether no cell of a row can be a key, while all rows below it have one. A row that shares a cell
// with another, such as the bucket, is no header.
func AboveKeys(cells []string, below [][]string) bool {
	long := func(s string) bool { return len(s) > MaxHeading }
	if len(below) == 0 || !NoneCouldBeKey(cells) || slices.ContainsFunc(cells, long) {
		return false
	}
	for _, row := range below {
		if NoneCouldBeKey(row) {
			return false
		}
		for i := range min(len(row), len(cells)) {
			if row[i] == cells[i] {
				return false
			}
		}
	}
	return true
}
