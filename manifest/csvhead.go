package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// dialect is what is known of a CSV before its first row.
type dialect struct {
	delimiter byte    // 0: recognised in the header, else a comma
	columns   Columns // zero: found by the header
	marked    bool    // there was a byte order mark
	batch     bool    // it is a manifest of S3 Batch Operations
	separator bool    // a line sep=X says the delimiter
	crs       bool    // lines end in CR CR LF
	bucket    string  // of rows that name none
}

// newCSV reads the first row; lines are the first lines, which the input gives
// again. The first row is a header if and only if one of its cells is named key
// (or is another spelling of it), or if all the names asked for are in it.
func newCSV(in *input, c *checker, d dialect, lines []string) (*csvRows, error) {
	r := &csvRows{in: in, check: c, comma: d.delimiter, encoded: d.batch, plainHint: "; is it a plain CSV? then give --format csv", crs: d.crs, marked: d.marked, separator: d.separator, told: len(d.columns.fields) > 0}
	in.watch()
	if r.comma == 0 && !d.batch {
		r.comma = headerDelimiter(lines[0], d.columns)
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
		// Not a part of the row, which would else be kept for ever.
		first[i] = strings.Clone(r.text(row, i))
	}
	switch {
	case d.batch && d.columns.named():
		return nil, usagef("%s: a manifest of S3 Batch Operations has no header, so --columns must give numbers", c.source)
	case d.columns.numbered:
		if r.cols, r.heads, err = d.columns.number(first); err != nil {
			return nil, r.headError(err, "give --columns the numbers as they are in this file, or leave it out where there is a header")
		}
	case d.batch:
		err = r.batchColumns(first)
	case d.columns.isHeader(first):
		return r, r.header(first, d.columns.in(first))
	case d.columns.named():
		return nil, r.headError(fmt.Errorf("the header has no column %q, which --columns names; it has %s", d.columns.lacking(first), quoteAll(first)),
			"name the columns as the header spells them; if their delimiter is not "+delimiterName(r.comma)+", add --delimiter")
	default:
		err = r.bare(first, row, lines, d)
	}
	if err != nil {
		return nil, err
	}
	r.data = true
	r.again, r.maxHeaderKey = !d.batch, maxKeyName
	return r, r.countExtra()
}

// bare finds the columns of a first row that is no header.
func (r *csvRows) bare(first []string, row string, lines []string, d dialect) error {
	if tool, remedy := listingTool(lines); tool != "" {
		if len(first) <= 2 {
			remedy += "; if the row is right as it is, add --columns " + rowColumns(len(first))
		}
		return r.headError(fmt.Errorf("is the output of %s, no CSV (it begins with %s)", tool, excerpt(row)), remedy)
	}
	if err := r.likeHeader(first, row, lines, d); err != nil {
		return err
	}
	if err := r.ambiguous(first, row, lines, d); err != nil {
		return err
	}
	switch {
	case len(first) == 1 && (r.check.bucket != "" || LooksLikeURI(first[0])):
		r.cols = []column{colKey}
	case len(first) == 1:
		remedy := "add a column for the bucket, or set --source-bucket; if the first row is a header, name a column key"
		for _, d := range delimiters[1:] {
			if strings.IndexByte(first[0], d) >= 0 {
				remedy = "if its delimiter is " + delimiterName(d) + ", add --delimiter '" + delimiterFlag(d) + "'; else set --source-bucket"
			}
		}
		return r.headError(errors.New("the first row has one column, and no bucket is set"), remedy)
	case len(first) == 2:
		r.cols = []column{colBucket, colKey}
	default:
		return r.headError(fmt.Errorf("the first row has %d columns and none is named key, object_key or ObjectKey", len(first)),
			"give a header, or say where they are, for example --columns bucket=1,key=2; without either only bucket,key (or key alone with --source-bucket) can be read")
	}
	r.heads = make([]string, len(r.cols))
	return nil
}

// rowColumns returns the value of --columns that reads rows of so many cells, one
// or more, without a header.
func rowColumns(cells int) string {
	if cells == 1 {
		return "key=1"
	}
	return "bucket=1,key=2"
}

// ambiguous refuses first rows that can be read in two ways, with the command
// line for each.
func (r *csvRows) ambiguous(first []string, row string, lines []string, d dialect) error {
	asRow := "if the row is right as it is, add --columns " + rowColumns(len(first))
	rows := content(lines)
	if other := bareTable(rows, ';', '\t', '|'); d.delimiter == 0 && other != 0 && checkBucket(first[0]) != "" && len(first) <= 2 {
		return r.headError(fmt.Errorf("the first row %s may have %s as its delimiter", excerpt(row), delimiterName(other)), "if it has, "+rowsRemedy(rows, other)+"; "+asRow)
	}
	if quote := quoteOf(first[len(first)-1]); quote != "" && len(first) <= 2 {
		return r.headError(fmt.Errorf(`the cells of the first row stand in quotes other than " (it begins with %s)`, excerpt(row)),
			`write " in their place if they are not part of the keys; `+asRow)
	}
	if _, marked := comment(row); marked && len(first) == 1 {
		return r.headError(fmt.Errorf("the first row %s may be a comment or a key", excerpt(row)), "take it out if it is a comment; "+asRow)
	}
	return nil
}

