package csv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// Rows reads RFC 4180 exactly: encoding/csv changes CRLF inside quotes and buffers a whole file after an unclosed
// quote. Each row is one string, of which the cells are parts.
type Rows struct {
	in      *input.Input
	check   *entry.Checker
	comma   byte // the delimiter
	encoded bool // the keys are URL-encoded
	// plainHint ends the message about a key that is not.
	plainHint string

	cells []cell         // of the current row
	cols  []entry.Column // what each cell is
	heads []string       // the name of each cell, as the header spells it
	extra int            // how many of the columns go into Entry.Extra
	data  bool           // the current row is the first one, and was not returned yet
	// marked says that a byte order mark stood before the header.
	marked bool

	again     bool // rows may repeat the header
	separator bool // rows may include a line sep=X
	// maxHeaderKey is the longest cell, in bytes, that can be the name of the keys' column in a repeated header.
	maxHeaderKey int
	regular      bool // a row had as many cells as the header
	surplus      int  // empty cells at the end of every row
	crs          bool // lines end in CR CR LF
	comments     comments
	given        bool   // --columns is given
	last         string // last key
	// headerQuote is the quote around the header's name of the keys' column, other than "; "" if there is none.
	headerQuote string
}

// cell is a part of a row, without its quotes.
type cell struct {
	start, end int
	escaped    bool // holds "" for "
}

// Read reads the next row. Its errors are io.EOF at the clean end, a
// *entry.RowError, a *entry.BrokenError, and those of the input.
func (r *Rows) Read(e *entry.Entry) error {
	row, err := r.next()
	if err != nil {
		return err
	}
	line := r.in.Line
	skip, reason := r.skips(row)
	if reason == "" && skip == "" {
		reason = r.fit(row)
	}
	switch {
	case reason != "":
		return r.check.Reject(line, reason, nil, nil)
	case skip != "":
		*e = entry.Entry{Line: line, Skip: skip}
		return nil
	}
	var v entry.Values
	extra := r.values(row, &v)
	if reason := r.decode(row, &v); reason != "" {
		return r.check.Reject(line, reason, &v, extra)
	}
	if key := v[entry.ColKey]; r.again && len(key) <= r.maxHeaderKey && !entry.CouldBeKey(key) {
		if skip, err := r.headerAgain(row, &v); err != nil || skip {
			*e = entry.Entry{Line: line, Skip: entry.SkipHeader}
			return err
		}
	}
	*e = entry.Entry{Line: line, Extra: extra}
	if reason := r.check.Fill(e, &v); reason != "" {
		return r.check.Reject(line, reason, &v, extra)
	}
	if r.headerQuote != "" && QuoteOf(v[entry.ColKey]) == r.headerQuote {
		return r.check.Reject(line, `the key is in quotes other than ", like the header; a CSV needs " around cells: replace them`, &v, extra)
	}
	r.last = e.Key
	return nil
}

// next returns the next row, whose cells are split. A malformed row is a
// *entry.RowError.
func (r *Rows) next() (string, error) {
	if r.data {
		r.data = false
		return string(r.in.Token()), nil
	}
	row, reason, err := r.row()
	if errors.Is(err, input.ErrTooLong) {
		reason, err = err.Error(), nil
	}
	if err == nil && reason != "" {
		err = r.check.Reject(r.in.Line, reason, nil, nil)
	}
	return row, err
}

// skips returns why a line is skipped, or why it is rejected because it may or may not be a row.
func (r *Rows) skips(row string) (skip, reason string) {
	if row[0] == '#' || r.separator {
		if skip, reason := r.notARow(row); skip != "" || reason != "" {
			return skip, reason
		}
	}
	switch {
	case r.empty():
		return entry.SkipEmpty, ""
	case r.total(row):
		return entry.SkipTotal, ""
	}
	return "", ""
}

