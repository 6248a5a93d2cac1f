package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/manifest/jsonl"
)

// guess is what the first line shows about a manifest's format.
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

// guessFormat inspects the first line that is not blank. Its result is
// certain, because no plausible key looks like that.
func guessFormat(line string, d csv.Dialect) guess {
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
	if csv.HeaderDelimiter(line, d.Columns) != 0 || d.Delimiter != 0 && d.Columns.IsHeader(csv.SplitLine(line, d.Delimiter)) {
		return guessHeader
	}
	return guessNothing
}

// recognize decides the format by what was asked for, by the name and by the first lines, in this order; line is the
// first line. A name that contradicts the content is an error, and so is content that is not certain: read in the wrong
// way it names objects that nobody meant.
func (s Source) recognize(line string, lines []string, d csv.Dialect, o Options) (f Format, remedy string, err error) {
	g := guessFormat(line, d)
	if !s.forced || s.Format == FormatJSONL {
		if remedy, err := s.refuseDocument(lines, g); err != nil {
			return "", remedy, err
		}
	}
	if s.forced && s.Format != FormatText || s.wholeLines(o) {
		return s.Format, "", nil
	}
	return s.recognizeContent(line, lines, g, d)
}

// recognizeContent decides the format by the name and the content.
func (s Source) recognizeContent(line string, lines []string, g guess, d csv.Dialect) (f Format, remedy string, err error) {
	switch {
	case g == guessMarkup:
		return "", "was it fetched without logging in? name a manifest", fmt.Errorf("is an HTML or XML page (it begins with %s)", entry.Excerpt(line))
	case g == guessArray: // as text
		doc := jsonl.ParseDocument(strings.Join(lines, "\n"))
		return "", doc.Remedy(), doc.Finding()
	case s.Format == "":
		return recognizeUnnamed(line, lines, g, d)
	case s.Format == FormatText && g == guessObject && jsonl.IsMCListing(line):
		return FormatJSONL, "", nil
	case s.Format == FormatText && (g == guessHeader || g == guessNothing):
		return s.recognizeText(line, lines, d)
	case s.forced || !s.contradicts(g):
		return s.Format, "", nil
	}
	remedy = fmt.Sprintf("rename it, or add --format %s, or --format %s to read it as its name says", g.format(), s.Format)
	if g == guessDocument {
		remedy = "write one object a line (jq -c does that); for an S3 Inventory add --format s3-inventory"
	}
	return "", remedy, fmt.Errorf("its name says %s, and its first line %s is %s", s.Format.title(), entry.Excerpt(line), g.title())
}

// contradicts reports whether the first line is certainly not what the name says.
func (s Source) contradicts(g guess) bool {
	switch s.Format {
	case FormatCSV:
		return g != guessHeader && g != guessNothing
	case FormatJSONL:
		return g == guessHeader || g == guessInventory || g == guessDocument
	}
	return s.Format == FormatText
}

// wholeLines reports whether the user says that each whole line of a text is a key:
// --columns key=1, and no delimiter.
func (s Source) wholeLines(o Options) bool {
	return s.Format == FormatText && o.Delimiter == 0 && o.Columns.Numbered && len(o.Columns.Fields) == 1 && o.Columns.Fields[0].Number == 1
}

// recognizeText decides whether a text is a list of keys, a table, or neither.
func (s Source) recognizeText(line string, lines []string, d csv.Dialect) (f Format, remedy string, err error) {
	if _, ok := csv.ListHeader(line, d.Columns); ok {
		if csv.QuoteOf(line) == `"` {
			return FormatCSV, "", nil // of one column, as its rows are quoted too
		}
		return FormatText, "", nil
	}
	switch cells := csv.TableHeader(line, d); {
	case len(cells) > 1 && s.forced && !d.Separator && len(d.Columns.Fields) == 0 && entry.NoneCouldBeKey(cells):
		return "", "add --format csv to read it as one; if each whole line is a key all the same, add --columns key=1",
			fmt.Errorf("the first line %s is the header of a table, not a key", entry.Excerpt(line))
	case len(cells) > 1 && entry.NoneCouldBeKey(cells), d.Separator, d.Delimiter != 0, len(d.Columns.Fields) > 0:
		return FormatCSV, "", nil
	}
	if kept := csv.Content(lines); len(kept) > 0 {
		if remedy, err := csv.CheckList(kept, d); err != nil {
			return "", remedy, err
		}
	}
	return FormatText, "", nil
}

func recognizeUnnamed(line string, lines []string, g guess, d csv.Dialect) (f Format, remedy string, err error) {
	if d.Separator {
		return FormatCSV, "", nil
	}
	if tool, remedy := csv.ListingTool(lines); tool != "" {
		return "", remedy, entry.Usagef("is the output of %s (it begins with %s)", tool, entry.Excerpt(line))
	}
	switch {
	case g != guessNothing:
		return g.format(), "", nil
	case strings.HasPrefix(strings.TrimLeft(line, " \t"), "{"):
		return FormatJSONL, "", nil // its first row is malformed
	case d.Delimiter != 0 || len(d.Columns.Fields) > 0:
		return FormatCSV, "", nil // --delimiter and --columns are for CSV only
	}
	return "", "add --format " + formatNames + ", or give a CSV a header that names the key column",
		entry.Usagef("neither its name nor its first line %s tells its format for certain", entry.Excerpt(line))
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

// isInventory reports whether the beginning of a document is that of the manifest.json of an S3 Inventory.
func isInventory(text string) bool {
	names := []string{`"fileFormat"`, `"sourceBucket"`, `"fileSchema"`, `"destinationBucket"`, `"MD5checksum"`}
	return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(text, name) })
}

// refuseDocument finds JSON that is one document and no rows a line, and no
// manifest.json either. Lines are its first ones.
func (s Source) refuseDocument(lines []string, g guess) (remedy string, err error) {
	text := strings.Join(lines, "\n")
	doc := jsonl.ParseDocument(text)
	switch {
	case g == guessArray:
	case g == guessObject && (doc.Path == ".Contents[]" || doc.Path == ".Versions[]"):
	case g != guessDocument, isInventory(text):
		return "", nil
	case doc.Path != ".", s.Kind == KindStdin:
	case jsonl.NamesKey(doc.Fields):
	default:
		return "", nil // it is tried as an inventory, and told apart there
	}
	return doc.Remedy(), doc.Finding()
}
