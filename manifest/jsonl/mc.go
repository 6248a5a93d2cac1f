package jsonl

import (
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
)

// IsMCListing reports whether a line is output of `mc ls --json` (MinIO Client,
// cmd/ls.go).
func IsMCListing(line string) bool {
	if !jsontext.Value(line).IsValid() {
		return false
	}
	for _, name := range []string{`"status"`, `"type"`, `"lastModified"`, `"key"`} {
		if !strings.Contains(line, name) {
			return false
		}
	}
	return true
}

// listed completes the current row if it is a line of `mc ls --json`: its key is
// relative to the folder that was listed, which is the path of its url: the
// bucket, and the beginning of the keys. It returns the reason for which the row
// is skipped or rejected.
func (r *row) listed(v *entry.Values) (skip, reason string) {
	fields := map[string]string{}
	for _, f := range r.extra {
		fields[f.Name] = f.Value
	}
	if fields["IsDir"] == "true" { // rclone lsjson lists folders too
		return entry.SkipFolder, ""
	}
	kind := fields["type"]
	if fields["status"] != "success" || kind != "file" && kind != "folder" || v[entry.ColBucket] != "" || v[entry.ColKey] == "" || v[entry.ColLastModified] == "" {
		return "", ""
	}
	if kind == "folder" {
		return entry.SkipFolder, ""
	}
	u, err := url.Parse(fields["url"])
	if err != nil || u.Host == "" || !strings.HasSuffix(u.Path, "/") {
		return "", "this is a line of `mc ls --json`; its keys are relative to the listed folder, and its url does not name that folder; list with a slash at the end: mc ls -r --json ALIAS/BUCKET/"
	}
	v[entry.ColBucket], v[entry.ColKey], _ = strings.Cut(strings.TrimPrefix(u.Path, "/")+v[entry.ColKey], "/")
	return "", ""
}
