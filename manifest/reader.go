package manifest

import (
	"context"
	"errors"
	"io"
	"time"

	"airlift/manifest/entry"
	"airlift/manifest/input"
	"airlift/manifest/inventory"
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

// newReader reads a manifest from r, up to the first line that is not blank. Close
// calls closeSource, which is nil for a source that is not ours to close; so does
// newReader if it fails, or if it finds an inventory, whose parts are read instead.
func newReader(ctx context.Context, s Source, o Options, r io.Reader, closeSource func() error) (Reader, error) {
	var borrowed io.Reader
	if closeSource == nil {
		closeSource = func() error { return nil }
		borrowed = r
	}
	plainText, release, err := input.Decompress(r, s.compression)
	if err != nil {
		closeSource()
		return nil, &entry.BrokenError{Source: s.Arg, Unread: true, Err: err, Remedy: "make the file again, or name it by what it holds"}
	}
	m := &reader{source: s.Arg, in: input.New(plainText), close: closeSource, release: release, borrowed: borrowed}
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

// Read returns the next entry; see Reader.
func (m *reader) Read(e *entry.Entry) error {
	return m.closing.Read(func() error { return m.read(e) }, m.release)
}

func (m *reader) read(e *entry.Entry) error {
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
	if _, is := errors.AsType[*entry.RowError](err); is {
		m.any = true
		return err
	}
	if broken, is := errors.AsType[*entry.BrokenError](err); is {
		broken.Unread = !m.any
	} else if err != io.EOF {
		err = &entry.BrokenError{Source: m.source, Line: m.in.Line, Unread: !m.any, Err: err,
			Remedy: "all rows before this line were read; mend or fetch the file again and run the same command"}
	}
	m.err = err
	return err
}

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
