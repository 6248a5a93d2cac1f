package manifest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// guess is what the first line tells of a manifest's format.
type guess byte

const (
	guessNothing   guess = iota
	guessHeader          // a CSV header that names a column of the keys
	guessObject          // a whole JSON object: JSON Lines
	guessInventory       // a whole JSON object: manifest.json of an S3 Inventory
	guessDocument        // a JSON object goes on over several lines
	guessArray           // a JSON array begins
	guessMarkup          // HTML or XML
)

// guessFormat looks at the first line that is not blank. All it finds is
// certain: no key that anyone would give to an object looks so.
func guessFormat(line string, d dialect) guess {
	line = strings.Trim(line, " \t\r\n")
	switch {
	case line == "{":
		return guessDocument
	case line == "[" || strings.HasPrefix(line, "[{"):
		return guessArray
	case strings.HasPrefix(line, "{"):
		inventory := strings.Contains(line, `"fileFormat"`) || strings.Contains(line, `"sourceBucket"`)
		switch whole := jsontext.Value(line).IsValid(); {
		case whole && inventory:
			return guessInventory
		case whole:
			return guessObject
		case inventory:
			return guessDocument
		}
		return guessNothing
	}
	lower := strings.ToLower(line[:min(len(line), 20)])
	for _, begin := range []string{"<!doctype ", "<html", "<?xml "} {
		if strings.HasPrefix(lower, begin) {
			return guessMarkup
		}
	}
	if headerDelimiter(line, d.columns) != 0 || d.delimiter != 0 && d.columns.isHeader(splitLine(line, d.delimiter)) {
		return guessHeader
	}
	return guessNothing
}

// recognise settles the format by what was asked for, by the name and by the
// first line, in this order. A name that the content contradicts is an error,
// and so is a content that is not certain: what is read in the wrong way are
// objects that nobody meant.
func (s Source) recognise(line string, d dialect) (f Format, remedy string, err error) {
	if s.forced {
		return s.Format, "", nil
	}
	g := guessFormat(line, d)
	switch {
	case g == guessMarkup:
		return "", "was it fetched without logging in? name a manifest", fmt.Errorf("is an HTML or XML page (it begins with %s)", excerpt(line))
	case g == guessArray:
		return "", "write one object a line; jq -c '.[]' FILE does that", errors.New("is a JSON array")
	case s.Format == "":
		return recogniseUnnamed(line, g, d)
	case s.Format == FormatCSV && g != guessHeader && g != guessNothing,
		s.Format == FormatText && (g == guessObject || g == guessInventory || g == guessDocument || g == guessHeader && namesBucket(line)),
		s.Format == FormatJSONL && (g == guessHeader || g == guessInventory || g == guessDocument):
		remedy = fmt.Sprintf("rename it, or add --format %s, or --format %s to read it as its name says", g.format(), s.Format)
		if g == guessDocument {
			remedy = "write one object a line (jq -c does that); for an S3 Inventory add --format s3-inventory"
		}
		return "", remedy, fmt.Errorf("its name says %s, and its first line %s is %s", s.Format.title(), excerpt(line), g.title())
	}
	return s.Format, "", nil
}

func recogniseUnnamed(line string, g guess, d dialect) (f Format, remedy string, err error) {
	switch {
	case g != guessNothing:
		return g.format(), "", nil
	case strings.HasPrefix(strings.TrimLeft(line, " \t"), "{"):
		return FormatJSONL, "", nil // whose first row is bad
	case d.delimiter != 0 || len(d.columns.fields) > 0:
		return FormatCSV, "", nil // for what else were they given?
	}
	return "", "add --format " + formatNames + ", or give a CSV a header that names the key column",
		usageError(fmt.Sprintf("neither its name nor its first line %s tells its format for certain", excerpt(line)))
}

// format is what the guess comes to. A document is worth a try as an inventory.
func (g guess) format() Format {
	switch g {
	case guessHeader:
		return FormatCSV
	case guessObject:
		return FormatJSONL
	}
	return FormatInventory
}

// title names what was found in a sentence.
func (g guess) title() string {
	switch g {
	case guessHeader:
		return "a CSV header"
	case guessObject:
		return "a JSON object"
	case guessInventory:
		return "the manifest.json of an S3 Inventory"
	}
	return "the beginning of a JSON document"
}

// namesBucket tells a header that no list of keys would begin with.
func namesBucket(line string) bool {
	for _, d := range delimiters {
		for _, cell := range splitLine(line, d) {
			if columnOf(cell) == colBucket {
				return true
			}
		}
	}
	return false
}