// batchColumns finds the columns of a manifest of S3 Batch Operations by their
// number (Amazon S3 User Guide, "Creating an S3 Batch Operations job", Specifying a manifest).
func (r *csvRows) batchColumns(first []string) error {
	r.cols = []column{colBucket, colKey, colVersionID}
	if len(first) < 2 || len(first) > 3 {
		return r.headError(fmt.Errorf("the first row has %d columns, and a manifest of S3 Batch Operations has bucket,key or bucket,key,version id", len(first)),
			"say which are which, for example --columns bucket=1,key=2")
	}
	if slices.ContainsFunc(first, knownWord) {
		return r.headError(errors.New("the first row is a header, and a manifest of S3 Batch Operations has none"),
			"is it a plain CSV? then give --format csv, and its keys are taken as they are; else take the header out, or if it is a row add --columns bucket=1,key=2")
	}
	r.cols = r.cols[:len(first)]
	for _, col := range r.cols {
		r.heads = append(r.heads, names[col])
	}
	return nil
}

// likeHeader refuses a first row that looks like a header without a column of
// the keys: read as data it would submit an object that nobody meant. It does so
// if one cell is a name that columns have, or if no cell could be a key while all
// rows below have one that could.
func (r *csvRows) likeHeader(first []string, row string, lines []string, d dialect) error {
	cells, comma := first, r.comma
	if d.delimiter == 0 && len(first) == 1 {
		for _, other := range delimiters[1:] {
			if split := splitLine(lines[0], other); len(split) > len(cells) && noneCouldBeKey(split) {
				cells, comma = split, other
			}
		}
	}
	below := split(lines[1:], comma)
	switch {
	case slices.ContainsFunc(cells, knownWord):
	case len(cells) <= 2 && comma == r.comma && aboveKeys(cells, below):
	default:
		return nil
	}
	remedy := "rename the column of the keys to key, or name it, for example --columns 'key=" + trim(cells[keyColumn(cells, below)]) + "'"
	if r.check.bucket == "" && !slices.ContainsFunc(cells, func(s string) bool { return columnOf(s) == colBucket }) {
		remedy += " --source-bucket BUCKET"
	}
	if comma == r.comma && len(cells) <= 2 {
		remedy += "; if it is a row, add --columns " + rowColumns(len(cells))
	}
	return r.headError(fmt.Errorf("the first row %s looks like a header, but no column is named key, object_key or ObjectKey", excerpt(row)), remedy)
}

// header takes the first row as names.
func (r *csvRows) header(first []string, columns Columns) error {
	r.heads = first
	for i := range first {
		first[i] = ValidText(first[i])
	}
	report := isReport(first)
	ordered := report && inReportOrder(first)
	if report && r.marked {
		return errExcel(r.check.source)
	}
	seen := map[column]string{}
	for i, name := range r.heads {
		col := columns.column(name)
		if report && (!ordered || i < len(reportColumns)) && col == colExtra {
			col = reportColumn(name)
		}
		if other, twice := seen[col]; twice {
			if !col.carried() {
				return r.headError(fmt.Errorf("the header names the %s column twice (%q and %q)", names[col], other, name), "leave one out, or rename it")
			}
			col = colExtra
		}
		r.cols = append(r.cols, col)
		if col != colExtra && col != colIgnore {
			seen[col] = name
		}
	}
	if report {
		for i, col := range r.cols {
			if col == colExtra {
				r.heads[i] = ownName(r.heads[i])
			}
		}
	}
	// A report gives keys as they are.
	r.again, r.check.exact, r.maxHeaderKey = true, report, maxKeyName
	if i := slices.Index(r.cols, colKey); i >= 0 { // it may be spelled with more around it
		r.maxHeaderKey, r.headerQuote = max(r.maxHeaderKey, 2*len(r.heads[i])), quoteOf(r.heads[i])
	}
	return r.countExtra()
}

// countExtra counts the columns that are carried to the report, and refuses more
// than that can have.
func (r *csvRows) countExtra() error {
	r.check.plain = true
	for _, col := range r.cols {
		if col == colExtra || col.carried() {
			r.extra++
		}
		if col.carried() {
			r.check.plain = false
		}
	}
	if r.extra > MaxColumns {
		return r.headError(fmt.Errorf("the table has %d further columns, and at most %d are carried to the report", r.extra, MaxColumns),
			"take out those that are not needed; is this a table with a row an object?")
	}
	return nil
}

func (r *csvRows) headError(err error, remedy string) error {
	var broken *BrokenError
	if errors.As(err, &broken) {
		broken.Unread = true
		return broken
	}
	return &BrokenError{Source: r.check.source, Line: r.in.line, Unread: true, Err: err, Remedy: remedy}
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

func quoteAll(cells []string) string {
	quoted := make([]string, 0, len(cells))
	for _, s := range cells {
		quoted = append(quoted, excerpt(s))
	}
	return strings.Join(quoted, ", ")
}
