package inventory

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
)

// maxDocument bounds a manifest.json: a part takes some 200 bytes of it, and lists about a million objects.
const maxDocument = 64 << 20

// document is the manifest.json of an S3 Inventory (Amazon S3 User Guide, "Locating your inventory list").
type document struct {
	SourceBucket      string `json:"sourceBucket"`
	DestinationBucket string `json:"destinationBucket"` // an ARN
	Version           string `json:"version"`
	FileFormat        string `json:"fileFormat"`
	FileSchema        string `json:"fileSchema"`
	Files             []part `json:"files"`

	columns []entry.Column // of CSV parts, by the schema
}

// part is one file of the list.
type part struct {
	Key  string `json:"key"`
	Size *int64 `json:"size"`        // in bytes, as stored; nil: not given
	MD5  string `json:"MD5checksum"` // of the same, in hex; "": not given
}

// documentVersion is the only one that is documented.
const documentVersion = "2016-11-30"

// documentError is what is wrong with a manifest.json, and what to do.
type documentError struct {
	line   int64 // 0: of no line
	err    error
	remedy string
}

const fetchAgain = "fetch it again"

// parse reads and checks a manifest.json.
func parse(r io.Reader) (*document, *documentError) {
	doc, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	switch {
	case err != nil:
		return nil, &documentError{err: err, remedy: fetchAgain}
	case len(doc) > maxDocument:
		return nil, &documentError{err: fmt.Errorf("is a JSON document of more than %d bytes, and so no manifest.json of an S3 Inventory", maxDocument),
			remedy: "write one object a line, for example with jq -c"}
	}
	if doc[0] != '{' && jsontext.Value(doc).Kind() != '{' {
		return nil, &documentError{err: errors.New("is no manifest.json of an S3 Inventory, but might be one of its parts, which do not say what their columns are"),
			remedy: "name the manifest.json to which it belongs"}
	}
	var inv document
	if err := json.Unmarshal(doc, &inv); err != nil {
		return nil, jsonError(doc, err)
	}
	if e := inv.check(); e != nil {
		return nil, e
	}
	return &inv, nil
}

// jsonError returns an error that names the line on which a document goes wrong.
func jsonError(doc []byte, err error) *documentError {
	e := &documentError{remedy: "write one object a line if it is a list of rows; if it is the manifest.json of an S3 Inventory, fetch it again"}
	lineAt := func(offset int64) int64 {
		return 1 + int64(strings.Count(string(doc[:min(offset, int64(len(doc)))]), "\n"))
	}
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.line, e.err = lineAt(int64(len(doc))), errors.New("the JSON document is cut off")
	case errors.As(err, &syntax):
		e.line, e.err = lineAt(syntax.ByteOffset), fmt.Errorf("is no valid JSON document: %w", syntax.Err)
	case errors.As(err, &meaning):
		e.line, e.err = lineAt(meaning.ByteOffset), fmt.Errorf("is no manifest.json of an S3 Inventory: its %s is a JSON %s", meaning.JSONPointer, kindName(meaning.JSONKind))
	default:
		e.err = err
	}
	return e
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	}
	return "null"
}

// check finds what a manifest.json must say, and does not.
func (v *document) check() *documentError {
	wrong := func(remedy, format string, args ...any) *documentError {
		return &documentError{err: fmt.Errorf(format, args...), remedy: remedy}
	}
	switch {
	case v.FileFormat == "" && v.Files == nil:
		return wrong("write one object a line, for example with jq -c, or name another file",
			"is a JSON document, but neither JSON Lines nor the manifest.json of an S3 Inventory")
	case v.Files == nil:
		return wrong(fetchAgain, "the manifest.json says nothing of its files")
	case v.Version != documentVersion:
		return wrong("list the bucket instead, or have its inventory written in that version",
			"is an S3 Inventory of version %s, and only %s is known", entry.Excerpt(v.Version), documentVersion)
	case strings.EqualFold(v.FileFormat, "ORC"):
		return wrong("set the inventory's format to CSV or Parquet", "is an S3 Inventory in ORC, which is not read")
	case strings.EqualFold(v.FileFormat, "CSV"):
		if err := v.parseSchema(); err != nil {
			return wrong(fetchAgain, "the manifest.json's %w", err)
		}
	case !strings.EqualFold(v.FileFormat, "Parquet"):
		return wrong("set the inventory's format to CSV or Parquet", "is an S3 Inventory in the format %s, which is not known", entry.Excerpt(v.FileFormat))
	}
	return v.checkParts()
}

// checkParts finds what is wrong with the list of the parts.
func (v *document) checkParts() *documentError {
	wrong := func(format string, args ...any) *documentError {
		return &documentError{err: fmt.Errorf(format, args...), remedy: fetchAgain}
	}
	seen := map[string]bool{}
	for i, p := range v.Files {
		sum, err := hex.DecodeString(p.MD5)
		switch {
		case p.Key == "":
			return wrong("the manifest.json gives no key for part %d of %d", i+1, len(v.Files))
		case seen[p.Key]:
			return wrong("the manifest.json names the part %s twice", entry.Excerpt(p.Key))
		case p.MD5 != "" && (err != nil || len(sum) != 16):
			return wrong("the manifest.json gives the part %s the MD5 checksum %s, which is none", entry.Excerpt(p.Key), entry.Excerpt(p.MD5))
		case p.Size != nil && *p.Size < 0:
			return wrong("the manifest.json gives the part %s the size %d", entry.Excerpt(p.Key), *p.Size)
		}
		seen[p.Key] = true
	}
	return nil
}

// warnUnchecked says which parts have no checksum.
func (v *document) warnUnchecked(source string, warn func(string)) {
	var without []string
	for _, p := range v.Files {
		if p.MD5 == "" {
			without = append(without, p.Key)
		}
	}
	if len(without) > 0 && warn != nil {
		warn(fmt.Sprintf("%s gives no MD5checksum for %d of %d parts, for example %s: they are read as they are, and damage to them may go unnoticed",
			source, len(without), len(v.Files), entry.Excerpt(without[0])))
	}
}

// parquet reports whether the parts are Parquet.
func (v *document) parquet() bool { return strings.EqualFold(v.FileFormat, "Parquet") }

// parseSchema reads the names of the columns of CSV parts, which have no header.
func (v *document) parseSchema() error {
	seen := map[entry.Column]bool{}
	for name := range strings.SplitSeq(v.FileSchema, ",") {
		col := columnOf(name)
		if col != entry.ColIgnore && seen[col] {
			return fmt.Errorf("fileSchema names the %s column twice", col.String())
		}
		seen[col] = true
		v.columns = append(v.columns, col)
	}
	if !seen[entry.ColKey] {
		return fmt.Errorf("fileSchema %s names no key column", entry.Excerpt(v.FileSchema))
	}
	return nil
}

// columnOf recognizes the columns of an inventory, as CSV (IsLatest) or as Parquet (is_latest) names them.
func columnOf(name string) entry.Column {
	switch entry.FoldName(name) {
	case "islatest":
		return entry.ColIsLatest
	case "isdeletemarker":
		return entry.ColIsDeleteMarker
	}
	switch col := entry.ColumnOf(name); {
	case col == entry.ColBucket, col == entry.ColKey, col.Carried():
		return col
	}
	return entry.ColIgnore
}

// destination returns the bucket in which S3 has put the parts.
func (v *document) destination() string {
	return v.DestinationBucket[strings.LastIndexByte(v.DestinationBucket, ':')+1:]
}
