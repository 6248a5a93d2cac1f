package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonDocument is what the beginning of a JSON document shows of its rows, which
// do not stand one a line.
type jsonDocument struct {
	path   string   // of the rows, as jq writes it: ".", ".[]", or ".NAME[]"
	fields []string // of the first row, as far as they can be seen
}

// seeDocument looks at the beginning of a document, which may be cut anywhere.
func seeDocument(text string) jsonDocument {
	dec := jsontext.NewDecoder(strings.NewReader(text))
	if dec.PeekKind() == '[' {
		_, _ = dec.ReadToken() // it is there
		return jsonDocument{".[]", fieldNames(dec, nil)}
	}
	if top := fieldNames(jsontext.NewDecoder(strings.NewReader(text)), nil); namesKey(top) {
		return jsonDocument{".", top}
	}
	doc := jsonDocument{path: "."}
	doc.fields = fieldNames(dec, func(name string) bool {
		_, _ = dec.ReadToken() // it is there
		if dec.PeekKind() != '{' {
			for dec.PeekKind() != ']' && dec.SkipValue() == nil {
			}
			_, err := dec.ReadToken()
			return err != nil
		}
		doc.path = "." + jqName(name) + "[]"
		return true
	})
	if doc.path != "." {
		doc.fields = fieldNames(dec, nil)
	}
	return doc
}

// namesKey reports whether one of the names is that of the keys' column.
func namesKey(names []string) bool {
	return slices.ContainsFunc(names, func(s string) bool { return columnOf(s) == colKey })
}

// fieldNames reads the names of the object at which the decoder stands, up to what
// can be seen of it. within, if not nil, is asked before each value that is no
// plain one, and may read it; it ends the reading by true.
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

// finding says what the document is.
func (doc jsonDocument) finding() error {
	kind := "is a JSON document over several lines"
	if doc.path == ".[]" {
		kind = "is a JSON array"
	}
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(s string) bool { return !slices.Contains(doc.fields, s) })
	}
	switch {
	case doc.path == ".Contents[]":
		return errors.New("is the JSON of aws s3api list-objects-v2, which is one document")
	case doc.path == ".Versions[]":
		return errors.New("is the JSON of aws s3api list-object-versions, which is one document")
	case has("Path", "IsDir"):
		return errors.New(kind + ", as rclone lsjson writes it")
	case len(doc.fields) > 0:
		return fmt.Errorf("%s, whose rows have the fields %s", kind, quoteSome(doc.fields))
	}
	return errors.New(kind)
}

// remedy is the command that makes JSON Lines of the document. FILE stands for it.
func (doc jsonDocument) remedy() string {
	command := func(program string) string {
		return fmt.Sprintf("write one object a line: jq -c '%s' FILE > rows.jsonl", program)
	}
	switch doc.path {
	case ".Contents[]":
		return command(doc.path) + `; or list the keys alone: aws s3api list-objects-v2 --bucket BUCKET --query "Contents[].[Key]" --output text > keys.txt`
	case ".Versions[]":
		return command(doc.path + " | select(.IsLatest)")
	}
	if len(doc.fields) == 0 || namesKey(doc.fields) {
		return command(doc.path)
	}
	key := doc.fields[keyColumn(doc.fields, nil)]
	if pathRank(key) == 0 || strings.Contains(key, "'") {
		return command(doc.path) + "; then say which field holds the keys: --columns key=FIELD"
	}
	row := "{key: ." + jqName(key) + "}"
	if slices.Contains(doc.fields, "IsDir") {
		row = "select(.IsDir | not) | " + row
	}
	if doc.path != "." {
		row = doc.path + " | " + row
	}
	return command(row)
}

// jqName writes a field's name as jq wants it behind a dot.
func jqName(name string) string {
	for i := range len(name) {
		c := name[i]
		if c != '_' && !isPlain(name[i:i+1]) || i == 0 && c >= '0' && c <= '9' {
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
		return quoteAll(names)
	}
	return fmt.Sprintf("%s and %d more", quoteAll(names[:most]), len(names)-most)
}

// isInventory reports whether the beginning of a document is that of the
// manifest.json of an S3 Inventory.
func isInventory(text string) bool {
	for _, name := range []string{`"fileFormat"`, `"sourceBucket"`, `"fileSchema"`, `"destinationBucket"`, `"MD5checksum"`} {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

// refuseDocument finds JSON that is one document and no rows a line, and no
// manifest.json either. Lines are its first ones.
func (s Source) refuseDocument(lines []string, g guess) (remedy string, err error) {
	text := strings.Join(lines, "\n")
	doc := seeDocument(text)
	switch {
	case g == guessArray:
	case g == guessObject && (doc.path == ".Contents[]" || doc.path == ".Versions[]"):
	case g != guessDocument, isInventory(text):
		return "", nil
	case doc.path != ".", s.Kind == KindStdin:
	case namesKey(doc.fields):
	default:
		return "", nil // it is tried as an inventory, and told apart there
	}
	return doc.remedy(), doc.finding()
}
