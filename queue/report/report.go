package report

import (
	"bufio"
	"context"
	"io"
	"slices"

	"airlift/manifest/entry"
	"airlift/queue"
)

// Rejected is the state of a rejected row in a report; no item has it.
const Rejected = "rejected"

// Options say what a report contains, and how it is written.
type Options struct {
	Form   Format
	Filter queue.Filter
	// RejectedOnly leaves out the items.
	RejectedOnly bool
	// Escape escapes the characters that a spreadsheet does not show. It is required for the Excel form.
	Escape func(string) string
}

// Write writes the items of a batch that the filter selects. If it selects all, the rejected rows of the latest reading
// follow.
func Write(ctx context.Context, w io.Writer, db queue.Reader, b queue.Batch, o Options) error {
	names, err := queue.NewNamer(b)
	if err != nil {
		return err
	}
	r := newReporter(w, o, names, b.Own)
	for _, name := range b.Columns {
		r.addColumn(name)
	}
	rejected := func(fn func(*queue.Rejected)) error { return nil }
	if o.RejectedOnly || o.Filter.State == "" && o.Filter.Code == "" && o.Filter.Key == nil {
		rejected = func(fn func(*queue.Rejected)) error {
			return db.Rejected(ctx, b.ID, func(x queue.Rejected) error {
				fn(&x)
				return nil
			})
		}
	}
	if err := rejected(r.addRejected); err != nil {
		return err
	}
	r.header(r.columns())
	if !o.RejectedOnly {
		if err := WriteItems(ctx, r.out, db, b.ID, o.Filter, r.items); err != nil {
			return err
		}
	}
	var row []byte
	err = rejected(func(x *queue.Rejected) {
		row = r.rejected(row[:0], x)
		_, _ = r.out.Write(row) // an error stays in the writer
	})
	if err != nil {
		return err
	}
	return r.out.Flush()
}

// reporter writes the rows of one report.
type reporter struct {
	Options
	out   *bufio.Writer
	names queue.Namer
	own   []*ownColumn
	extra []string       // names of the other columns in the manifest
	named []string       // the same in the report
	index map[string]int // where an extra column stands
	heads [][]byte       // of all columns: what stands before their values in JSON
}

// newReporter returns a reporter with the fixed columns, and the recognized ones that some row uses.
func newReporter(w io.Writer, o Options, names queue.Namer, own queue.OwnCounts) *reporter {
	r := &reporter{out: bufio.NewWriterSize(w, 64<<10), Options: o, names: names, index: map[string]int{}}
	for i := range ownColumns {
		if c := &ownColumns[i]; c.used(own) {
			r.own = append(r.own, c)
		}
	}
	return r
}

// addColumn adds a further column of the manifest, under a name that no other column has.
func (r *reporter) addColumn(name string) { r.add(name, entry.ReportName(name)) }

func (r *reporter) add(name, named string) {
	if _, have := r.index[name]; have {
		return
	}
	r.index[name] = len(r.extra)
	r.extra, r.named = append(r.extra, name), append(r.named, named)
}

// addRejected adds the columns of a rejected row. Recognized ones have their canonical names.
func (r *reporter) addRejected(x *queue.Rejected) {
	for _, f := range x.Extra {
		named := func(c *ownColumn) bool { return c.name == f.Name }
		switch {
		case f.Name == nameColumn || slices.ContainsFunc(r.own, named):
			// the report has it
		case slices.ContainsFunc(ownColumns[:], func(c ownColumn) bool { return named(&c) }):
			r.add(f.Name, f.Name)
		default:
			r.addColumn(f.Name)
		}
	}
}

// recognized returns the value of a rejected row in a recognized column, or "" if the batch has a further column of that
// name.
func (r *reporter) recognized(x *queue.Rejected, name string) string {
	if _, further := r.index[name]; further {
		return ""
	}
	for _, f := range x.Extra {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// columns returns all headers in order.
func (r *reporter) columns() []string {
	all := entry.ReportColumns()
	for _, c := range r.own {
		all = append(all, c.name)
	}
	return append(all, r.named...)
}

// header writes the header. No column is added after it.
func (r *reporter) header(columns []string) {
	r.heads = jsonHeads(columns)
	if r.Form == JSONL {
		return
	}
	row := r.row(r.out.AvailableBuffer())
	if r.Form == Excel {
		row.b = append(row.b, "\ufeff"...) // a byte order mark: spreadsheets then read UTF-8, and package manifest recognizes the format
	}
	row.texts(columns...)
	_, _ = r.out.Write(row.end()) // an error stays in the writer
}

// items appends the rows of items.
func (r *reporter) items(b []byte, entries []queue.Entry) ([]byte, error) {
	for i := range entries {
		b = r.item(b, &entries[i])
	}
	return b, nil
}

// item appends the row of an item.
func (r *reporter) item(b []byte, e *queue.Entry) []byte {
	row := r.row(b)
	row.number(e.Line)
	row.texts(e.Bucket, e.Key, string(e.State), e.JobID)
	row.name(&e.Item)
	row.number(int64(e.Attempts))
	row.count(e.HTTPStatus)
	row.texts(e.Code, e.Message)
	row.submitted(e)
	for _, c := range r.own {
		row.own(c, c.value(&e.Own))
	}
	row.extras(e.Extra)
	return row.end()
}

// rejected appends the row of a rejected row.
func (r *reporter) rejected(b []byte, x *queue.Rejected) []byte {
	row := r.row(b)
	row.number(x.Line)
	row.texts(x.Bucket, x.Key, Rejected, "", r.recognized(x, nameColumn))
	row.count(0)
	row.count(0)
	row.texts("", x.Reason, "")
	for _, c := range r.own {
		row.own(c, r.recognized(x, c.name))
	}
	row.extras(x.Extra)
	return row.end()
}
