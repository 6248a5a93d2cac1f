package manifest

import (
	"path"
	"strings"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// Format is how a manifest is written. The zero value means: by its name, or else by its content.
type Format string

// The formats.
const (
	FormatCSV   Format = "csv"   // comma-separated values, RFC 4180, and its dialects
	FormatJSONL Format = "jsonl" // one JSON object a line
	FormatText  Format = "text"  // one key a line
	// FormatBatch is a manifest of S3 Batch Operations: a CSV without header, bucket,key or bucket,key,version id,
	// whose keys are URL-encoded. Nothing in it tells it from any other CSV, so it is never guessed.
	FormatBatch Format = "s3-batch"
	// FormatInventory is the manifest.json of an S3 Inventory, which names the parts that list the objects.
	FormatInventory Format = "s3-inventory"
)

// formatNames are the values of --format, for messages.
const formatNames = "csv, jsonl, text, s3-batch or s3-inventory"

// ParseFormat parses the value of a --format flag: csv, jsonl (or ndjson, json), text (or txt), s3-batch or
// s3-inventory, in any case; "" is the zero Format. Other values give an error that is ErrUsage.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case "", FormatCSV, FormatJSONL, FormatText, FormatBatch, FormatInventory:
		return f, nil
	case "ndjson", "json":
		return FormatJSONL, nil
	case "txt":
		return FormatText, nil
	}
	return "", entry.Usagef("format %q is not known; use %s", s, formatNames)
}

// title names the format in a sentence.
func (f Format) title() string {
	switch f {
	case FormatCSV:
		return "CSV"
	case FormatJSONL:
		return "JSON Lines"
	}
	return "text with one key a line"
}

// extensions is the one list of the endings that a manifest may have. Those without a format leave it to the content.
var extensions = map[string]Format{
	".csv":    FormatCSV,
	".jsonl":  FormatJSONL,
	".ndjson": FormatJSONL,
	".txt":    FormatText,
	".json":   "",
}

// ending is what a name's extensions say about the content.
type ending struct {
	named       bool // it is a manifest's
	format      Format
	compression input.Compression
}

// endingOf looks at a name's end, in any case.
func endingOf(name string) ending {
	name = strings.ToLower(name)
	var e ending
	for _, z := range []input.Compression{input.Gzip, input.Zstd} {
		if cut, ok := strings.CutSuffix(name, string(z)); ok {
			name, e.compression = cut, z
			break
		}
	}
	e.format, e.named = extensions[path.Ext(name)]
	return e
}

// stripExtensions takes the extensions of manifests from a name.
func stripExtensions(base string) string {
	e := endingOf(base)
	base = base[:len(base)-len(e.compression)]
	if e.named {
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	return base
}
