package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strconv"

	"airlift/manifest"
	"airlift/queue"
)

// rejectedState is the state of a rejected row in a report; no item has it.
const rejectedState = "rejected"

// nameColumn is the fixed column of the jobs' names.
const nameColumn = "name"

// ownColumn is a recognised column of a manifest.
type ownColumn struct {
	name  string
	used  func(queue.OwnCounts) bool
	value func(*queue.JobFields) string
	json  bool // the values are JSON
}

// ownColumns are the recognised columns that stand behind the fixed ones, if any row has them.
var ownColumns = []ownColumn{
	{"region", func(o queue.OwnCounts) bool { return o.Region > 0 }, func(f *queue.JobFields) string { return f.SourceRegion }, false},
	{"endpoint", func(o queue.OwnCounts) bool { return o.Endpoint > 0 }, func(f *queue.JobFields) string { return f.SourceEndpoint }, false},
	{"priority", func(o queue.OwnCounts) bool { return o.Priority > 0 }, func(f *queue.JobFields) string { return number(f.Priority) }, true},
	{"services", func(o queue.OwnCounts) bool { return o.Services > 0 }, func(f *queue.JobFields) string { return string(f.Services) }, true},
	{"destination_bucket", func(o queue.OwnCounts) bool { return o.Destination+o.Partial > 0 }, func(f *queue.JobFields) string { return f.DestinationBucket }, false},
	{"destination_region", func(o queue.OwnCounts) bool { return o.Destination+o.Partial > 0 }, func(f *queue.JobFields) string { return f.DestinationRegion }, false},
}

// reporter writes the rows of one report.
type reporter struct {
	out   *bufio.Writer
	names queue.Namer
	form  form
	own   []int          // indexes of ownColumns
	extra []string       // names of the other columns in the manifest
	named []string       // the same in the report
	index map[string]int // where an extra column stands
	heads [][]byte       // of all columns: what stands before their values in JSON
}

// writeReport writes the batch, item by item and then its rejected rows.
func writeReport(ctx context.Context, w io.Writer, db store, b queue.Batch, f form, filter queue.Filter, rejectedOnly bool) error {
	names, err := queue.NewNamer(b)
	if err != nil {
		return err
	}
	r := newReporter(w, f, names, b.Own)
	for _, name := range b.Columns {
		r.addColumn(name)
	}
	withRejected := rejectedOnly || filter.State == "" && filter.Code == "" && filter.Key == nil
	if withRejected {
		err := db.Rejected(ctx, b.ID, func(x queue.Rejected) error {
			for _, e := range x.Extra {
				r.addRejected(e.Name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	r.header()
	if !rejectedOnly {
		if err := writeItems(ctx, r.out, db, b.ID, filter, r.items); err != nil {
			return err
		}
	}
	if withRejected {
		var row []byte
		err := db.Rejected(ctx, b.ID, func(x queue.Rejected) error {
			row = r.rejected(row[:0], &x)
			_, err := r.out.Write(row)
			return err
		})
		if err != nil {
			return err
		}
	}
	return r.out.Flush()
}

// newReporter returns a reporter with the columns that every report has, and the recognised ones that some row uses.
func newReporter(w io.Writer, f form, names queue.Namer, own queue.OwnCounts) *reporter {
	r := &reporter{out: bufio.NewWriterSize(w, 64<<10), form: f, names: names, index: map[string]int{}}
	for i, c := range ownColumns {
		if c.used(own) {
			r.own = append(r.own, i)
		}
	}
	return r
}

// addColumn gives a further column of the manifest its place, under a name that no other column has.
func (r *reporter) addColumn(name string) { r.add(name, manifest.ReportName(name)) }

func (r *reporter) add(name, named string) {
	if _, have := r.index[name]; have {
		return
	}
	r.index[name] = len(r.extra)
	r.extra, r.named = append(r.extra, name), append(r.named, named)
}

// addRejected gives a column of a rejected row its place. It may be a recognised one, by its canonical name.
func (r *reporter) addRejected(name string) {
	switch {
	case name == nameColumn || slices.ContainsFunc(r.own, func(i int) bool { return ownColumns[i].name == name }):
		// it has one
	case slices.ContainsFunc(ownColumns, func(c ownColumn) bool { return c.name == name }):
		r.add(name, name)
	default:
		r.addColumn(name)
	}
}

// recognised returns the value that a rejected row has in a recognised column; "" if the column of that name is a further
// one of the batch.
func (r *reporter) recognised(x *queue.Rejected, name string) string {
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
	all := manifest.ReportColumns()
	for _, i := range r.own {
		all = append(all, ownColumns[i].name)
	}
	return append(all, r.named...)
}

// header ends the columns: from here on there are rows.
func (r *reporter) header() {
	all := r.columns()
	r.heads = jsonHeads(all)
	if r.form == formJSONL {
		return
	}
	row := r.row(r.out.AvailableBuffer())
	if r.form == formExcel {
		row.b = append(row.b, "\ufeff"...) // for the spreadsheet to read UTF-8, and for us to know this form
	}
	for _, name := range all {
		row.text(name)
	}
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
	row.text(e.Bucket)
	row.text(e.Key)
	row.text(string(e.State))
	row.text(e.JobID)
	row.name(&e.Item)
	row.number(int64(e.Attempts))
	row.count(e.HTTPStatus)
	row.text(e.Code)
	row.text(e.Message)
	row.submitted(e)
	for _, i := range r.own {
		row.own(i, ownColumns[i].value(&e.Own))
	}
	row.extras(e.Extra)
	return row.end()
}

// rejected appends the row of a rejected row.
func (r *reporter) rejected(b []byte, x *queue.Rejected) []byte {
	row := r.row(b)
	row.number(x.Line)
	row.text(x.Bucket)
	row.text(x.Key)
	row.text(rejectedState)
	row.text("")
	row.text(r.recognised(x, nameColumn))
	row.count(0)
	row.count(0)
	row.text("")
	row.text(x.Reason)
	row.text("")
	for _, i := range r.own {
		row.own(i, r.recognised(x, ownColumns[i].name))
	}
	row.extras(x.Extra)
	return row.end()
}

// number writes a number, nothing for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
