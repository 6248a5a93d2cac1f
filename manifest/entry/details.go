package entry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// setDetails sets what the row says of the object itself. A value that cannot be parsed stays unknown and rejects
// nothing: the row still names its object, and its columns are carried to the report.
func (e *Entry) setDetails(v *Values) {
	if s := v[ColSize]; s != "" {
		if n, err := strconv.ParseUint(TrimBlanks(s), 10, 63); err == nil {
			e.Sized, e.Size = true, int64(n)
		}
	}
	if s := v[colETag]; s != "" {
		e.ETag = strings.Trim(TrimBlanks(s), `"`)
	}
	if s := v[ColLastModified]; s != "" {
		e.LastModified = ParseTime(TrimBlanks(s))
	}
	if s := v[colStorageClass]; s != "" {
		e.StorageClass = TrimBlanks(s)
	}
}

// setVersion sets Skip for an entry of an inventory that is not to be read: AiR reads the latest version of a key, and
// a delete marker has no object. It returns the reason for which the row is rejected.
func (e *Entry) setVersion(v *Values) string {
	latest, deleted := v[ColIsLatest], v[ColIsDeleteMarker]
	if latest == "" && deleted == "" {
		return ""
	}
	for _, col := range []Column{ColIsLatest, ColIsDeleteMarker} {
		if s := v[col]; s != "" && !strings.EqualFold(s, "true") && !strings.EqualFold(s, "false") {
			return col.String() + " is " + Excerpt(s) + ", neither true nor false"
		}
	}
	switch {
	case strings.EqualFold(deleted, "true"):
		e.Skip = SkipDeleteMarker
	case strings.EqualFold(latest, "false"):
		e.Skip = SkipOldVersion
	}
	return ""
}

// ParseTime parses RFC 3339, as S3 Inventory writes it, the same with a blank in place of the T, and the date of HTTP
// headers. Without a zone it is UTC, as query engines print it. It returns the zero time for all else: libraries that
// guess layouts take ambiguous dates such as 03/04/2024.
func ParseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	if t, err := http.ParseTime(s); err == nil {
		return t.UTC()
	}
	return time.Time{}
}
