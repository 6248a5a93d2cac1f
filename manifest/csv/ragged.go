package csv

import (
	"errors"
	"slices"
	"strings"

	"airlift/manifest/entry"
)

// maxKeyName bounds the spellings of the keys' column that are recognized
// among the rows: object_key, in quotes and with blanks.
const maxKeyName = 24

// fitCells gives a row as many cells as the header: it drops surplus empty cells at its end, or adds empty ones for
// further columns, which Excel leaves out. It returns false if a surplus cell is not empty, if a column that is read is
// missing, or if the row may be cut at the end of the file.
func (r *Rows) fitCells() bool {
	if len(r.cells) > len(r.cols) {
		for _, c := range r.cells[len(r.cols):] {
			if c.start != c.end {
				return false
			}
		}
		if !r.everyRow(len(r.cells)) {
			return false
		}
		r.cells = r.cells[:len(r.cols)]
		return true
	}
	if !strings.HasSuffix(string(r.in.Token()), "\n") {
		return false // the file may be cut there
	}
	for _, col := range r.cols[len(r.cells):] {
		if col != entry.ColExtra && !col.Carried() {
			return false
		}
	}
	for len(r.cells) < len(r.cols) {
		r.cells = append(r.cells, cell{})
	}
	return true
}

// everyRow reports whether every row has as many surplus empty cells. In a single row they may come from a key with an
// unquoted delimiter, which moves the cells after it, unless the key is the last column.
func (r *Rows) everyRow(width int) bool {
	if r.cols[len(r.cols)-1] == entry.ColKey {
		return true
	}
	if !r.regular && r.surplus == 0 {
		next := Content(r.in.Peek(2))
		if len(next) == 0 {
			return false
		}
		cells := SplitLine(next[0], r.comma)
		if len(cells) != width || strings.Join(cells[len(r.cols):], "") != "" {
			return false
		}
		r.surplus = width - len(r.cols)
	}
	return width-len(r.cols) == r.surplus
}

// notARow returns why a line is skipped, as a comment or as the line sep=X of a
// joined file, or why it is rejected; both are "" for a row.
func (r *Rows) notARow(row string) (skip, reason string) {
	if r.separator && len(row) <= 8 {
		if _, ok := SeparatorLine(entry.TrimBlanks(row)); ok {
			return entry.SkipHeader, ""
		}
	}
	if row[0] != '#' || r.encoded || r.check.Exact || !r.again {
		return "", ""
	}
	certain, _ := comment(strings.TrimRight(row, "\r\n"))
	switch {
	case r.cols[0] == entry.ColBucket, len(r.cells) == 1 && len(r.cols) > 1 && r.cols[0] != entry.ColKey:
		// No bucket's name begins so, and a single cell is no row where the first column is not the keys'.
	case len(r.cells) > 1, !certain, r.given:
		r.comments.none()
		return "", ""
	case !r.comments.skips(r.last, r.in):
		return "", "the row begins with # and may be a comment or a key; take it out, or put it in quotes"
	}
	r.check.Note(r.in.Line, commentInTable)
	return entry.SkipTitle, ""
}

// headerAgain reports whether a row is the header of a joined file. If it has the keys or the buckets in other columns
// than before it is an error, because the rows below it could be anything.
func (r *Rows) headerAgain(row string, v *entry.Values) (bool, error) {
	if entry.FoldName(v[entry.ColKey]) == "" {
		return false, nil
	}
	cells := make([]string, len(r.cells))
	same, named := true, 0
	for i := range r.cells {
		cells[i] = r.text(row, i)
		same = same && (entry.FoldName(entry.ValidText(cells[i])) == entry.FoldName(r.heads[i]) || cells[i] == entry.ReportName(r.heads[i])) // of a report
		if len(cells[i]) <= entry.MaxHeading && entry.ColumnOf(cells[i]) != entry.ColExtra {
			named++
		}
	}
	if same {
		return true, nil
	}
	key := slices.IndexFunc(cells, func(s string) bool { return len(s) <= entry.MaxHeading && entry.ColumnOf(s) == entry.ColKey })
	if key < 0 || named < min(2, len(cells)) {
		return false, nil
	}
	bucket := slices.IndexFunc(cells, func(s string) bool { return entry.ColumnOf(s) == entry.ColBucket })
	if key == slices.Index(r.cols, entry.ColKey) && bucket == slices.Index(r.cols, entry.ColBucket) {
		return true, nil
	}
	return false, &entry.BrokenError{Source: r.check.Source, Line: r.in.Line, Err: errors.New("another header stands here, with its columns in other places: " + entry.Excerpt(strings.TrimRight(row, "\r\n"))),
		Remedy: "all rows before it were read; make two files of it, and run them into the same --batch"}
}

// totals are the words, folded, by which spreadsheets head a line of totals.
var totals = map[string]bool{"total": true, "totals": true, "grandtotal": true, "sum": true, "summe": true, "gesamt": true, "gesamtsumme": true}

// maxTotal bounds the cells that are compared with totals.
const maxTotal = 16

// total reports whether a row is a line of totals, not an object: the last row, with
// a word for totals in front and only numbers after it.
func (r *Rows) total(row string) bool {
	if len(r.cells) < 2 || r.encoded || r.check.Exact || row[0]|0x20 != 't' && row[0]|0x20 != 's' && row[0]|0x20 != 'g' {
		return false
	}
	if first := r.cells[0]; first.end-first.start > maxTotal {
		return false
	}
	head := r.text(row, 0)
	if !totals[strings.TrimSuffix(entry.FoldName(head), ":")] || r.cols[0] == entry.ColBucket && newBucket.MatchString(head) {
		return false
	}
	if !r.onlyNumbers(row) || len(Content(r.in.Peek(1))) > 0 {
		return false
	}
	r.check.Note(r.in.Line, "a line of totals at the end is left out; name the object in another format if it is one")
	return true
}

// onlyNumbers reports whether all cells after the first are numbers or empty, and not all of them empty.
func (r *Rows) onlyNumbers(row string) bool {
	some := false
	for i := range r.cells[1:] {
		cell := entry.TrimBlanks(r.text(row, i+1))
		if strings.Trim(cell, "0123456789.,") != "" {
			return false
		}
		some = some || cell != ""
	}
	return some
}