// fit gives a row as many cells as there are columns, or returns why the row is
// rejected: its cells cannot be told apart.
func (r *Rows) fit(row string) (reason string) {
	if len(r.cells) == len(r.cols) {
		r.regular = true
		return ""
	}
	if r.again && r.fitCells() {
		return ""
	}
	remedy := "is the line cut?"
	if len(r.cells) > len(r.cols) {
		remedy = "a key that holds " + delimiterName(r.comma) + " needs quotes"
	}
	return fmt.Sprintf("the row has %d columns instead of %d: %s; %s",
		len(r.cells), len(r.cols), entry.Excerpt(strings.TrimRight(row, "\r\n")), remedy)
}

// values sets the values of the columns that are read, and returns those that are carried to the report.
func (r *Rows) values(row string, v *entry.Values) (extra []entry.Field) {
	if r.extra > 0 {
		extra = make([]entry.Field, 0, r.extra)
	}
	for i, col := range r.cols {
		switch col {
		case entry.ColExtra:
			extra = append(extra, entry.Field{Name: r.heads[i], Value: r.text(row, i)})
		case entry.ColIgnore:
		default:
			v[col] = r.text(row, i)
			if r.extra > 0 && col.Carried() {
				extra = append(extra, entry.Field{Name: r.heads[i], Value: v[col]})
			}
		}
	}
	return extra
}

// decode decodes a key that is URL-encoded, and returns why a row cannot be read.
func (r *Rows) decode(row string, v *entry.Values) (reason string) {
	if !utf8.ValidString(row) {
		return r.notUTF8(row)
	}
	if !r.encoded {
		return ""
	}
	key, err := url.QueryUnescape(v[entry.ColKey])
	if err != nil {
		return fmt.Sprintf("the key %s is not URL-encoded, as S3 writes it in these lists: a %% must be written %%25%s",
			entry.Excerpt(v[entry.ColKey]), r.plainHint)
	}
	v[entry.ColKey] = key
	return ""
}

// empty reports whether the row has several cells and nothing in any: Excel writes such rows below a table.
func (r *Rows) empty() bool {
	return len(r.cells) > 1 && !slices.ContainsFunc(r.cells, func(c cell) bool { return c.start < c.end })
}

// notUTF8 names the column that is at fault.
func (r *Rows) notUTF8(row string) string {
	for i, col := range r.cols {
		s := r.text(row, i)
		if utf8.ValidString(s) {
			continue
		}
		name := r.heads[i]
		if name == "" && col != entry.ColExtra {
			name = col.String()
		}
		return fmt.Sprintf("the %s column %s is not valid UTF-8; save the manifest as UTF-8", name, entry.Excerpt(s))
	}
	return "the row is not valid UTF-8; save the manifest as UTF-8"
}

// text returns a cell's value.
func (r *Rows) text(row string, i int) string {
	c := r.cells[i]
	s := row[c.start:c.end]
	if c.escaped {
		s = strings.ReplaceAll(s, `""`, `"`)
	}
	return s
}

// row reads the next row that is not blank and splits it. A reason says why the row is malformed. Its errors are those
// of input, or a *BrokenError for a quote that is never closed.
func (r *Rows) row() (row, reason string, err error) {
	for {
		if err := r.in.Next(); err != nil {
			return "", "", err
		}
		line := r.in.Token()
		if line[0] == input.FirstOfBOM && bytes.HasPrefix(line, input.BOM) {
			r.in.Skip(len(input.BOM))
			r.check.Note(r.in.Line, innerBOM)
			line = r.in.Token()
		}
		if line = TrimEOL(line); r.crs {
			line = r.trim(line)
		}
		if len(line) > 0 && line[0] == input.FileEnd {
			if line, reason = endMark(line); reason != "" {
				return "", reason, nil
			}
		}
		if len(line) > 0 {
			return r.cellsOf(line)
		}
	}
}

// cellsOf splits a row that begins with line.
func (r *Rows) cellsOf(line []byte) (row, reason string, err error) {
	if bytes.IndexByte(line, '"') >= 0 {
		if reason, err = r.splitQuoted(); err != nil {
			return "", "", err
		}
		line = r.in.Token()
	} else {
		r.split(line)
		if r.in.HasCR && bytes.IndexByte(line, '\r') >= 0 {
			reason = bareCR
		}
	}
	if reason == "" && r.in.HasNUL && bytes.IndexByte(line, 0) >= 0 {
		reason = "the row holds a NUL byte; is the file damaged?"
	}
	if reason != "" {
		return "", reason, nil
	}
	return string(line), "", nil
}

