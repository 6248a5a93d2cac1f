package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
)

// inventoryReader reads the parts of an S3 Inventory one after the other. A part
// is read only when its size and MD5 checksum are known to be right, so a part
// that is cut, damaged or another one gives no row at all.
type inventoryReader struct {
	source string
	inv    *inventory
	bucket string // of rows that name none
	open   func(inventoryPart) (*partFile, error)

	next    int  // the part to open next
	part    rows // nil: none is open
	file    *partFile
	ordinal int64 // of the last row
	err     error // that every further Read returns
	closed  sync.Once
	done    atomic.Int64 // bytes of the parts that were read
	total   int64
}

// openInventory checks what can be checked without reading a part.
func openInventory(ctx context.Context, s Source, o Options, doc io.Reader) (Reader, error) {
	inv, wrong := parseInventory(doc)
	if wrong != nil {
		return nil, &BrokenError{Source: s.Arg, Line: wrong.line, Unread: true, Err: wrong.err, Remedy: wrong.remedy}
	}
	r := &inventoryReader{source: s.Arg, inv: inv, bucket: inv.SourceBucket}
	if r.bucket == "" {
		r.bucket = o.SourceBucket
	}
	for _, p := range inv.Files {
		if p.Size == nil {
			r.total = -1
			break
		}
		r.total += *p.Size
	}
	inv.warnUnchecked(s.Arg, o.Warn)
	if s.Kind == KindS3Object {
		r.open = s3Parts(ctx, o.S3, s, inv)
		return r, nil
	}
	find := localParts(s.path)
	for _, p := range inv.Files { // all of them, before the first row is read
		if _, err := find(p); err != nil {
			return nil, r.broken(p, err)
		}
	}
	r.open = func(p inventoryPart) (*partFile, error) {
		path, err := find(p)
		if err != nil {
			return nil, err
		}
		return openLocalPart(path, p)
	}
	return r, nil
}

// Read returns the next row; see Reader. Its Line is the ordinal of the row in the
// whole inventory, for a line's number would not say of which part.
func (r *inventoryReader) Read(e *Entry) error {
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
		err := r.part.read(e)
		var row *RowError
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
		case isEOF(err):
			r.done.Add(r.file.size)
			r.shut()
			r.next++
		default:
			r.err = r.broken(r.inv.Files[r.next], err)
		}
	}
	return r.err
}

// openNext opens and checks the next part.
func (r *inventoryReader) openNext() error {
	f, err := r.open(r.inv.Files[r.next])
	if err != nil {
		return err
	}
	c := &checker{source: r.source, bucket: r.bucket, exact: true}
	var part rows
	if r.inv.parquet() {
		part, err = newParquet(f, f.size, c)
	} else {
		part, err = newInventoryCSV(f, c, r.inv.columns)
	}
	if err != nil {
		f.Close()
		return err
	}
	r.part, r.file = part, f
	return nil
}

// broken names the part at which the inventory breaks off.
func (r *inventoryReader) broken(p inventoryPart, err error) error {
	b := &BrokenError{Source: r.source, Unread: r.ordinal == 0}
	var inner *BrokenError
	var part *partError
	switch {
	case errors.As(err, &inner): // a quote that is never closed
		b.Err, b.Remedy = fmt.Errorf("line %d of the part %s: %w", inner.Line, p.Key, inner.Err), partAgain
	case errors.As(err, &part):
		b.Err, b.Remedy = fmt.Errorf("the part %s %w", p.Key, part.err), part.remedy
	default:
		b.Err, b.Remedy = fmt.Errorf("the part %s: %w", p.Key, err), partAgain
	}
	return b
}

// Progress counts the bytes of the parts.
func (r *inventoryReader) Progress() (read, total int64) { return r.done.Load(), r.total }

func (r *inventoryReader) shut() {
	if c, ok := r.part.(io.Closer); ok {
		c.Close()
	}
	r.file.Close()
	r.part, r.file = nil, nil
}

// Close releases the part that is open.
func (r *inventoryReader) Close() error {
	r.closed.Do(func() {
		if r.part != nil {
			r.shut()
		}
		r.err = fs.ErrClosed
	})
	return nil
}

// csvPart is a CSV part with its decoder.
type csvPart struct {
	*csvRows
	release func()
}

// newInventoryCSV reads a part whose columns the manifest.json tells. Its keys
// are URL-encoded (Amazon S3 User Guide, "Cataloging and analyzing your data
// with S3 Inventory": "When you're using the CSV file format, the key name is
// URL-encoded and must be decoded"), a blank as +.
func newInventoryCSV(r io.Reader, c *checker, columns []column) (*csvPart, error) {
	plainText, release, err := decompress(r, plain)
	if err != nil {
		return nil, err
	}
	heads := make([]string, len(columns))
	for i, col := range columns {
		heads[i] = names[col]
	}
	in := newInput(plainText)
	in.watch()
	return &csvPart{&csvRows{in: in, check: c, comma: ',', encoded: true, cols: columns, heads: heads}, release}, nil
}

// Close releases the decoder.
func (p *csvPart) Close() error {
	p.release()
	return nil
}
