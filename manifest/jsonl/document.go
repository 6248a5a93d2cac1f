package jsonl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
)

// Document describes the rows of a JSON document over several lines, from its
// rows.
type Document struct {
	Path   string   // of the rows, as jq writes it: ".", ".[]", or ".NAME[]"
	Fields []string // of the first row, as far as they can be seen
}

// ParseDocument looks at the beginning of a document, which may be cut anywhere.
func ParseDocument(text string) Document {
	dec := jsontext.NewDecoder(strings.NewReader(text))
	if dec.PeekKind() == '[' {
		_, _ = dec.ReadToken() // PeekKind has seen it
		return Document{".[]", fieldNames(dec, nil)}
	}
	if top := fieldNames(jsontext.NewDecoder(strings.NewReader(text)), nil); NamesKey(top) {
		return Document{".", top}
	}
	doc := Document{Path: "."}
	doc.Fields = fieldNames(dec, func(name string) bool {
		_, _ = dec.ReadToken() // PeekKind has seen it
		if dec.PeekKind() != '{' {
			for dec.PeekKind() != ']' && dec.SkipValue() == nil {
			}
			_, err := dec.ReadToken()
			return err != nil
		}
		doc.Path = "." + jqName(name) + "[]"
		return true
	})
	if doc.Path != "." {
		doc.Fields = fieldNames(dec, nil)
	}
	return doc
}

// NamesKey reports whether one of the names is that of the keys' column.
func NamesKey(names []string) bool {
	return slices.ContainsFunc(names, func(s string) bool { return entry.ColumnOf(s) == entry.ColKey })
}

// fieldNames returns the names of the next object, as far as the text goes. within,
// if not nil, is called before each array, and may read it; true ends the reading.
func fieldNames(dec *jsontext.Decoder, within func(name string) bool) (names []string) {
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return nil
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return names
		}
		name := token.String()
		names = append(names, name)
		if within != nil && dec.PeekKind() == '[' {
			if within(name) {
				return names
			}
			continue
		}
		if dec.SkipValue() != nil {
			return names
		}
	}
	return names
}

// Finding says what the document is.
func (doc Document) Finding() error {
	kind := "is a JSON document over several lines"
	if doc.Path == ".[]" {
		kind = "is a JSON array"
	}
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(s string) bool { return !slices.Contains(doc.Fields, s) })
	}
	switch {
	case doc.Path == ".Contents[]":
		return errors.New("is the JSON of aws s3api list-objects-v2, which is one document")
	case doc.Path == ".Versions[]":
		return errors.New("is the JSON of aws s3api list-object-versions, which is one document")
	case has("Path", "IsDir"):
		return errors.New(kind + ", as rclone lsjson writes it")
	case len(doc.Fields) > 0:
		return fmt.Errorf("%s, whose rows have the fields %s", kind, quoteSome(doc.Fields))
	}
	return errors.New(kind)
}

// Remedy is the command that makes JSON Lines of the document. FILE stands for it.
func (doc Document) Remedy() string {
	command := func(program string) string {
		return fmt.Sprintf("write one object a line: jq -c '%s' FILE > rows.jsonl", program)
	}
	switch doc.Path {
	case ".Contents[]":
		return command(doc.Path) + `; or list the keys alone: aws s3api list-objects-v2 --bucket BUCKET --query "Contents[].[Key]" --output text > keys.txt`
	case ".Versions[]":
		return command(doc.Path + " | select(.IsLatest)")
	}
	if len(doc.Fields) == 0 || NamesKey(doc.Fields) {
		return command(doc.Path)
	}
	key := doc.Fields[entry.KeyColumn(doc.Fields, nil)]
	if entry.PathRank(key) == 0 || strings.Contains(key, "'") {
		return command(doc.Path) + "; then say which field holds the keys: --columns key=FIELD"
	}
	row := "{key: ." + jqName(key) + "}"
	if slices.Contains(doc.Fields, "IsDir") {
		row = "select(.IsDir | not) | " + row
	}
	if doc.Path != "." {
		row = doc.Path + " | " + row
	}
	return command(row)
}

// jqName writes a field's name as jq wants it behind a dot.
func jqName(name string) string {
	for i := range len(name) {
		c := name[i]
		if c != '_' && !entry.IsPlain(name[i:i+1]) || i == 0 && c >= '0' && c <= '9' {
			return fmt.Sprintf("%q", name)
		}
	}
	return name
}

// quoteSome quotes the first of some names, and says how many more there are.
func quoteSome(names []string) string {
	const most = 8
	if len(names) == 0 {
		return "none"
	}
	if len(names) <= most {
		return entry.QuoteAll(names)
	}
	return fmt.Sprintf("%s and %d more", entry.QuoteAll(names[:most]), len(names)-most)
}
