package main

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest"
	"airlift/queue"
)

// rejectedState is the state of a rejected row in a report; no item has it.
const rejectedState = "rejected"

// ownColumns are the recognised columns that stand behind the fixed ones, if any row has them.
var ownColumns = []struct {
	name  string
	used  func(queue.OwnCounts) bool
	value func(queue.JobFields) string
}{
	{"region", func(o queue.OwnCounts) bool { return o.Region > 0 }, func(f queue.JobFields) string { return f.SourceRegion }},
	{"endpoint", func(o queue.OwnCounts) bool { return o.Endpoint > 0 }, func(f queue.JobFields) string { return f.SourceEndpoint }},
	{"priority", func(o queue.OwnCounts) bool { return o.Priority > 0 }, func(f queue.JobFields) string { return number(f.Priority) }},
	{"services", func(o queue.OwnCounts) bool { return o.Services > 0 }, func(f queue.JobFields) string { return string(f.Services) }},
	{"destination_bucket", func(o queue.OwnCounts) bool { return o.Destination+o.Partial > 0 }, func(f queue.JobFields) string { return f.DestinationBucket }},
	{"destination_region", func(o queue.OwnCounts) bool { return o.Destination+o.Partial > 0 }, func(f queue.JobFields) string { return f.DestinationRegion }},
}

// reporter writes the rows of one report.
type reporter struct {
	out   *bufio.Writer
	form  form
	own   []int          // indexes of ownColumns
	extra []string       // names of the other columns
	index map[string]int // where an extra column stands
	json  *jsontext.Encoder
	cells []string // of the row in hand
}

// writeReport writes the batch, item by item and then its rejected rows.
func writeReport(ctx context.Context, w io.Writer, db store, b queue.Batch, f form, filter queue.Filter, rejectedOnly bool) error {
	r := newReporter(w, f, b.Own)
	for _, name := range b.Columns {
		r.addColumn(name)
	}
	names, err := queue.NewNamer(b)
	if err != nil {
		return err
	}
	withRejected := rejectedOnly || filter.State == "" && filter.Code == "" && filter.Key == nil
	if withRejected {
		err := db.Rejected(ctx, b.ID, func(x queue.Rejected) error {
			for _, e := range x.Extra {
				if !r.isOwn(e.Name) {
					r.addColumn(e.Name)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := r.header(); err != nil {
		return err
	}
	if !rejectedOnly {
		if err := entriesApart(ctx, db, b.ID, filter, func(e *queue.Entry) error { return r.item(names, e) }); err != nil {
			return err
		}
	}
	if withRejected {
		if err := db.Rejected(ctx, b.ID, func(x queue.Rejected) error { return r.rejected(x) }); err != nil {
			return err
		}
	}
	return r.out.Flush()
}

// newReporter returns a reporter with the columns that every report has, and the recognised ones that some row uses.
func newReporter(w io.Writer, f form, own queue.OwnCounts) *reporter {
	r := &reporter{out: bufio.NewWriterSize(w, 64<<10), form: f, index: map[string]int{}}
	r.json = jsontext.NewEncoder(r.out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for i, c := range ownColumns {
		if c.used(own) {
			r.own = append(r.own, i)
		}
	}
	return r
}

// addColumn gives a column of the manifest its place.
func (r *reporter) addColumn(name string) {
	if _, have := r.index[name]; have || r.isOwn(name) {
		return
	}
	r.index[name] = len(r.extra)
	r.extra = append(r.extra, name)
}

// isOwn reports whether a column has its place already: among the fixed, or the recognised ones.
func (r *reporter) isOwn(name string) bool {
	for _, i := range r.own {
		if ownColumns[i].name == name {
			return true
		}
	}
	return false
}

// columns returns all headers in order.
func (r *reporter) columns() []string {
	all := manifest.ReportColumns()
	for _, i := range r.own {
		all = append(all, ownColumns[i].name)
	}
	return append(all, r.extra...)
}

func (r *reporter) header() error {
	if r.form == formJSONL {
		return nil
	}
	return r.write(r.columns())
}

// start begins a row with its fixed columns.
func (r *reporter) start(fixed ...string) {
	r.cells = append(r.cells[:0], fixed...)
}

// item writes the row of an item.
func (r *reporter) item(names queue.Namer, e *queue.Entry) error {
	at := ""
	if e.State == queue.Submitted {
		at = e.At.UTC().Format(time.RFC3339)
	}
	r.start(strconv.FormatInt(e.Line, 10), e.Bucket, e.Key, string(e.State), e.JobID, names.Name(&e.Item),
		strconv.Itoa(e.Attempts), number(e.HTTPStatus), e.Code, e.Message, at)
	for _, i := range r.own {
		r.cells = append(r.cells, ownColumns[i].value(e.Own))
	}
	r.addExtra(e.Extra)
	return r.end()
}

// rejected writes the row of a rejected row.
func (r *reporter) rejected(x queue.Rejected) error {
	r.start(strconv.FormatInt(x.Line, 10), x.Bucket, x.Key, rejectedState, "", "", "", "", "", x.Reason, "")
	for _, i := range r.own {
		value := ""
		for _, f := range x.Extra {
			if f.Name == ownColumns[i].name {
				value = f.Value
			}
		}
		r.cells = append(r.cells, value)
	}
	r.addExtra(x.Extra)
	return r.end()
}

// addExtra puts the other columns where they belong.
func (r *reporter) addExtra(fields []queue.Field) {
	from := len(r.cells)
	for range r.extra {
		r.cells = append(r.cells, "")
	}
	for _, f := range fields {
		if i, ok := r.index[f.Name]; ok {
			r.cells[from+i] = f.Value
		}
	}
}

// end writes the row that was put together.
func (r *reporter) end() error {
	if r.form == formJSONL {
		return r.writeJSON()
	}
	return r.write(r.cells)
}

// write writes a row of CSV.
func (r *reporter) write(cells []string) error {
	if r.form == formExcel {
		for i, c := range cells {
			if c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
				cells[i] = "'" + c // a spreadsheet would take it for a formula
			}
		}
	}
	manifest.WriteCSVRecord(r.out, cells)
	return nil // errors stay in the writer and come out of Flush
}

// numeric are the fixed columns that are numbers in JSON; empty ones are left out there.
var numeric = map[string]bool{"line": true, "attempts": true, "http_status": true}

// writeJSON writes a row as a JSON object, without the columns that are empty.
func (r *reporter) writeJSON() error {
	fixed := len(manifest.ReportColumns())
	if err := r.json.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i, name := range r.columns() {
		value := r.cells[i]
		if value == "" && i >= fixed {
			continue
		}
		if err := r.json.WriteToken(jsontext.String(name)); err != nil {
			return err
		}
		var err error
		switch {
		case i < fixed && numeric[name]:
			if value == "" {
				value = "0"
			}
			err = r.json.WriteValue(jsontext.Value(value))
		case i >= fixed && i < fixed+len(r.own) && (name == "services" || name == "priority"):
			if v := jsontext.Value(value); v.IsValid() { // that of a rejected row may be anything
				err = r.json.WriteValue(v)
				break
			}
			err = r.json.WriteToken(jsontext.String(value))
		default:
			err = r.json.WriteToken(jsontext.String(value))
		}
		if err != nil {
			return err
		}
	}
	return r.json.WriteToken(jsontext.EndObject)
}

// number writes a number, nothing for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
