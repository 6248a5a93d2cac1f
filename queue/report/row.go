package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/queue"
)

// row appends a row of a report, column by column. In JSON a row is an object, which has all fixed columns and those of the
// others that are not empty.
type row struct {
	*reporter
	b      []byte
	column int
}

// row begins a row at the end of b.
func (r *reporter) row(b []byte) row { return row{reporter: r, b: b} }

// end ends the row and returns the buffer.
func (w *row) end() []byte {
	if w.Form == JSONL {
		w.b = append(w.b, '}')
	}
	return append(w.b, '\n')
}

// jsonHeads returns what precedes the value of each column in JSON.
func jsonHeads(columns []string) [][]byte {
	heads := make([][]byte, len(columns))
	for i, name := range columns {
		head := []byte{','}
		if i == 0 {
			head[0] = '{'
		}
		head, _ = jsontext.AppendQuote(head, entry.ValidText(name))
		heads[i] = append(head, ':')
	}
	return heads
}

// next begins the next column.
func (w *row) next() {
	if w.Form == JSONL {
		w.b = append(w.b, w.heads[w.column]...)
	} else if w.column > 0 {
		w.b = append(w.b, ',')
	}
	w.column++
}

// text appends a column of text, as valid UTF-8.
func (w *row) text(s string) {
	w.next()
	s = entry.ValidText(s)
	switch {
	case w.Form == JSONL:
		w.b, _ = jsontext.AppendQuote(w.b, s)
	case w.Form == Excel:
		w.b = csv.AppendField(w.b, w.excelCell(s))
	default:
		w.b = csv.AppendField(w.b, s)
	}
}

// texts appends columns of text.
func (w *row) texts(all ...string) {
	for _, s := range all {
		w.text(s)
	}
}

// excelCell returns a text that a spreadsheet shows and does not take for a formula.
func (r *reporter) excelCell(s string) string {
	if s != "" && strings.IndexByte("=+-@", s[0]) >= 0 {
		s = "'" + s
	}
	return r.Escape(s)
}

// plain appends a column of text that needs no quotes and no escapes.
func (w *row) plain(add func(b []byte) []byte) {
	w.next()
	if w.Form == JSONL {
		w.b = append(add(append(w.b, '"')), '"')
	} else {
		w.b = add(w.b)
	}
}

// number appends a column that is a number.
func (w *row) number(n int64) {
	w.next()
	w.b = strconv.AppendInt(w.b, n, 10)
}

// count appends a column that is a number, which is empty in CSV if it is 0.
func (w *row) count(n int) {
	if n == 0 && w.Form != JSONL {
		w.next()
		return
	}
	w.number(int64(n))
}

// name appends the name of an item's job.
func (w *row) name(it *queue.Item) {
	if it.Name != "" || w.Form == Excel {
		w.text(w.names.Name(it))
		return
	}
	w.plain(func(b []byte) []byte { return w.names.AppendName(b, it) })
}

// submitted appends when the item was submitted.
func (w *row) submitted(e *queue.Entry) {
	if e.State != queue.Submitted {
		w.text("")
		return
	}
	w.plain(func(b []byte) []byte { return e.At.UTC().AppendFormat(b, time.RFC3339) })
}

// optional appends a column that JSON leaves out if it is empty.
func (w *row) optional(s string) {
	if s == "" && w.Form == JSONL {
		w.column++
		return
	}
	w.text(s)
}

// own appends a recognized column.
func (w *row) own(c *ownColumn, s string) {
	if w.Form == JSONL && c.json && jsontext.Value(s).IsValid() { // the value of a rejected row may be invalid
		w.next()
		w.b, _ = jsontext.AppendFormat(w.b, []byte(s))
		return
	}
	w.optional(s)
}

// extras appends the further columns of the manifest.
func (w *row) extras(fields []queue.Field) {
	start, column, i := len(w.b), w.column, 0
	for _, name := range w.extra {
		value := ""
		if i < len(fields) && fields[i].Name == name {
			value = fields[i].Value
			i++
		}
		w.optional(value)
	}
	if i == len(fields) {
		return // the fields were in column order, as usual
	}
	w.b, w.column = w.b[:start], column
	values := make([]string, len(w.extra))
	for _, f := range fields {
		if i, ok := w.index[f.Name]; ok {
			values[i] = f.Value
		}
	}
	for _, value := range values {
		w.optional(value)
	}
}
