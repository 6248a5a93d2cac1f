package csv

import (
	"bytes"
	"errors"
	"strings"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// List reads one key a line. The line end is LF or CRLF; all other bytes
// belong to the key, except those that clean removes.
type List struct {
	in    *input.Input
	check *entry.Checker
	// whole takes each line as it is, because the user says so.
	whole bool
	// head is the header of the list, "" if it has none.
	head     string
	columns  entry.Columns
	crs      bool // lines end in CR CR LF
	comments comments
	last     string // key that was read
}

const (
	innerBOM   = "removed a byte-order mark at the beginning of a line, as joined files have; quote it in a CSV if it belongs to the key"
	doubledCRs = "the lines end in CR CR LF; removed both CRs"
)

// NewList reads lines of a list; whole takes each line as it is.
func NewList(in *input.Input, c *entry.Checker, d Dialect, whole bool) *List {
	c.NoDetails = true
	return &List{in: in, check: c, crs: d.DoubledCRs, whole: whole, columns: d.Columns}
}

// TakeHeader takes the first line as the header of the list, if it is one.
func (t *List) TakeHeader(line string) bool {
	head, ok := ListHeader(line, t.columns)
	if !ok || t.whole {
		return false
	}
	t.head = head
	return true
}

func (t *List) Read(e *entry.Entry) error {
	for {
		err := t.in.Next()
		if errors.Is(err, input.ErrTooLong) {
			return t.check.Reject(t.in.Line, err.Error(), nil, nil)
		}
		if err != nil {
			return err
		}
		line := TrimEOL(t.in.Token())
		if len(line) == 0 {
			continue
		}
		key, reason := string(line), ""
		plain := entry.PlainASCII(key)
		if !t.whole && (firstOfOdd[key[0]] || !plain || t.head != "") {
			var skip string
			line, skip, reason = t.clean(line)
			if skip != "" {
				*e = entry.Entry{Line: t.in.Line, Skip: skip}
				return nil
			}
			if len(line) == 0 {
				continue
			}
			if len(line) != len(key) {
				key = string(line)
			}
		}
		var v entry.Values
		v[entry.ColKey] = key
		*e = entry.Entry{Line: t.in.Line}
		if reason == "" {
			reason = t.check.Fill(e, &v)
		}
		if reason != "" {
			return t.check.Reject(t.in.Line, reason, &v, nil)
		}
		t.last = e.Key
		return nil
	}
}

// firstOfOdd are the first bytes of lines that clean must look at: marks and quotes.
var firstOfOdd = func() (odd [256]bool) {
	for _, c := range []byte{input.FirstOfBOM, input.FileEnd, '#', ';'} {
		odd[c] = true
	}
	for _, pair := range quotes {
		odd[pair[0][0]] = true
	}
	return odd
}()

// clean removes what is certainly not part of a key, or returns why the line is skipped, or why it is rejected.
func (t *List) clean(line []byte) (key []byte, skip, reason string) {
	if bytes.HasPrefix(line, input.BOM) {
		line = line[len(input.BOM):]
		t.check.Note(t.in.Line, innerBOM)
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		if t.crs {
			line = bytes.TrimRight(line, "\r")
			t.check.Note(t.in.Line, doubledCRs)
		}
		if bytes.IndexByte(line, '\r') >= 0 {
			return line, "", "a carriage return (CR) stands in the line; write a key that holds one in JSON Lines, or in quotes in a CSV"
		}
	}
	if len(line) == 0 {
		return line, "", ""
	}
	switch line[0] {
	case '#', ';':
		text := string(line) // the token may move
		if certain, _ := comment(text); !certain {
			t.comments.none()
		} else if t.comments.skips(t.last, t.in) {
			t.check.Note(t.in.Line, commentInText)
			return nil, entry.SkipTitle, ""
		}
		return []byte(text), "", "the line begins with " + text[:1] + " and may be a comment or a key; take it out, or add --columns key=1 if each whole line is a key"
	case input.FileEnd:
		line, reason = endMark(line)
		return line, "", reason
	}
	if firstOfOdd[line[0]] && QuoteOf(string(line)) != "" {
		return line, "", "the line stands in quotes, which may or may not belong to the key; take them out, or add --columns key=1 if each whole line is a key"
	}
	if t.head != "" && len(line) <= 2*entry.MaxHeading && entry.FoldName(string(line)) == t.head {
		return line, entry.SkipHeader, ""
	}
	return line, "", ""
}

// endMark returns the rest of a line that begins with the end mark of a file, nil
// if nothing follows the mark, or why the line is rejected.
func endMark(line []byte) (rest []byte, reason string) {
	if len(bytes.Trim(line, "\x1a")) == 0 {
		return nil, ""
	}
	return line, "the line begins with the byte 0x1A, the end of a DOS file that was joined with another; take it out"
}

// Content leaves out blank lines and comments.
func Content(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if _, marked := comment(line); line != "" && !marked && strings.Trim(line, "\x1a") != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// ListHeader reports whether a first line is the header of a list of keys: it is a name of the keys' column, or the one
// that --columns gives. It returns the line folded.
func ListHeader(line string, columns entry.Columns) (head string, ok bool) {
	if columns.Named() {
		return entry.FoldName(line), len(columns.Fields) == 1 && columns.Fields[0].Names(line)
	}
	return entry.FoldName(line), entry.ColumnOf(line) == entry.ColKey
}
