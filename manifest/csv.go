package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// csvRows reads RFC 4180 exactly: encoding/csv alters CRLF inside quotes and
// buffers a whole file after an unclosed quote. One string is made for a row;
// its cells are parts of it.
type csvRows struct {
	in      *input
	check   *checker
	comma   byte // or what stands in its place
	encoded bool // the keys are URL-encoded
	// plainHint ends the message about a key that is not.
	plainHint string

	cells []cell   // of the row at hand
	cols  []column // what each cell is
	heads []string // the name of each cell, as the header spells it
	extra int      // how many of the columns go into Entry.Extra
	data  bool     // the row at hand, when there was no header, is the first row
	// marked says that a byte order mark stood before the header.
	marked bool

	again     bool // a header may stand among the rows
	separator bool // a line sep=X may, too
	// maxHeaderKey is the longest cell, in bytes, that can be the name of the keys'
	// column in a repeated header.
	maxHeaderKey int
	regular      bool // a row had as many cells as the header
	surplus      int  // empty cells at the end of every row
	crs          bool // lines end in CR CR LF
	comments     comments
	told         bool   // the user says what the columns are
	last         string // key that was read
	// headerQuote is the quote around the header's name of the keys' column, other
	// than "; "" if there is none.
	headerQuote string
}

// cell is a part of a row, without its quotes.
type cell struct {
	start, end int
	escaped    bool // holds "" for "
}

func (r *csvRows) read(e *Entry) error {
	var row, reason string
	if r.data {
		r.data = false
		row = string(r.in.token())
	} else {
		var err error
		row, reason, err = r.row()
		if errors.Is(err, errTooLong) {
			return tooLong(r.check, r.in.line)
		}
		if err != nil {
			return err
		}
		if reason != "" {
			return r.check.reject(r.in.line, reason, nil, nil)
		}
	}
	line := r.in.line
	if row[0] == '#' || r.separator {
		skip, reason := r.notARow(row)
		if reason != "" {
			return r.check.reject(line, reason, nil, nil)
		}
		if skip != "" {
			*e = Entry{Line: line, Skip: skip}
			return nil
		}
	}
	if r.empty() {
		*e = Entry{Line: line, Skip: SkipEmpty}
		return nil
	}
	if r.total(row) {
		*e = Entry{Line: line, Skip: SkipTotal}
		return nil
	}
	if len(r.cells) == len(r.cols) {
		r.regular = true
	} else if !r.again || !r.fitCells() {
		// Nobody knows which cell is which.
		remedy := "is the line cut?"
		if len(r.cells) > len(r.cols) {
			remedy = "a key that holds " + delimiterName(r.comma) + " needs quotes"
		}
		return r.check.reject(line, fmt.Sprintf("the row has %d columns instead of %d: %s; %s",
			len(r.cells), len(r.cols), excerpt(strings.TrimRight(row, "\r\n")), remedy), nil, nil)
	}
	var v values
	var extra []Field
	if r.extra > 0 {
		extra = make([]Field, 0, r.extra)
	}
	for i, col := range r.cols {
		switch col {
		case colExtra:
			extra = append(extra, Field{r.heads[i], r.text(row, i)})
		case colIgnore:
		default:
			v[col] = r.text(row, i)
			if r.extra > 0 && col.carried() {
				extra = append(extra, Field{r.heads[i], v[col]})
			}
		}
	}
	if !utf8.ValidString(row) {
		return r.check.reject(line, r.notUTF8(row), &v, extra)
	}
	if r.encoded {
		key, err := url.QueryUnescape(v[colKey])
		if err != nil {
			return r.check.reject(line, fmt.Sprintf("the key %s is not URL-encoded, as S3 writes it in these lists: a %% must be written %%25%s",
				excerpt(v[colKey]), r.plainHint), &v, extra)
		}
		v[colKey] = key
	}
	if key := v[colKey]; r.again && len(key) <= r.maxHeaderKey && !couldBeKey(key) {
		if skip, err := r.headerAgain(row, &v); err != nil || skip {
			*e = Entry{Line: line, Skip: SkipHeader}
			return err
		}
	}
	*e = Entry{Line: line, Extra: extra}
	if reason := r.check.fill(e, &v); reason != "" {
		return r.check.reject(line, reason, &v, extra)
	}
	if r.headerQuote != "" && quoteOf(v[colKey]) == r.headerQuote {
		return r.check.reject(line, `the key is in quotes other than ", like the header; a CSV needs " around cells: replace them`, &v, extra)
	}
	r.last = e.Key
	return nil
}

// empty reports whether the row has several cells and nothing in any: Excel
// writes such rows below a table.
func (r *csvRows) empty() bool {
	for _, c := range r.cells {
		if c.start < c.end {
			return false
		}
	}
	return len(r.cells) > 1
}

