package manifest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Values of Entry.Skip: what an inventory of all versions lists that is no
// object to be read.
const (
	SkipDeleteMarker = "delete marker" // there is no object
	SkipOldVersion   = "old version"   // AiR reads the latest one
)

// describe fills what the row tells of the object itself. What cannot be read
// stays unknown and rejects nothing: the row names its object all the same, and
// its columns are carried to the report.
func (e *Entry) describe(v *values) {
	if s := v[colSize]; s != "" {
		if n, err := strconv.ParseUint(trim(s), 10, 63); err == nil {
			e.Sized, e.Size = true, int64(n)
		}
	}
	if s := v[colETag]; s != "" {
		e.ETag = strings.Trim(trim(s), `"`)
	}
	if s := v[colLastModified]; s != "" {
		e.LastModified = parseTime(trim(s))
	}
	if s := v[colStorageClass]; s != "" {
		e.StorageClass = trim(s)
	}
	if s := v[colVersionID]; s != "" {
		e.VersionID = trim(s)
	}
}

// version marks what an inventory lists that is no object to be read: AiR reads
// the latest version of a key, and there is none behind a delete marker. It
// returns the reason for which the row is rejected.
func (e *Entry) version(v *values) string {
	latest, deleted := v[colIsLatest], v[colIsDeleteMarker]
	if latest == "" && deleted == "" {
		return ""
	}
	for _, col := range []column{colIsLatest, colIsDeleteMarker} {
		if s := v[col]; s != "" && !strings.EqualFold(s, "true") && !strings.EqualFold(s, "false") {
			return names[col] + " is " + excerpt(s) + ", neither true nor false"
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

// parseTime reads RFC 3339 (so does S3 Inventory write), the same with a blank
// for the T, and the date of HTTP headers. Without a zone it is UTC, as query
// engines print it. The zero time is for all else.
func parseTime(s string) time.Time {
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
