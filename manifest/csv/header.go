package csv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// Dialect is what is known of a CSV before its first row.
type Dialect struct {
	Delimiter    byte          // 0: recognized in the header, else a comma
	Columns      entry.Columns // zero: found by the header
	Marked       bool          // there was a byte order mark
	Encoded      bool          // it is a manifest of S3 Batch Operations
	Separator    bool          // a line sep=X says the delimiter
	DoubledCRs   bool          // lines end in CR CR LF
	SourceBucket string        // of rows that name none
}

// New reads the first row. lines are the first lines, which the input returns again. The first row is a header if and
// only if one of its cells is a spelling of key, or if it has all the names that --columns gives.
func New(in *input.Input, c *entry.Checker, d Dialect, lines []string) (*Rows, error) {
	r := &Rows{in: in, check: c, comma: d.Delimiter, encoded: d.Encoded, plainHint: "; is it a plain CSV? then give --format csv", crs: d.DoubledCRs, marked: d.Marked, separator: d.Separator, given: len(d.Columns.Fields) > 0}
	in.Watch()
	c.Exact = d.Encoded
	if r.comma == 0 && !d.Encoded {
		r.comma = HeaderDelimiter(lines[0], d.Columns)
	}
	if r.comma == 0 {
		r.comma = ','
	}
	row, reason, err := r.row()
	if err != nil {
		return nil, r.headError(err, "")
	}
	if reason != "" {
		return nil, r.headError(errors.New(reason), "mend the first row")
	}
	first := make([]string, len(r.cells))
	for i := range r.cells {
		// A part of the row would keep the whole row in memory.
		first[i] = strings.Clone(r.text(row, i))
	}
	switch {
	case d.Encoded && d.Columns.Named():
		return nil, entry.Usagef("%s: a manifest of S3 Batch Operations has no header, so --columns must give numbers", c.Source)
	case d.Columns.Numbered:
		if r.cols, r.heads, err = d.Columns.ByNumber(first); err != nil {
			return nil, r.headError(err, "give --columns the numbers as they are in this file, or leave it out where there is a header")
		}
	case d.Encoded:
		err = r.batchColumns(first)
	case d.Columns.IsHeader(first):
		return r, r.header(first, d.Columns.ForHeader(first))
	case d.Columns.Named():
		return nil, r.headError(fmt.Errorf("the header has no column %q, which --columns names; it has %s", d.Columns.Lacking(first), entry.QuoteAll(first)),
			"name the columns as the header spells them; if their delimiter is not "+delimiterName(r.comma)+", add --delimiter")
	default:
		err = r.bare(first, row, lines, d)
	}
	if err != nil {
		return nil, err
	}
	r.data = true
	r.again, r.maxHeaderKey = !d.Encoded, maxKeyName
	return r, r.countExtra()
}

// NewEncoded reads rows without a header, whose keys are URL-encoded.
func NewEncoded(in *input.Input, c *entry.Checker, columns []entry.Column) *Rows {
	heads := make([]string, len(columns))
	for i, col := range columns {
		heads[i] = col.String()
	}
	in.Watch()
	return &Rows{in: in, check: c, comma: ',', encoded: true, cols: columns, heads: heads}
}

