package entry

import (
	"strings"
	"unicode"
)

// FoldName folds the spellings of a column's name equal: "Object Key", "object_key", "ObjectKey", and the same in
// quotes of any shape, with no-break or zero-width spaces, or behind a byte-order mark.
func FoldName(name string) string {
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

// KnownWord reports whether a cell names a column, ours or that of an export.
func KnownWord(cell string) bool {
	if len(cell) > MaxHeading {
		return false
	}
	return ColumnOf(cell) != ColExtra || exportWords[FoldName(cell)]
}

// MaxHeading bounds the cells that are compared with the names of columns.
const MaxHeading = 64
