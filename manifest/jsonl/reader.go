package jsonl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// Rows reads one JSON object a line: the columns flat, in any case, or the
// shape of AiR's POST /jobs, with Source and Destination as objects. jsontext
// refuses what encoding/json accepts silently: duplicate names, invalid UTF-8,
// lone surrogates.
type Rows struct {
	in      *input.Input
	check   *entry.Checker
	dec     *jsontext.Decoder
	buf     bytes.Buffer          // the decoder's input: the current line
	members [3]map[string]*member // by scope and text: the names seen so far
	first   [3]member             // its next is the first name in an object of the scope
	report  bool                  // it is one of airlift's own reports
	mc      bool                  // a member status or IsDir was seen, as mc and rclone write them
	columns entry.Columns         // which members are what, by name

	// The current row.
	text      string
	v         entry.Values
	seen      [entry.NumColumns]bool
	extra     []entry.Field
	reason    string // the first thing that is wrong with it
	ambiguous bool   // it is not certain which object the row names
}

// New returns a reader that finds members by the names that columns give, else by
// their own names. first is the first line: it shows airlift's own reports.
func New(in *input.Input, c *entry.Checker, columns entry.Columns, first string) (*Rows, error) {
	if columns.Numbered {
		return nil, entry.Usagef("%s: the fields of JSON Lines have names and no numbers: give --columns names, for example --columns key=Path", c.Source)
	}
	report := isJSONReport(first)
	c.Exact = report // which gives keys as they are
	return &Rows{in: in, check: c, columns: columns, report: report, dec: jsontext.NewDecoder(new(bytes.Buffer)), members: [3]map[string]*member{{}, {}, {}}}, nil
}

func (r *Rows) Read(e *entry.Entry) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	r.v, r.seen, r.reason, r.ambiguous = entry.Values{}, [entry.NumColumns]bool{}, "", false
	r.extra = slices.Grow([]entry.Field(nil), len(r.extra)) // most rows have as many as the one before
	r.text = string(line)
	r.buf = *bytes.NewBuffer(line)
	r.dec.Reset(&r.buf)
	r.parse()
	if r.reason != "" {
		v := &r.v
		if r.ambiguous {
			v = nil
		}
		return r.check.Reject(r.in.Line, r.reason, v, r.extra)
	}
	*e = entry.Entry{Line: r.in.Line, Extra: r.extra}
	reason := r.fill(e)
	if reason == entry.NoKey {
		reason = r.lacksKey()
	}
	if reason != "" {
		return r.check.Reject(r.in.Line, reason, &r.v, r.extra)
	}
	return nil
}

// line returns the next line that is not blank, without blanks at its ends.
func (r *Rows) line() ([]byte, error) {
	for {
		err := r.in.Next()
		if errors.Is(err, input.ErrTooLong) {
			return nil, r.check.Reject(r.in.Line, err.Error(), nil, nil)
		}
		if err != nil {
			return nil, err
		}
		line := bytes.Trim(r.in.Token(), " \t\r\n")
		if len(line) > 0 && line[0] != '{' { // joined files have marks there
			if line = bytes.TrimPrefix(line, input.BOM); len(bytes.Trim(line, "\x1a")) == 0 {
				continue
			}
		}
		if len(line) > 0 {
			return line, nil
		}
	}
}

// fill sets the entry's fields. It returns the reason for which the row is
// rejected, "" if it is good.
func (r *Rows) fill(e *entry.Entry) string {
	if !r.mc {
		return r.check.Fill(e, &r.v)
	}
	v := r.v // a rejected row shows what the line has
	skip, reason := r.listed(&v)
	if e.Skip = skip; skip != "" || reason != "" {
		return reason
	}
	return r.check.Fill(e, &v)
}