// bare finds the columns of a first row that is no header.
func (r *Rows) bare(first []string, row string, lines []string, d Dialect) error {
	if tool, remedy := ListingTool(lines); tool != "" {
		if len(first) <= 2 {
			remedy += "; if the row is right as it is, add --columns " + rowColumns(len(first))
		}
		return r.headError(fmt.Errorf("is the output of %s, not a CSV (it begins with %s)", tool, entry.Excerpt(row)), remedy)
	}
	if err := r.likeHeader(first, row, lines, d); err != nil {
		return err
	}
	if err := r.ambiguous(first, row, lines, d); err != nil {
		return err
	}
	switch {
	case len(first) == 1 && (r.check.Bucket != "" || entry.LooksLikeURI(first[0])):
		r.cols = []entry.Column{entry.ColKey}
	case len(first) == 1:
		remedy := "add a column for the bucket, or set --source-bucket; if the first row is a header, name a column key"
		for _, d := range delimiters[1:] {
			if strings.IndexByte(first[0], d) >= 0 {
				remedy = "if its delimiter is " + delimiterName(d) + ", add --delimiter '" + delimiterFlag(d) + "'; else set --source-bucket"
			}
		}
		return r.headError(errors.New("the first row has one column, and no bucket is set"), remedy)
	case len(first) == 2:
		r.cols = []entry.Column{entry.ColBucket, entry.ColKey}
	default:
		return r.headError(fmt.Errorf("the first row has %d columns and none is named key, object_key or ObjectKey", len(first)),
			"give a header, or say where they are, for example --columns bucket=1,key=2; without either only bucket,key (or key alone with --source-bucket) can be read")
	}
	r.heads = make([]string, len(r.cols))
	return nil
}

// rowColumns returns the value of --columns that reads rows of so many cells, one or more, without a header.
func rowColumns(cells int) string {
	if cells == 1 {
		return "key=1"
	}
	return "bucket=1,key=2"
}

// ambiguous refuses a first row that can be read in two ways, and names the command line for each.
func (r *Rows) ambiguous(first []string, row string, lines []string, d Dialect) error {
	asRow := "if the row is right as it is, add --columns " + rowColumns(len(first))
	rows := Content(lines)
	if other := bareTable(rows, ';', '\t', '|'); d.Delimiter == 0 && other != 0 && entry.CheckBucket(first[0]) != nil && len(first) <= 2 {
		return r.headError(fmt.Errorf("the first row %s may have %s as its delimiter", entry.Excerpt(row), delimiterName(other)), "if it has, "+rowsRemedy(rows, other)+"; "+asRow)
	}
	if quote := QuoteOf(first[len(first)-1]); quote != "" && len(first) <= 2 {
		return r.headError(fmt.Errorf(`the cells of the first row stand in quotes other than " (it begins with %s)`, entry.Excerpt(row)),
			`write " in their place if they are not part of the keys; `+asRow)
	}
	if _, marked := comment(row); marked && len(first) == 1 {
		return r.headError(fmt.Errorf("the first row %s may be a comment or a key", entry.Excerpt(row)), "take it out if it is a comment; "+asRow)
	}
	return nil
}

// batchColumns finds the columns of a manifest of S3 Batch Operations by their
// number (Amazon S3 User Guide, "Creating an S3 Batch Operations job", Specifying a manifest).
func (r *Rows) batchColumns(first []string) error {
	r.cols = []entry.Column{entry.ColBucket, entry.ColKey, entry.ColVersionID}
	if len(first) < 2 || len(first) > 3 {
		return r.headError(fmt.Errorf("the first row has %d columns, and a manifest of S3 Batch Operations has bucket,key or bucket,key,version id", len(first)),
			"say which are which, for example --columns bucket=1,key=2")
	}
	if slices.ContainsFunc(first, entry.KnownWord) {
		return r.headError(errors.New("the first row is a header, and a manifest of S3 Batch Operations has none"),
			"is it a plain CSV? then give --format csv, and its keys are taken as they are; else take the header out, or if it is a row add --columns bucket=1,key=2")
	}
	r.cols = r.cols[:len(first)]
	for _, col := range r.cols {
		r.heads = append(r.heads, col.String())
	}
	return nil
}

