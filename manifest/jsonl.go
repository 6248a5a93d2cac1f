package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonRows reads one JSON object a line: the columns flat, in any case, or the
// shape of AiR's POST /jobs, with Source and Destination as objects. jsontext
// refuses what encoding/json accepts silently: duplicate names, invalid UTF-8,
// lone surrogates.
type jsonRows struct {
	in      *input
	check   *checker
	dec     *jsontext.Decoder
	buf     bytes.Buffer          // the decoder's input: the current line
	members [3]map[string]*member // by scope and text: the names seen so far
	first   [3]member             // its next is the first name in an object of the scope
	report  bool                  // it is one of airlift's own reports
	mc      bool                  // a member status or IsDir was seen, as mc and rclone write them
	columns Columns               // which members are what, by name

	// The current row.
	text   string
	v      values
	seen   [columns]bool
	extra  []Field
	reason string // the first thing that is wrong with it
	vague  bool   // it is doubtful which object the row names
}

// newJSONL reads the members by the names that columns give, else by their own.
func newJSONL(in *input, c *checker, columns Columns) (*jsonRows, error) {
	if columns.numbered {
		return nil, usagef("%s: the fields of JSON Lines have names and no numbers: give --columns names, for example --columns key=Path", c.source)
	}
	return &jsonRows{in: in, check: c, columns: columns, dec: jsontext.NewDecoder(new(bytes.Buffer)), members: [3]map[string]*member{{}, {}, {}}}, nil
}

func (r *jsonRows) read(e *Entry) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	r.v, r.seen, r.reason, r.vague = values{}, [columns]bool{}, "", false
	r.extra = slices.Grow([]Field(nil), len(r.extra)) // most rows have as many as the one before
	r.text = string(line)
	r.buf = *bytes.NewBuffer(line)
	r.dec.Reset(&r.buf)
	r.parse()
	if r.reason != "" {
		v := &r.v
		if r.vague {
			v = nil
		}
		return r.check.reject(r.in.line, r.reason, v, r.extra)
	}
	*e = Entry{Line: r.in.line, Extra: r.extra}
	reason := r.fill(e)
	if reason == noKey {
		reason = r.lacksKey()
	}
	if reason != "" {
		return r.check.reject(r.in.line, reason, &r.v, r.extra)
	}
	return nil
}

// line returns the next line that is not blank, without blanks at its ends.
func (r *jsonRows) line() ([]byte, error) {
	for {
		err := r.in.next()
		if errors.Is(err, errTooLong) {
			return nil, tooLong(r.check, r.in.line)
		}
		if err != nil {
			return nil, err
		}
		line := bytes.Trim(r.in.token(), " \t\r\n")
		if len(line) > 0 && line[0] != '{' { // as files leave it that are joined
			if line = bytes.TrimPrefix(line, bom); len(bytes.Trim(line, "\x1a")) == 0 {
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
func (r *jsonRows) fill(e *Entry) string {
	if r.mc {
		v := r.v // a rejected row shows what the line has
		skip, reason := r.listed(&v)
		if e.Skip = skip; skip != "" || reason != "" {
			return reason
		}
		return r.check.fill(e, &v)
	}
	return r.check.fill(e, &r.v)
}

// lacksKey says why the row has no key, and which fields may hold it.
func (r *jsonRows) lacksKey() string {
	named := r.columns.named()
	if r.seen[colKey] || len(r.extra) == 0 && !named {
		return noKey
	}
	fields, cells := make([]string, len(r.extra)), make([]string, len(r.extra))
	for i, f := range r.extra {
		fields[i], cells[i] = f.Name, f.Value
	}
	if named {
		for _, f := range r.columns.fields {
			if f.col == colKey {
				return fmt.Sprintf("no key: the row has no field %q, which --columns names (its other fields: %s)", f.name, quoteSome(fields))
			}
		}
	}
	return fmt.Sprintf("no key: the row has the fields %s; say which holds the key, for example --columns 'key=%s'",
		quoteSome(fields), fields[keyColumn(fields, [][]string{cells})])
}

// parse reads the line into the row's fields.
func (r *jsonRows) parse() {
	if r.text[0] != '{' {
		r.doubt(fmt.Sprintf("the line is no JSON object but %s; write one object {...} a line", excerpt(r.text)))
		return
	}
	if err := r.object(top); err != nil {
		r.syntax(err)
		return
	}
	if rest := r.text[r.dec.InputOffset():]; rest != "" {
		r.doubt(fmt.Sprintf("%s follows the JSON object; write one object a line", excerpt(strings.TrimLeft(rest, " \t"))))
	}
}

// object reads an object's members; the decoder stands before its brace. Its
// errors are those of the JSON itself, and end the row.
func (r *jsonRows) object(s scope) error {
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
		kind := raw.Kind()
		if kind == '"' {
			unquoted, err := unquote(text)
			if err != nil {
				return err
			}
			r.set(s, m.col, name, kind, unquoted, text)
		} else {
			r.set(s, m.col, name, kind, text, text)
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

// set stores one member's value; text is its JSON, value the string it means.
func (r *jsonRows) set(s scope, col column, name string, kind jsontext.Kind, value, text string) {
	if col == colExtra && s != top {
		r.doubt(fmt.Sprintf("%q is not known in %s; leave it out or write it as a field of the row", name, [...]string{"", "Source", "Destination"}[s]))
		return
	}
	if col == colExtra || col.carried() {
		r.extra = append(r.extra, Field{name, value})
		if col != colExtra && !r.seen[col] && (kind == '"' || kind == '0') {
			r.v[col], r.seen[col] = value, true
		}
		return
	}
	if col == colIgnore {
		return
	}
	if r.seen[col] {
		r.doubt(fmt.Sprintf("the %s is given twice, the second time as %q; give it once", names[col], name))
		return
	}
	r.seen[col] = true
	problem := ""
	switch {
	case kind == 'n': // null means: absent
		return
	case col == colPriority && kind == '"':
		problem = "write the number without quotes"
	case col == colPriority && kind != '0':
		problem = "write a number from 1 to 10"
	case col == colServices && kind != '{' && kind != '"':
		problem = `write for example "ocr,s2t" or {"ocr":""}`
	case col != colPriority && col != colServices && kind != '"':
		problem = "write a string"
	}
	if problem == "" {
		r.v[col] = value
		return
	}
	r.v[col] = text
	problem = fmt.Sprintf("the field %q is %s; %s", name, excerpt(text), problem)
	if col == colKey || col == colBucket {
		r.doubt(problem)
		return
	}
	r.wrong(problem)
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

// wrong records the first thing that is wrong with the row.
func (r *jsonRows) wrong(reason string) {
	if r.reason == "" {
		r.reason = reason
	}
}

// doubt records a thing that makes it doubtful which object the row names.
func (r *jsonRows) doubt(reason string) {
	r.wrong(reason)
	r.vague = true
}

// syntax puts the decoder's error in place of whatever was found before it.
func (r *jsonRows) syntax(err error) {
	r.vague = true
	if errors.Is(err, jsontext.ErrDuplicateName) {
		r.reason = "the line is ambiguous: " + jsonReason(err) + "; give it once"
		return
	}
	r.reason = "the line is not valid JSON: " + jsonReason(err) + "; write one object {...} a line"
}
