package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
)

// Options say how to read a source.
type Options struct {
	// Format overrides what name and content tell.
	Format Format
	// Delimiter separates the columns of CSVs; 0: recognized in the header (comma,
	// semicolon or tab), else a comma. See ParseDelimiter.
	Delimiter byte
	// Columns gives the meaning of CSV columns; see ParseColumns.
	Columns entry.Columns
	// Stdin is read by the source "-". It is not closed.
	Stdin io.Reader
	// SourceBucket is the bucket of entries that name none; "" rejects them. A scan does not need it.
	SourceBucket string
	// Batch is that of the run: rows that name another one are rejected. "" allows all.
	Batch string
	// Endpoint is the S3 server that the user named, as host or URL: URLs of it in
	// place of keys are understood, as those of AWS and Wasabi are.
	Endpoint string
	// Warn is called once for each kind of thing that is removed or skipped in a manifest. It may be nil.
	Warn func(text string)
	// S3 is needed by s3:// sources only; see NewS3.
	S3 s3scan.Client
	// ForceScan scans an s3:// source whose name looks like a manifest;
	// ForceManifest reads as a manifest one that does not.
	ForceScan, ForceManifest bool
	// Scan says how buckets are listed.
	Scan s3scan.Config
}

// Open opens a source by its scheme and its name's ending (see ParseSource) and reads its first line, or for a scan its
// first page, so that a source that cannot be read at all fails here. Options.Format, the name's ending and the first
// line tell the format, in this order; a name and a first line that contradict each other are an error. A pattern is
// opened file by file; see Source.Files. ctx bounds the whole reading of S3 sources; a read of a file or of standard
// input goes on.
//
// Errors: ErrUsage if the source or the options are at fault; else a
// *BrokenError with Unread set, which wraps ErrEmpty, fs.ErrNotExist,
// fs.ErrPermission or another cause; ErrUsage too, if the format is not known.
func Open(ctx context.Context, source string, o Options) (Reader, error) {
	s, err := ParseSource(source)
	if err != nil {
		return nil, err
	}
	if s, err = s.Resolve(o); err != nil {
		return nil, err
	}
	switch s.Kind {
	case KindS3Scan:
		r, err := s3scan.Open(ctx, o.S3, s.Arg, s.Bucket, s.Key, o.Scan)
		if err != nil {
			return nil, err // and no nil pointer in an interface
		}
		return r, nil
	case KindS3Object:
		return openObject(ctx, s, o)
	case KindPattern:
		return nil, entry.Usagef("%s: there is no file of this name; open the files that it matches one by one", s.Arg)
	case KindStdin:
		return newReader(ctx, s, o, o.Stdin, nil)
	}
	return openFile(ctx, s, o)
}

// openFile opens a local file.
func openFile(ctx context.Context, s Source, o Options) (Reader, error) {
	broken := func(err error, remedy string) error {
		return &entry.BrokenError{Source: s.Arg, Unread: true, Err: err, Remedy: remedy}
	}
	f, err := os.Open(s.path)
	if err != nil {
		// The path is in the text already.
		if cause, is := errors.AsType[*fs.PathError](err); is {
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
	stop := context.AfterFunc(ctx, func() { expire(f) }) // do not wait for a named pipe
	return newReader(ctx, s, o, f, func() error { stop(); return f.Close() })
}

// openObject reads a manifest that is an S3 object, as a stream.
func openObject(ctx context.Context, s Source, o Options) (Reader, error) {
	body, closeBody, err := s3scan.GetObject(ctx, o.S3, s.Bucket, s.Key)
	if err != nil {
		err, remedy := s3scan.Explain(err, s.Bucket)
		return nil, &entry.BrokenError{Source: s.Arg, Unread: true, Err: fmt.Errorf("get the object: %w", err), Remedy: remedy}
	}
	return newReader(ctx, s, o, body, closeBody)
}
