package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/manifest/input"
	"airlift/manifest/jsonl"
	"airlift/manifest/s3scan"
)

// begin looks at the first line and sets the format's rows up.
func (m *reader) begin(s Source, o Options) error {
	unread := func(err error, remedy string) error {
		return &entry.BrokenError{Source: s.Arg, Unread: true, Err: err, Remedy: remedy}
	}
	for first := true; ; first = false {
		err := m.in.Next()
		if first {
			if finding, remedy := input.Sniff(m.in.Head()); finding != nil {
				return unread(finding, remedy)
			}
			if bytes.HasPrefix(m.in.Token(), input.BOM) {
				m.in.Skip(len(input.BOM))
				m.marked = true
			}
		}
		switch {
		case errors.Is(err, input.ErrTooLong):
			return &entry.BrokenError{Source: s.Arg, Unread: true, Line: m.in.Line,
				Err: fmt.Errorf("the first line is longer than %d bytes", input.MaxLine), Remedy: "is this a manifest? give CSV, JSON Lines or text, with a row a line"}
		case errors.Is(err, io.EOF):
			return unread(entry.ErrEmpty, "check the program that writes it")
		case err != nil:
			return unread(err, "create or fetch the file again")
		}
		if len(bytes.TrimRight(m.in.Token(), "\r\n")) > 0 {
			break
		}
	}
	return m.setUp(s, o, unread)
}

// plainFormats have neither titles nor comments.
var plainFormats = []Format{FormatJSONL, FormatBatch, FormatInventory}

// firstLines returns what the format is recognized by: the lines from the header, or the first row. A line sep=X and
// titles are skipped. The dialect is what the lines and the options say of a CSV. The input has read the first line,
// and returns it again.
func (m *reader) firstLines(s Source, o Options) (lines []string, d csv.Dialect, err error) {
	token := m.in.Token()
	line := strings.TrimRight(string(csv.TrimEOL(token)), "\r")
	d = csv.Dialect{Delimiter: o.Delimiter, Columns: o.Columns, SourceBucket: o.SourceBucket, Marked: m.marked, DoubledCRs: bytes.HasSuffix(token, []byte("\r\r\n"))}
	m.in.Unread()
	switch g := guessFormat(line, d); {
	case g == guessDocument || g == guessArray: // its rows are needed
		if lines = m.in.Peek(csv.DocumentLines); len(lines) > 1 {
			return append([]string{line}, lines[1:]...), d, nil
		}
		return []string{line}, d, nil
	case g != guessNothing || slices.Contains(plainFormats, s.Format):
		return []string{line}, d, nil
	}
	for n := csv.PeekLines; n < 10_000; n *= 10 {
		if lines = m.in.Peek(n); len(lines) < n || len(csv.Content(lines)) > 0 {
			break // else all of them are comments
		}
	}
	if !s.wholeLines(o) {
		lines = m.skipPreamble(lines, &d)
	}
	for len(lines) > 1 && lines[0] == "" {
		m.skipTitles(1)
		lines = lines[1:]
	}
	switch {
	case len(lines) > 0:
		return lines, d, nil
	case d.Separator:
		return nil, d, entry.ErrEmpty
	}
	return []string{line}, d, nil
}

// skipPreamble skips a line sep=X and titles.
func (m *reader) skipPreamble(lines []string, d *csv.Dialect) []string {
	if len(lines) == 0 {
		return nil
	}
	if separator, ok := csv.SeparatorLine(lines[0]); ok {
		d.Separator = true
		if d.Delimiter == 0 {
			d.Delimiter = separator
		}
		_ = m.in.Next() // Peek has shown it
		lines = lines[1:]
	}
	n := csv.Titles(lines, *d)
	m.skipTitles(n)
	return lines[n:]
}

// setUp chooses the rows by the format, none for an inventory.
func (m *reader) setUp(s Source, o Options, unread func(error, string) error) error {
	lines, d, err := m.firstLines(s, o)
	if err != nil {
		return unread(err, "check the program that writes it")
	}
	line := lines[0]
	format, remedy, err := s.recognize(line, lines, d, o)
	if err != nil {
		return unread(err, remedy)
	}
	c := &entry.Checker{Source: s.Arg, Bucket: o.SourceBucket, Batch: o.Batch, Endpoint: s3scan.Host(o.Endpoint), Warn: o.Warn}
	switch format {
	case FormatCSV:
		m.rows, err = csv.New(m.in, c, d, lines)
	case FormatBatch:
		d.Encoded = true
		m.rows, err = csv.New(m.in, c, d, lines)
	case FormatJSONL:
		m.rows, err = jsonl.New(m.in, c, o.Columns, line)
	case FormatText:
		list := csv.NewList(m.in, c, d, s.wholeLines(o))
		if list.TakeHeader(line) {
			_ = m.in.Next() // it was read
		}
		m.rows = list
	case FormatInventory:
		switch {
		case len(o.Columns.Fields) > 0:
			err = entry.Usagef("%s: an S3 Inventory names its own columns: remove --columns", s.Arg)
		case s.Kind == KindStdin:
			err = errInventoryOnStdin
		}
	}
	return err
}

// skipTitles skips the next n lines, which Peek has shown. Those that are not blank count as skipped rows.
func (m *reader) skipTitles(n int) {
	for range n {
		if m.in.Next() != nil {
			return
		}
		if len(bytes.TrimRight(m.in.Token(), "\r\n")) > 0 {
			m.skipped = append(m.skipped, m.in.Line)
		}
	}
}
