package manifest

import (
	"slices"
	"strings"
	"unicode"
)

// foldName makes the spellings of a column's name equal: "Object Key",
// "object_key", "ObjectKey", and the same in quotes of any shape, with no-break
// or zero-width spaces, or behind a byte-order mark.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			switch {
			case r >= 'A' && r <= 'Z':
				return r + 'a' - 'A'
			case r <= ' ', r == 0x7f, r == '_', r == '-', r == '"', r == '\'', r == '`':
				return -1
			}
			return r
		}
		if unicode.In(r, unicode.Pd, unicode.Pi, unicode.Pf, unicode.Cf, unicode.Cc, unicode.White_Space) || strings.ContainsRune(moreQuotes, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// moreQuotes are the quotes, and the minus, that Unicode does not count among
// the initial and final quotes and the dashes.
const moreQuotes = "´‚„′″‵‶＂＇「」『』﹁﹂\u2212"

// exportWords are names, folded, that columns of exports have and that are no
// columns of ours. None is a likely name of a bucket.
var exportWords = map[string]bool{
	"path": true, "filepath": true, "fullpath": true, "mediapath": true, "assetpath": true, "objectpath": true, "s3path": true, "sourcepath": true,
	"file": true, "filename": true, "filelocation": true, "location": true, "object": true, "objectname": true, "folder": true, "directory": true,
	"url": true, "uri": true, "s3url": true, "s3uri": true, "fileurl": true, "volume": true, "title": true, "id": true, "assetid": true, "clip": true, "clipid": true, "clipname": true,
}

// knownWord tells a cell that names a column.
func knownWord(cell string) bool {
	if len(cell) > 64 {
		return false
	}
	return columnOf(cell) != colExtra || exportWords[foldName(cell)]
}

// couldBeKey tells a cell that has what names of columns do not: a slash, or an
// extension.
func couldBeKey(cell string) bool {
	if strings.IndexByte(cell, '/') >= 0 || strings.IndexByte(cell, '\\') >= 0 {
		return true
	}
	i := strings.LastIndexByte(cell, '.')
	return i >= 0 && i < len(cell)-1 && len(cell)-i <= 11 && isPlain(cell[i+1:])
}

// isPlain tells text of ASCII letters and digits.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}

// noneCouldBeKey tells a row of which no cell could be a key.
func noneCouldBeKey(cells []string) bool {
	for _, s := range cells {
		if couldBeKey(s) {
			return false
		}
	}
	return true
}

// aboveKeys tells a row that no key can be in, while all rows below it have one.
// A row that shares a cell with another, such as the bucket, is no header.
func aboveKeys(cells []string, below [][]string) bool {
	long := func(s string) bool { return len(s) > longestName } // for a name
	if len(below) == 0 || !noneCouldBeKey(cells) || slices.ContainsFunc(cells, long) {
		return false
	}
	for _, row := range below {
		if noneCouldBeKey(row) {
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
