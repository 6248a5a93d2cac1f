package manifest

import (
	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/manifest/input"
	"airlift/manifest/inventory"
	"airlift/manifest/jsonl"
	"airlift/manifest/s3scan"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// rows is what differs between the formats: reading one row from the input.
// It returns nil, io.EOF, a *RowError, or the error that broke the input.
type rows interface {
	Read(*entry.Entry) error
}

// reader reads a manifest, whatever its format and wherever it lies.
type reader struct {
	source string
	rows   rows
	in     *input.Input
	count  *counter
	err    error // that every further Read returns
	marked bool  // it begins with a byte order mark
	any    bool  // a row was returned or rejected
	// skipped are the lines of titles before the first row, still to be returned.
	skipped []int64
	closing input.Closing
	close   func() error // the source, which ends a read that is under way
	release func()       // the decoder
	// borrowed is a source that is not ours to close.
	borrowed io.Reader
}

// openFile opens a local file.
func openFile(ctx context.Context, s Source, o Options) (Reader, error) {
	broken := func(err error, remedy string) error {
		return &entry.BrokenError{Source: s.Arg, Unread: true, Err: err, Remedy: remedy}
	}
	f, err := os.Open(s.path)
	if err != nil {
		// The path is in the text already.
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, broken(err, fmt.Sprintf("check the name; it was looked for at %s", s.path))
		case errors.Is(err, fs.ErrPermission):
			return nil, broken(err, "give this user the right to read it")
		}
		return nil, broken(err, "")
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, broken(err, "")
	}
	if info.IsDir() {
		f.Close()
		return nil, broken(errors.New("is a directory"), "name a manifest in it")
	}
	total := int64(-1)
	if info.Mode().IsRegular() {
		total = info.Size()
	}
	stop := context.AfterFunc(ctx, func() { expire(f) }) // so that no named pipe is waited for
	return newReader(ctx, s, o, f, total, func() error { stop(); return f.Close() })
}

// openObject reads a manifest that is an S3 object, as a stream.
func openObject(ctx context.Context, s Source, o Options) (Reader, error) {
	body, total, closeBody, err := s3scan.GetObject(ctx, o.S3, s.Bucket, s.Key)
	if err != nil {
		err, remedy := s3scan.Explain(err, s.Bucket)
		return nil, &entry.BrokenError{Source: s.Arg, Unread: true, Err: fmt.Errorf("get the object: %w", err), Remedy: remedy}
	}
	return newReader(ctx, s, o, body, total, closeBody)
}

// newReader reads a manifest from r, which holds total bytes (-1: not known). It
// reads up to the first line that is not blank. closeSource, which may be nil,
// is called by Close, and by newReader if it fails or reads an inventory, which
// then reads its parts.
func newReader(ctx context.Context, s Source, o Options, r io.Reader, total int64, closeSource func() error) (Reader, error) {
	var borrowed io.Reader
	if closeSource == nil {
		closeSource = func() error { return nil }
		borrowed = r
	}
	count := &counter{r: r, total: total}
	plainText, release, err := input.Decompress(count, s.compression)
	if err != nil {
		closeSource()
		return nil, &entry.BrokenError{Source: s.Arg, Unread: true, Err: err, Remedy: "make the file again, or name it by what it holds"}
	}
	m := &reader{source: s.Arg, borrowed: borrowed, in: input.New(plainText), count: count}
	m.close, m.release = closeSource, release
	if err := m.begin(s, o); err != nil {
		m.Close()
		return nil, err
	}
	if m.rows == nil {
		defer m.Close()
		config := inventory.Config{Source: s.Arg, Path: s.path, SourceBucket: o.SourceBucket, Warn: o.Warn}
		if s.Kind == KindS3Object {
			config.S3, config.Bucket = o.S3, s.Bucket
		}
		r, err := inventory.Open(ctx, m.in.Rest(), config)
		if err != nil {
			return nil, err // and no nil pointer in an interface
		}
		return r, nil
	}
	return m, nil
}

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
			return unread(err, "make the file again, or fetch it again")
		}
		if len(bytes.TrimRight(m.in.Token(), "\r\n")) > 0 {
			break
		}
	}
	return m.setUp(s, o, unread)
}