// likeHeader refuses a first row that looks like a header without a column of the keys: read as data it would submit an
// unintended object. A row looks so if one cell is a name that columns have, or no cell could be a key while every row
// below has one that could.
func (r *Rows) likeHeader(first []string, row string, lines []string, d Dialect) error {
	cells, comma := first, r.comma
	if d.Delimiter == 0 && len(first) == 1 {
		for _, other := range delimiters[1:] {
			if split := SplitLine(lines[0], other); len(split) > len(cells) && entry.NoneCouldBeKey(split) {
				cells, comma = split, other
			}
		}
	}
	below := split(lines[1:], comma)
	switch {
	case slices.ContainsFunc(cells, entry.KnownWord):
	case len(cells) <= 2 && comma == r.comma && entry.AboveKeys(cells, below):
	default:
		return nil
	}
	remedy := "rename the column of the keys to key, or name it, for example --columns 'key=" + entry.TrimBlanks(cells[entry.KeyColumn(cells, below)]) + "'"
	if r.check.Bucket == "" && !slices.ContainsFunc(cells, func(s string) bool { return entry.ColumnOf(s) == entry.ColBucket }) {
		remedy += " --source-bucket BUCKET"
	}
	if comma == r.comma && len(cells) <= 2 {
		remedy += "; if it is a row, add --columns " + rowColumns(len(cells))
	}
	return r.headError(fmt.Errorf("the first row %s looks like a header, but no column is named key, object_key or ObjectKey", entry.Excerpt(row)), remedy)
}

// header takes the first row as names.
func (r *Rows) header(first []string, columns entry.Columns) error {
	r.heads = first
	for i := range first {
		first[i] = entry.ValidText(first[i])
	}
	report := entry.IsReport(first)
	if report && r.marked {
		return entry.ErrExcel(r.check.Source)
	}
	if err := r.nameColumns(first, columns, report); err != nil {
		return err
	}
	// A report gives keys as they are.
	r.again, r.check.Exact, r.maxHeaderKey = true, report, maxKeyName
	if i := slices.Index(r.cols, entry.ColKey); i >= 0 { // it may be spelled with more around it
		r.maxHeaderKey, r.headerQuote = max(r.maxHeaderKey, 2*len(r.heads[i])), QuoteOf(r.heads[i])
	}
	return r.countExtra()
}

// nameColumns finds what each column of a header is.
func (r *Rows) nameColumns(first []string, columns entry.Columns, report bool) error {
	own := len(first) // so many columns may be the report's own
	if report && entry.InReportOrder(first) {
		own = len(entry.ReportColumns())
	}
	seen := map[entry.Column]string{}
	for i, name := range first {
		col := columns.Column(name)
		if report && i < own && col == entry.ColExtra {
			col = entry.ReportColumn(name)
		}
		if other, twice := seen[col]; twice {
			if !col.Carried() {
				return r.headError(fmt.Errorf("the header names the %s column twice (%q and %q)", col.String(), other, name), "leave one out, or rename it")
			}
			col = entry.ColExtra
		}
		r.cols = append(r.cols, col)
		switch {
		case col == entry.ColExtra && report:
			r.heads[i] = entry.OwnName(name)
		case col != entry.ColExtra && col != entry.ColIgnore:
			seen[col] = name
		}
	}
	return nil
}

// countExtra counts the columns that are carried to the report, and refuses more than that can have.
func (r *Rows) countExtra() error {
	r.check.NoDetails = true
	for _, col := range r.cols {
		if col == entry.ColExtra || col.Carried() {
			r.extra++
		}
		if col.Carried() {
			r.check.NoDetails = false
		}
	}
	if r.extra > entry.MaxColumns {
		return r.headError(fmt.Errorf("the table has %d further columns, and at most %d are carried to the report", r.extra, entry.MaxColumns),
			"take out those that are not needed; is this a table with a row an object?")
	}
	return nil
}

func (r *Rows) headError(err error, remedy string) error {
	if broken, is := errors.AsType[*entry.BrokenError](err); is {
		broken.Unread = true
		return broken
	}
	return &entry.BrokenError{Source: r.check.Source, Line: r.in.Line, Unread: true, Err: err, Remedy: remedy}
}

// delimiterName names a delimiter in a sentence.
func delimiterName(d byte) string {
	switch d {
	case ',':
		return "a comma"
	case ';':
		return "a semicolon"
	case '\t':
		return "a tab"
	}
	return string(rune(d))
}

// delimiterFlag is the delimiter as --delimiter takes it.
func delimiterFlag(d byte) string {
	if d == '\t' {
		return "tab"
	}
	return string(rune(d))
}
