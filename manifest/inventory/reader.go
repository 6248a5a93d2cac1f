package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
	"airlift/manifest/input"
	"airlift/manifest/s3scan"
)

// partRows reads the rows of one part.
type partRows interface {
	Read(*entry.Entry) error
	io.Closer
}

// Reader reads the parts of an S3 Inventory one after the other. It reads a part
// only after it has checked its size and MD5 checksum.
type Reader struct {
	source string
	inv    *document
	bucket string // of rows that name none
	open   func(part) (*partFile, error)

	next    int      // the part to open next
	part    partRows // nil: none is open
	file    *partFile
	ordinal int64 // of the last row
	err     error // that every further Read returns
	closing input.Closing
	cancel  context.CancelFunc
}

// Config says where the manifest.json of an inventory lies.
type Config struct {
	Source string // as the user named it
	// Path is the absolute path of a local file, "" for an S3 object.
	Path string
	// S3 and Bucket are those of an S3 object.
	S3     s3scan.Client
	Bucket string
	// SourceBucket is the bucket of rows if neither they nor the manifest.json name one.
	SourceBucket string
	Warn         func(text string)
}

// Open checks what can be checked without reading a part.
func Open(ctx context.Context, doc io.Reader, config Config) (*Reader, error) {
	inv, wrong := parse(doc)
	if wrong != nil {
		return nil, &entry.BrokenError{Source: config.Source, Line: wrong.line, Unread: true, Err: wrong.err, Remedy: wrong.remedy}
	}
	r := &Reader{source: config.Source, inv: inv, bucket: cmp.Or(inv.SourceBucket, config.SourceBucket), cancel: func() {}}
	inv.warnUnchecked(config.Source, config.Warn)
	if config.Path == "" {
		ctx, r.cancel = context.WithCancel(ctx)
		r.open = s3Parts(ctx, config.S3, config.Bucket, inv)
		return r, nil
	}
	find := localParts(config.Path)
	for _, p := range inv.Files { // all of them, before the first row is read
		if _, err := find(p); err != nil {
			return nil, r.broken(p, err)
		}
	}
	r.open = func(p part) (*partFile, error) {
		path, err := find(p)
		if err != nil {
			return nil, err
		}
		return openLocalPart(path, p)
	}
	return r, nil
}

// Read returns the next row; see Reader. Its Line is the ordinal of the row in the whole inventory.
func (r *Reader) Read(e *entry.Entry) error {
	return r.closing.Read(func() error { return r.read(e) }, r.closePart)
}

func (r *Reader) read(e *entry.Entry) error {
	for r.err == nil {
		if r.part == nil {
			if r.next == len(r.inv.Files) {
				r.err = io.EOF
				break
			}
			if err := r.openNext(); err != nil {
				r.err = r.broken(r.inv.Files[r.next], err)
				break
			}
		}
		err := r.part.Read(e)
		var row *entry.RowError
		switch {
		case err == nil:
			r.ordinal++
			e.Line = r.ordinal
			return nil
		case errors.As(err, &row):
			r.ordinal++
			row.Reason = fmt.Sprintf("line %d of the part %s: %s", row.Line, r.inv.Files[r.next].Key, row.Reason)
			row.Line = r.ordinal
			return err
		case err == io.EOF:
			r.closePart()
			r.next++
		default:
			r.err = r.broken(r.inv.Files[r.next], err)
		}
	}
	return r.err
}

// openNext opens and checks the next part.
func (r *Reader) openNext() error {
	f, err := r.open(r.inv.Files[r.next])
	if err != nil {
		return err
	}
	c := &entry.Checker{Source: r.source, Bucket: r.bucket, Exact: true}
	var part partRows
	if r.inv.parquet() {
		part, err = newParquet(f, f.size, c)
	} else {
		part, err = newCSVPart(f, c, r.inv.columns)
	}
	if err != nil {
		f.Close()
		return err
	}
	r.part, r.file = part, f
	return nil
}

// broken names the part at which the inventory breaks off.
func (r *Reader) broken(p part, err error) error {
	b := &entry.BrokenError{Source: r.source, Unread: r.ordinal == 0}
	var inner *entry.BrokenError
	var part *partError
	switch {
	case errors.As(err, &inner): // a quote that is never closed
		b.Err, b.Remedy = fmt.Errorf("line %d of the part %s: %w", inner.Line, p.Key, inner.Err), fetchPartAgain
	case errors.As(err, &part):
		b.Err, b.Remedy = fmt.Errorf("the part %s %w", p.Key, part.err), part.remedy
	default:
		b.Err, b.Remedy = fmt.Errorf("the part %s: %w", p.Key, err), fetchPartAgain
	}
	return b
}

func (r *Reader) closePart() {
	if r.part == nil {
		return
	}
	r.part.Close()
	r.file.Close()
	r.part, r.file = nil, nil
}

// Close stops the copying of a part and releases the open part.
func (r *Reader) Close() error {
	r.cancel()
	if _, free := r.closing.Close(); free {
		r.closePart()
	}
	return nil
}

// csvPart is a CSV part with its decoder.
type csvPart struct {
	*csv.Rows
	release func()
}

// newCSVPart reads a part whose columns the manifest.json names. Its keys are URL-encoded (Amazon S3 User Guide,
// "Cataloging and analyzing your data with S3 Inventory": "When you're using the CSV file format, the key name is
// URL-encoded and must be decoded"), a blank as +.
func newCSVPart(r io.Reader, c *entry.Checker, columns []entry.Column) (*csvPart, error) {
	plainText, release, err := input.Decompress(r, input.Uncompressed)
	if err != nil {
		return nil, err
	}
	return &csvPart{csv.NewEncoded(input.New(plainText), c, columns), release}, nil
}

// Close releases the decoder.
func (p *csvPart) Close() error {
	p.release()
	return nil
}