const bareCR = "a carriage return (CR) stands outside quotes; put quotes around a key that holds one"

// split is for rows without quotes.
func (r *Rows) split(line []byte) {
	cells, comma, start := r.cells[:0], r.comma, 0
	for {
		i := bytes.IndexByte(line[start:], comma)
		if i < 0 {
			r.cells = append(cells, cell{start: start, end: len(line)})
			return
		}
		cells = append(cells, cell{start: start, end: start + i})
		start += i + 1
	}
}

// splitQuoted is for rows that hold a quote. It joins further lines to the token while a quote is open.
func (r *Rows) splitQuoted() (reason string, err error) {
	r.cells = r.cells[:0]
	for pos := 0; ; pos++ { // over the delimiter
		row := r.in.Token()
		var c cell
		if pos < len(row) && row[pos] == '"' {
			if c, pos, err = r.quoted(pos + 1); err != nil {
				return "", err
			}
			row = r.in.Token()
		} else if c, pos, reason = r.unquoted(row, pos); reason != "" {
			return r.over(reason), nil
		}
		r.cells = append(r.cells, c)
		switch rest := row[pos:]; {
		case len(rest) == 0 || rest[0] == '\n' || len(r.trim(rest)) == 0:
			return "", nil
		case rest[0] != r.comma:
			return r.over(`something follows a closing quote ("); double a quote that belongs to the cell`), nil
		}
	}
}

// unquoted reads a cell that begins without a quote at pos, and returns the position after it.
func (r *Rows) unquoted(row []byte, pos int) (c cell, end int, reason string) {
	c.start = pos
	for pos < len(row) && row[pos] != r.comma && row[pos] != '\n' && row[pos] != '"' {
		pos++
	}
	c.end = pos
	if pos == len(row) || row[pos] == '\n' {
		c.end = c.start + len(r.trim(row[c.start:min(pos+1, len(row))]))
	}
	switch {
	case bytes.IndexByte(row[c.start:c.end], '\r') >= 0:
		reason = bareCR
	case pos < len(row) && row[pos] == '"':
		reason = `a quote (") stands inside a cell that does not begin with one; put quotes around the cell and double those in it`
	}
	return c, pos, reason
}

// over adds to a reason which lines belong to the row.
func (r *Rows) over(reason string) string {
	if last := r.in.Line + r.in.Lines - 1; last > r.in.Line {
		return fmt.Sprintf("%s (lines %d to %d were taken for this row)", reason, r.in.Line, last)
	}
	return reason
}

// quoted reads a cell whose opening quote stands before pos, and gives the position after the closing one.
func (r *Rows) quoted(pos int) (cell, int, error) {
	c := cell{start: pos}
	opened := r.in.Line + r.in.Lines - 1
	for {
		row := r.in.Token()
		i := bytes.IndexByte(row[pos:], '"')
		switch {
		case i < 0:
			pos = len(row)
			err := r.in.Extend()
			switch {
			case err == nil:
				continue
			case errors.Is(err, input.ErrTooLong):
				err = fmt.Errorf("a quote (\") is not closed within %d bytes", input.MaxLine)
			case err == io.EOF:
				err = errors.New(`a quote (") is never closed`)
			default:
				return c, pos, err
			}
			return c, pos, &entry.BrokenError{Source: r.check.Source, Line: opened, Err: err,
				Remedy: "all rows before it were read; close it (and double quotes inside a cell), and run the same command again"}
		case pos+i+1 < len(row) && row[pos+i+1] == '"':
			c.escaped = true
			pos += i + 2
		default:
			c.end = pos + i
			return c, pos + i + 1, nil
		}
	}
}

// trim takes the line end from the end of a row.
func (r *Rows) trim(line []byte) []byte {
	line = TrimEOL(line)
	if r.crs && len(line) > 0 && line[len(line)-1] == '\r' {
		line = bytes.TrimRight(line, "\r")
		r.check.Note(r.in.Line, doubledCRs)
	}
	return line
}

// TrimEOL takes one LF or CRLF from the end, and a CR at the very end of a file.
func TrimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
