package jsonl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/manifest/entry"
)

// row is a line and, once decoded, what it holds.
type row struct {
	line      int64
	json      []byte // valid until the next block is read
	v         entry.Values
	seen      [entry.NumColumns]bool
	extra     []entry.Field
	listing   bool   // it may be a line of mc or rclone
	reason    string // the first thing that is wrong with it
	ambiguous bool   // it is not certain which object the row names
}

// decoder decodes rows. Several may decode different rows of a reader at a time.
type decoder struct {
	json    *jsontext.Decoder
	buf     bytes.Buffer          // the input of json: the current line
	members [3]map[string]*member // by scope and text: the names seen so far
	first   [3]member             // its next is the first name in an object of the scope
	report  bool                  // it is one of airlift's own reports
	mc      bool                  // a member status or IsDir was seen, as mc and rclone write them
	columns entry.Columns

	row   *row   // the current one
	text  string // its line
	extra int    // of the row before: most rows have as many further members
}

func newDecoder(columns entry.Columns, report bool) *decoder {
	return &decoder{json: jsontext.NewDecoder(new(bytes.Buffer)), members: [3]map[string]*member{{}, {}, {}}, report: report, columns: columns}
}

// decode decodes the rows' lines.
func (d *decoder) decode(rows []row) {
	for i := range rows {
		d.row = &rows[i]
		d.row.extra = slices.Grow(d.row.extra, d.extra)
		d.text = string(d.row.json)
		d.buf = *bytes.NewBuffer(d.row.json)
		d.json.Reset(&d.buf)
		d.parse()
		d.row.listing = d.mc
		if d.extra = len(d.row.extra); d.extra == 0 {
			d.row.extra = nil
		}
	}
}

// parse reads the line into the row's fields.
func (d *decoder) parse() {
	if d.text[0] != '{' {
		d.row.rejectAmbiguous(fmt.Sprintf("the line is no JSON object but %s; write one object {...} a line", entry.Excerpt(d.text)))
		return
	}
	if err := d.object(top); err != nil {
		d.row.rejectSyntax(err)
		return
	}
	if rest := d.text[d.json.InputOffset():]; rest != "" {
		d.row.rejectAmbiguous(fmt.Sprintf("%s follows the JSON object; write one object a line", entry.Excerpt(strings.TrimLeft(rest, " \t"))))
	}
}

// object reads the next object's members. Its errors are those of the JSON itself,
// and end the row.
func (d *decoder) object(s scope) error {
	if _, err := d.json.ReadToken(); err != nil {
		return err
	}
	for m := &d.first[s]; d.json.PeekKind() != '}'; {
		raw, err := d.json.ReadValue()
		if err != nil {
			return err
		}
		var name string
		if m, name, err = d.member(s, raw, m); err != nil {
			return err
		}
		if m.into != top && d.json.PeekKind() == '{' {
			if err := d.object(m.into); err != nil {
				return err
			}
			continue
		}
		if raw, err = d.json.ReadValue(); err != nil {
			return err
		}
		end := int(d.json.InputOffset())
		text := d.text[end-len(raw) : end]
		kind, value := raw.Kind(), text
		if kind == '"' {
			if value, err = unquote(text); err != nil {
				return err
			}
		}
		d.row.set(s, m.col, name, kind, value, text)
	}
	_, err := d.json.ReadToken()
	return err
}

// set stores one member's value; text is its JSON, value the string it means.
func (r *row) set(s scope, col entry.Column, name string, kind jsontext.Kind, value, text string) {
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
func (r *row) reject(reason string) {
	if r.reason == "" {
		r.reason = reason
	}
}

// rejectAmbiguous records a reason for which it is not certain what object the row
// names.
func (r *row) rejectAmbiguous(reason string) {
	r.reject(reason)
	r.ambiguous = true
}

// rejectSyntax replaces the reason by the decoder's error.
func (r *row) rejectSyntax(err error) {
	r.ambiguous = true
	if errors.Is(err, jsontext.ErrDuplicateName) {
		r.reason = "the line is ambiguous: " + entry.JSONReason(err) + "; give it once"
		return
	}
	r.reason = "the line is not valid JSON: " + entry.JSONReason(err) + "; write one object {...} a line"
}