// prepare returns the first lines from the header, or the first row, on, and what
// they and the options say of a CSV. A line sep=X and titles are passed over. The
// input has read the first line, and gives it again.
func (m *reader) prepare(s Source, o Options) (lines []string, d csv.Dialect, err error) {
	token := m.in.Token()
	line := strings.TrimRight(string(csv.TrimEOL(token)), "\r")
	d = csv.Dialect{Delimiter: o.Delimiter, Columns: o.Columns, SourceBucket: o.SourceBucket, Marked: m.marked, DoubledCRs: bytes.HasSuffix(token, []byte("\r\r\n"))}
	m.in.Unread()
	g := guessFormat(line, d)
	if g == guessDocument || g == guessArray { // whose rows are looked for
		lines = m.in.Peek(csv.DocumentLines)
		if len(lines) == 0 {
			lines = []string{""}
		}
		lines[0] = line
		return lines, d, nil
	}
	if g != guessNothing || s.Format == FormatJSONL || s.Format == FormatBatch || s.Format == FormatInventory {
		return []string{line}, d, nil
	}
	for n := csv.PeekLines; n < 10_000; n *= 10 {
		if lines = m.in.Peek(n); len(lines) < n || len(csv.Content(lines)) > 0 {
			break // else all of them are comments
		}
	}
	if !s.wholeLines(o) {
		if separator, ok := csv.SeparatorLine(line); ok {
			d.Separator = true
			if d.Delimiter == 0 {
				d.Delimiter = separator
			}
			m.skipLines(1)
			lines = lines[1:]
		}
		n := csv.Titles(lines, d)
		m.skipTitles(n)
		lines = lines[n:]
	}
	for len(lines) > 1 && lines[0] == "" {
		m.skipLines(1)
		lines = lines[1:]
	}
	if len(lines) == 0 && d.Separator {
		return nil, d, entry.ErrEmpty
	}
	if len(lines) == 0 {
		lines = []string{line}
	}
	return lines, d, nil
}

// setUp chooses the rows by the format, none for an inventory.
func (m *reader) setUp(s Source, o Options, unread func(error, string) error) error {
	lines, d, err := m.prepare(s, o)
	if err != nil {
		return unread(err, "check the program that writes it")
	}
	line := lines[0]
	format, remedy, err := s.recognise(line, lines, d, o)
	if err != nil {
		return unread(err, remedy)
	}
	c := &entry.Checker{Source: s.Arg, Bucket: o.SourceBucket, Batch: o.Batch, Endpoint: entry.EndpointHost(o.Endpoint), Warn: o.Warn}
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
			m.skipLines(1)
		}
		m.rows = list
	case FormatInventory:
		switch {
		case len(o.Columns.Fields) > 0:
			err = entry.Usagef("%s: an S3 Inventory says itself which column is what: leave --columns out", s.Arg)
		case s.Kind == KindStdin:
			err = entry.Usagef("-: the parts of an S3 Inventory lie beside its manifest.json: name that file instead")
		}
	}
	return err
}

// skipLines passes over the next n lines, which peek has shown.
func (m *reader) skipLines(n int) {
	for range n {
		if m.in.Next() != nil {
			return
		}
	}
}

// skipTitles passes over the next n lines, which peek has shown. Those that are
// not blank count as skipped.
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

// Read returns the next entry; see Reader.
func (m *reader) Read(e *Entry) error {
	if !m.closing.Enter() {
		return fs.ErrClosed
	}
	err := m.read(e)
	if m.closing.Leave() {
		m.release()
		return fs.ErrClosed
	}
	return err
}

func (m *reader) read(e *Entry) error {
	if m.err != nil {
		return m.err
	}
	if len(m.skipped) > 0 {
		*e = entry.Entry{Line: m.skipped[0], Skip: entry.SkipTitle}
		m.skipped = m.skipped[1:]
		return nil
	}
	err := m.rows.Read(e)
	if err == nil {
		m.any = true
		return nil
	}
	var row *entry.RowError
	if errors.As(err, &row) {
		m.any = true
		return err
	}
	var broken *entry.BrokenError
	switch {
	case err == io.EOF:
		err = io.EOF
	case errors.As(err, &broken):
		broken.Unread = !m.any
	default:
		err = &entry.BrokenError{Source: m.source, Line: m.in.Line, Unread: !m.any, Err: err,
			Remedy: "all rows before this line were read; mend or fetch the file again and run the same command"}
	}
	m.err = err
	return err
}

// Progress counts the bytes as they are stored.
func (m *reader) Progress() (read, total int64) { return m.count.n.Load(), m.count.total }

// Close releases the source; see Reader.
func (m *reader) Close() error {
	first, free := m.closing.Close()
	if !first {
		return nil
	}
	err := m.close()
	if !free && m.borrowed != nil {
		expire(m.borrowed)
	}
	if free {
		m.release()
	}
	return err
}

// expire ends a read of a pipe or a connection, if the system can.
func expire(r io.Reader) {
	if d, ok := r.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = d.SetReadDeadline(time.Unix(1, 0)) // a file that cannot goes on until its data comes
	}
}

// counter counts the bytes read through it.
type counter struct {
	r     io.Reader
	n     atomic.Int64
	total int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}
