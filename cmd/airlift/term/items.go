package term

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"airlift/queue"
)

// Items appends a line for each entry.
func Items(b []byte, entries []queue.Entry) ([]byte, error) {
	for i := range entries {
		e := &entries[i]
		b = append(padded(b, string(e.State), 9), "  "...)
		b = append(padded(b, Text(e.JobID), 32), "  "...)
		start := len(b)
		b = append(append(append(append(b, "s3://"...), e.Bucket...), '/'), e.Key...)
		if !isWord(b[start:]) {
			b = strconv.AppendQuote(b[:start], string(b[start:]))
		}
		b = append(append(b, problem(e)...), '\n')
	}
	return b, nil
}

// padded appends a text and blanks, to be so many characters wide.
func padded(b []byte, text string, width int) []byte {
	b = append(b, text...)
	for range width - utf8.RuneCountInString(text) {
		b = append(b, ' ')
	}
	return b
}

// isWord reports whether a text needs no quotes: it contains no quote, and nothing that a terminal does not show.
func isWord(text []byte) bool { return IsPlain(text) && !bytes.ContainsRune(text, '"') }

// quoted quotes a text if it contains a quote or a character that a terminal does not show.
func quoted(text string) string {
	if isWord([]byte(text)) {
		return text
	}
	return strconv.Quote(text)
}

// problem describes the last response to an item that is not submitted.
func problem(e *queue.Entry) string {
	if e.Unsourced && e.State == queue.Submitted {
		return "  # adopted, no source showed it"
	}
	if e.Code == "" && e.Message == "" || e.State == queue.Submitted {
		return ""
	}
	return Sprintf("  # %d %s %s", e.HTTPStatus, e.Code, e.Message)
}
