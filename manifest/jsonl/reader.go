package jsonl

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// Rows reads one JSON object a line: the columns flat, in any case, or the
// shape of AiR's POST /jobs, with Source and Destination as objects. jsontext
// refuses what encoding/json accepts silently: duplicate names, invalid UTF-8,
// lone surrogates.
//
// Lines are decoded in blocks, on several cores: decoding is what a manifest of
// JSON Lines costs most. A block holds only lines that have been read already, so
// that no row waits for those after it.
type Rows struct {
	in       *input.Input
	check    *entry.Checker
	columns  entry.Columns // which members are what, by name
	decoders []*decoder    // as many as decode at a time
	block    []row         // decoded lines
	next     int           // the row of block that Read returns next
}

const (
	// blockRows bounds a block: large enough to be worth starting goroutines, small
	// enough for the caches.
	blockRows = 512
	// fewestRows is how many rows a decoder gets at least, except for the only one.
	fewestRows = 32
	// mostDecoders is how many keep the fastest consumer of rows busy.
	mostDecoders = 4
)

// New returns a reader that finds members by the names that columns give, else by
// their own names. first is the first line: it shows airlift's own reports.
func New(in *input.Input, c *entry.Checker, columns entry.Columns, first string) (*Rows, error) {
	if columns.Numbered {
		return nil, entry.Usagef("%s: the fields of JSON Lines have names and no numbers: give --columns names, for example --columns key=Path", c.Source)
	}
	report := isJSONReport(first)
	c.Exact = report // which gives keys as they are
	r := &Rows{in: in, check: c, columns: columns}
	for range min(runtime.GOMAXPROCS(0), mostDecoders) {
		r.decoders = append(r.decoders, newDecoder(columns, report))
	}
	return r, nil
}

func (r *Rows) Read(e *entry.Entry) error {
	if r.next == len(r.block) {
		if err := r.readBlock(); err != nil {
			return err
		}
		r.decode()
	}
	row := &r.block[r.next]
	r.next++
	if row.reason != "" {
		v := &row.v
		if row.ambiguous {
			v = nil
		}
		return r.check.Reject(row.line, row.reason, v, row.extra)
	}
	*e = entry.Entry{Line: row.line, Extra: row.extra}
	reason := r.fill(e, row)
	if reason == entry.NoKey {
		reason = r.lacksKey(row)
	}
	if reason != "" {
		return r.check.Reject(row.line, reason, &row.v, row.extra)
	}
	return nil
}

// readBlock waits for the next line that is not blank, and takes those that were
// read with it.
func (r *Rows) readBlock() error {
	r.block, r.next = r.block[:0], 0
	for len(r.block) == 0 || len(r.block) < blockRows && r.in.Buffered() {
		err := r.in.Next()
		if errors.Is(err, input.ErrTooLong) {
			return r.check.Reject(r.in.Line, err.Error(), nil, nil)
		}
		if err != nil {
			return err
		}
		line := bytes.Trim(r.in.Token(), " \t\r\n")
		if len(line) > 0 && line[0] != '{' { // joined files have marks there
			if line = bytes.TrimPrefix(line, input.BOM); len(bytes.Trim(line, "\x1a")) == 0 {
				continue
			}
		}
		if len(line) > 0 {
			r.block = append(r.block, row{line: r.in.Line, json: line})
		}
	}
	return nil
}

// decode decodes the block's lines, each decoder a part of them.
func (r *Rows) decode() {
	share := max(fewestRows, (len(r.block)+len(r.decoders)-1)/len(r.decoders))
	var others sync.WaitGroup
	for i, d := range r.decoders[1:] {
		if from := (i + 1) * share; from < len(r.block) {
			others.Go(func() { d.decode(r.block[from:min(from+share, len(r.block))]) })
		}
	}
	r.decoders[0].decode(r.block[:min(share, len(r.block))])
	others.Wait()
}

// fill sets the entry's fields. It returns the reason for which the row is
// rejected, "" if it is good.
func (r *Rows) fill(e *entry.Entry, row *row) string {
	if !row.listing {
		return r.check.Fill(e, &row.v)
	}
	v := row.v // a rejected row shows what the line has
	skip, reason := row.listed(&v)
	if e.Skip = skip; skip != "" || reason != "" {
		return reason
	}
	return r.check.Fill(e, &v)
}

// lacksKey says why the row has no key, and which fields may hold it.
func (r *Rows) lacksKey(row *row) string {
	named := r.columns.Named()
	if row.seen[entry.ColKey] || len(row.extra) == 0 && !named {
		return entry.NoKey
	}
	fields, cells := make([]string, len(row.extra)), make([]string, len(row.extra))
	for i, f := range row.extra {
		fields[i], cells[i] = f.Name, f.Value
	}
	if named {
		for _, f := range r.columns.Fields {
			if f.Col == entry.ColKey {
				return fmt.Sprintf("no key: the row has no field %q, which --columns names (its other fields: %s)", f.Name, quoteSome(fields))
			}
		}
	}
	return fmt.Sprintf("no key: the row has the fields %s; say which holds the key, for example --columns 'key=%s'",
		quoteSome(fields), fields[entry.KeyColumn(fields, [][]string{cells})])
}

// isJSONReport reports whether a line is the first object of a report.
func isJSONReport(line string) bool {
	object := jsontext.Value(line)
	if object.Kind() != '{' || !object.IsValid() {
		return false
	}
	dec := jsontext.NewDecoder(strings.NewReader(line))
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	var names []string
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if name := token.String(); slices.Contains(entry.ReportColumns(), name) {
			names = append(names, name)
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return entry.IsReport(names)
}
