package manifest

import (
	"bytes"
	"errors"
	"strings"
)

// textRows reads one key a line. The line end is LF or CRLF; all other bytes
// belong to the key, except those that clean removes.
type textRows struct {
	in    *input
	check *checker
	// whole takes each line as it is: the user says so.
	whole bool
	// head is the header of the list, "" if it has none.
	head     string
	crs      bool // lines end in CR CR LF
	comments comments
	last     string // key that was read
}

const (
	innerBOM   = "a byte-order mark at the beginning of a line was taken off, as files leave them that are joined; quote it in a CSV if it belongs to the key"
	doubledCRs = "the lines end in CR CR LF; both CRs were taken off"
)

func (t *textRows) read(e *Entry) error {
	for {
		err := t.in.next()
		if errors.Is(err, errTooLong) {
			return tooLong(t.check, t.in.line)
		}
		if err != nil {
			return err
		}
		line := trimEOL(t.in.token())
		if len(line) == 0 {
			continue
		}
		key, reason := string(line), ""
		plain := plainASCII(key)
		if !t.whole && (firstOfOdd[key[0]] || !plain || t.head != "") {
			var skip string
			line, skip, reason = t.clean(line)
			if skip != "" {
				*e = Entry{Line: t.in.line, Skip: skip}
				return nil
			}
			if len(line) == 0 {
				continue
			}
			if len(line) != len(key) {
				key = string(line)
			}
		}
		var v values
		v[colKey] = key
		*e = Entry{Line: t.in.line}
		if reason == "" {
			t.check.plainKey = plain
			reason = t.check.fill(e, &v)
		}
		if reason != "" {
			return t.check.reject(t.in.line, reason, &v, nil)
		}
		t.last = e.Key
		return nil
	}
}

// firstOfOdd are the bytes by which lines begin that clean must look at: marks,
// and quotes.
var firstOfOdd = func() (odd [256]bool) {
	for _, c := range []byte{firstOfBOM, fileEnd, '#', ';'} {
		odd[c] = true
	}
	for _, pair := range quotes {
		odd[pair[0][0]] = true
	}
	return odd
}()

// clean takes from a line what is surely no part of a key, or says for which
// reason it is no row, or a bad one.
func (t *textRows) clean(line []byte) (key []byte, skip, reason string) {
	if bytes.HasPrefix(line, bom) {
		line = line[len(bom):]
		t.check.note(t.in.line, innerBOM)
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		if t.crs {
			line = bytes.TrimRight(line, "\r")
			t.check.note(t.in.line, doubledCRs)
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
			t.check.note(t.in.line, commentInText)
			return nil, SkipTitle, ""
		}
		return []byte(text), "", "the line begins with " + text[:1] + " and may be a comment or a key; take it out, or add --columns key=1 if each whole line is a key"
	case fileEnd:
		line, reason = endMark(line)
		return line, "", reason
	}
	if firstOfOdd[line[0]] && quoteOf(string(line)) != "" {
		return line, "", "the line stands in quotes, which may or may not belong to the key; take them out, or add --columns key=1 if each whole line is a key"
	}
	if t.head != "" && len(line) <= 2*maxName && foldName(string(line)) == t.head {
		return line, SkipHeader, ""
	}
	return line, "", ""
}

// endMark judges a line that begins with the mark of a file's end: it is blank
// where nothing follows.
func endMark(line []byte) (rest []byte, reason string) {
	if len(bytes.Trim(line, "\x1a")) == 0 {
		return nil, ""
	}
	return line, "the line begins with the byte 0x1A, the end of a DOS file that was joined with another; take it out"
}

// content leaves out blank lines and comments.
func content(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if _, marked := comment(line); line != "" && !marked && strings.Trim(line, "\x1a") != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// listHeader reports whether a first line is the header of a list of keys: it is a
// name of the keys' column, or the one that --columns gives. It returns the line
// folded.
func listHeader(line string, columns Columns) (head string, ok bool) {
	if columns.named() {
		return foldName(line), len(columns.fields) == 1 && columns.fields[0].is(line)
	}
	return foldName(line), columnOf(line) == colKey
}