// notUTF8 names the column that is at fault.
func (r *csvRows) notUTF8(row string) string {
	for i, col := range r.cols {
		s := r.text(row, i)
		if utf8.ValidString(s) {
			continue
		}
		name := r.heads[i]
		if name == "" && col != colExtra {
			name = names[col]
		}
		return fmt.Sprintf("the %s column %s is not valid UTF-8; save the manifest as UTF-8", name, excerpt(s))
	}
	return "the row is not valid UTF-8; save the manifest as UTF-8"
}

// text returns a cell's value.
func (r *csvRows) text(row string, i int) string {
	c := r.cells[i]
	s := row[c.start:c.end]
	if c.escaped {
		s = strings.ReplaceAll(s, `""`, `"`)
	}
	return s
}

// row reads the next row that is not blank and splits it. A reason says why the
// row is malformed. Its errors are those of input, or a *BrokenError for a quote
// that is never closed.
func (r *csvRows) row() (row, reason string, err error) {
	for {
		if err := r.in.next(); err != nil {
			return "", "", err
		}
		line := r.in.token()
		if line[0] == firstOfBOM && bytes.HasPrefix(line, bom) {
			r.in.start += len(bom)
			r.check.note(r.in.line, innerBOM)
			line = r.in.token()
		}
		if line = trimEOL(line); r.crs {
			line = r.trim(line)
		}
		if len(line) == 0 {
			continue
		}
		if line[0] == fileEnd {
			if line, reason = endMark(line); line == nil {
				continue
			}
		}
		if reason != "" {
			return "", reason, nil
		}
		if bytes.IndexByte(line, '"') >= 0 {
			if reason, err = r.splitQuoted(); err != nil {
				return "", "", err
			}
			line = r.in.token()
		} else {
			r.split(line)
			if r.in.crs && bytes.IndexByte(line, '\r') >= 0 {
				reason = bareCR
			}
		}
		if reason == "" && r.in.zeros && bytes.IndexByte(line, 0) >= 0 {
			reason = "the row holds a NUL byte; is the file damaged?"
		}
		if reason != "" {
			return "", reason, nil
		}
		return string(line), "", nil
	}
}

const bareCR = "a carriage return (CR) stands outside quotes; put quotes around a key that holds one"

// split is for rows without quotes.
func (r *csvRows) split(line []byte) {
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

// splitQuoted is for rows that hold a quote. It joins further lines to the token
// while a quote is open.
func (r *csvRows) splitQuoted() (reason string, err error) {
	r.cells = r.cells[:0]
	for pos := 0; ; pos++ { // over the delimiter
		row := r.in.token()
		var c cell
		if pos < len(row) && row[pos] == '"' {
			if c, pos, err = r.quoted(pos + 1); err != nil {
				return "", err
			}
			row = r.in.token()
		} else {
			c.start = pos
			for pos < len(row) && row[pos] != r.comma && row[pos] != '\n' && row[pos] != '"' {
				pos++
			}
			c.end = pos
			if pos == len(row) || row[pos] == '\n' {
				c.end = c.start + len(r.trim(row[c.start:min(pos+1, len(row))]))
			}
			if bytes.IndexByte(row[c.start:c.end], '\r') >= 0 {
				return r.over(bareCR), nil
			}
			if pos < len(row) && row[pos] == '"' {
				return r.over(`a quote (") stands inside a cell that does not begin with one; put quotes around the cell and double those in it`), nil
			}
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

// over adds to a reason which lines are lost with the row.
func (r *csvRows) over(reason string) string {
	if last := r.in.line + r.in.lines - 1; last > r.in.line {
		return fmt.Sprintf("%s (lines %d to %d were taken for this row)", reason, r.in.line, last)
	}
	return reason
}

// quoted reads a cell whose opening quote stands before pos, and gives the
// position after the closing one.
func (r *csvRows) quoted(pos int) (cell, int, error) {
	c := cell{start: pos}
	opened := r.in.line + r.in.lines - 1
	for {
		row := r.in.token()
		i := bytes.IndexByte(row[pos:], '"')
		switch {
		case i < 0:
			pos = len(row)
			err := r.in.extend()
			switch {
			case err == nil:
				continue
			case errors.Is(err, errTooLong):
				err = fmt.Errorf("a quote (\") is not closed within %d bytes", MaxRow)
			case isEOF(err):
				err = errors.New(`a quote (") is never closed`)
			default:
				return c, pos, err
			}
			return c, pos, &BrokenError{Source: r.check.source, Line: opened, Err: err,
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
func (r *csvRows) trim(line []byte) []byte {
	line = trimEOL(line)
	if r.crs && len(line) > 0 && line[len(line)-1] == '\r' {
		line = bytes.TrimRight(line, "\r")
		r.check.note(r.in.line, doubledCRs)
	}
	return line
}

// trimEOL takes one LF or CRLF from the end, and a CR at the very end of a file.
func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

func tooLong(c *checker, line int64) error {
	return c.reject(line, fmt.Sprintf("the line is longer than %d bytes; is a line end missing?", MaxRow), nil, nil)
}