// lacksKey says why the row has no key, and which fields may hold it.
func (r *Rows) lacksKey() string {
	named := r.columns.Named()
	if r.seen[entry.ColKey] || len(r.extra) == 0 && !named {
		return entry.NoKey
	}
	fields, cells := make([]string, len(r.extra)), make([]string, len(r.extra))
	for i, f := range r.extra {
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

// parse reads the line into the row's fields.
func (r *Rows) parse() {
	if r.text[0] != '{' {
		r.rejectAmbiguous(fmt.Sprintf("the line is no JSON object but %s; write one object {...} a line", entry.Excerpt(r.text)))
		return
	}
	if err := r.object(top); err != nil {
		r.rejectSyntax(err)
		return
	}
	if rest := r.text[r.dec.InputOffset():]; rest != "" {
		r.rejectAmbiguous(fmt.Sprintf("%s follows the JSON object; write one object a line", entry.Excerpt(strings.TrimLeft(rest, " \t"))))
	}
}

// object reads the next object's members. Its errors are those of the JSON itself,
// and end the row.
func (r *Rows) object(s scope) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for m := &r.first[s]; r.dec.PeekKind() != '}'; {
		raw, err := r.dec.ReadValue()
		if err != nil {
			return err
		}
		var name string
		if m, name, err = r.member(s, raw, m); err != nil {
			return err
		}
		if m.into != top && r.dec.PeekKind() == '{' {
			if err := r.object(m.into); err != nil {
				return err
			}
			continue
		}
		if raw, err = r.dec.ReadValue(); err != nil {
			return err
		}
		end := int(r.dec.InputOffset())
		text := r.text[end-len(raw) : end]
		kind, value := raw.Kind(), text
		if kind == '"' {
			if value, err = unquote(text); err != nil {
				return err
			}
		}
		r.set(s, m.col, name, kind, value, text)
	}
	_, err := r.dec.ReadToken()
	return err
}

// set stores one member's value; text is its JSON, value the string it means.
func (r *Rows) set(s scope, col entry.Column, name string, kind jsontext.Kind, value, text string) {
	switch {
	case col == entry.ColExtra && s != top:
		r.rejectAmbiguous(fmt.Sprintf("%q is not known in %s; leave it out or write it as a field of the row", name, [...]string{"", "Source", "Destination"}[s]))
	case col == entry.ColExtra || col.Carried():
		r.extra = append(r.extra, entry.Field{Name: name, Value: value})
		if col != entry.ColExtra && !r.seen[col] && (kind == '"' || kind == '0') {
			r.v[col], r.seen[col] = value, true
		}
	case col == entry.ColIgnore:
	case r.seen[col]:
		r.rejectAmbiguous(fmt.Sprintf("the %s is given twice, the second time as %q; give it once", col, name))
	default:
		r.seen[col] = true
		if remedy := kindRemedy(col, kind); remedy != "" {
			r.v[col] = text
			r.reject(fmt.Sprintf("the field %q is %s; %s", name, entry.Excerpt(text), remedy))
			r.ambiguous = r.ambiguous || col == entry.ColKey || col == entry.ColBucket
		} else if kind != 'n' { // null means: absent
			r.v[col] = value
		}
	}
}

// kindRemedy says what to write in place of a value of the wrong kind, "" if it is
// the right one.
func kindRemedy(col entry.Column, kind jsontext.Kind) string {
	if kind == 'n' {
		return ""
	}
	switch col {
	case entry.ColPriority:
		if kind == '"' {
			return "write the number without quotes"
		}
		if kind != '0' {
			return "write a number from 1 to 10"
		}
	case entry.ColServices:
		if kind != '{' && kind != '"' {
			return `write for example "ocr,s2t" or {"ocr":""}`
		}
	default:
		if kind != '"' {
			return "write a string"
		}
	}
	return ""
}

// unquote returns the string that a JSON string means, without copying it where
// nothing is escaped.
func unquote(text string) (string, error) {
	if strings.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1], nil
	}
	b, err := jsontext.AppendUnquote(nil, text)
	return string(b), err
}

// reject records the first thing that is wrong with the row.
func (r *Rows) reject(reason string) {
	if r.reason == "" {
		r.reason = reason
	}
}

// rejectAmbiguous records a reason for which it is not certain what object the row
// names.
func (r *Rows) rejectAmbiguous(reason string) {
	r.reject(reason)
	r.ambiguous = true
}

// rejectSyntax replaces the reason by the decoder's error.
func (r *Rows) rejectSyntax(err error) {
	r.ambiguous = true
	if errors.Is(err, jsontext.ErrDuplicateName) {
		r.reason = "the line is ambiguous: " + entry.JSONReason(err) + "; give it once"
		return
	}
	r.reason = "the line is not valid JSON: " + entry.JSONReason(err) + "; write one object {...} a line"
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
