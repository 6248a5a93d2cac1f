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

// knownWord reports whether a cell names a column, ours or that of an export.
func knownWord(cell string) bool {
	if len(cell) > maxName {
		return false
	}
	return columnOf(cell) != colExtra || exportWords[foldName(cell)]
}

// couldBeKey reports whether a cell has what names of columns do not have: a
// slash, a backslash or an extension. Any ending of up to ten letters and digits
// counts as one.
func couldBeKey(cell string) bool {
	if strings.IndexByte(cell, '/') >= 0 || strings.IndexByte(cell, '\\') >= 0 {
		return true
	}
	return extensionOf(cell, 1, 10) != ""
}

// extensionOf returns what follows the last dot of s if it is ASCII letters and
// digits, and from least to most of them; "" else.
func extensionOf(s string, least, most int) string {
	i := strings.LastIndexByte(s, '.')
	if n := len(s) - i - 1; i < 0 || n < least || n > most || !isPlain(s[i+1:]) {
		return ""
	}
	return s[i+1:]
}

// isPlain reports whether a text has ASCII letters and digits only.
func isPlain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}

// noneCouldBeKey reports whether no cell of a row could be a key.
func noneCouldBeKey(cells []string) bool {
	for _, s := range cells {
		if couldBeKey(s) {
			return false
		}
	}
	return true
}

// aboveKeys reports whether no cell of a row can be a key, while all rows below it
// have one. A row that shares a cell with another, such as the bucket, is no
// header.
func aboveKeys(cells []string, below [][]string) bool {
	long := func(s string) bool { return len(s) > maxName }
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
