package inventory

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"airlift/manifest/entry"
)

// parquetRows reads a Parquet part of an inventory: only the columns that are needed, in step, because the library's
// rows decode all columns. Keys are plain UTF-8, not URL-encoded.
type parquetRows struct {
	check   *entry.Checker
	groups  []parquet.RowGroup // still to come
	columns []*parquetColumn
	left    int64 // rows of the current group
	row     int64 // ordinal of the last row
}

// parquetColumn is one column of the current group.
type parquetColumn struct {
	col    entry.Column
	index  int // of the leaf
	read   convert
	values parquet.ColumnChunkValueReader // nil: no group is open
	buf    []parquet.Value                // values read ahead
	pos    int
}

// newParquet opens a part of size bytes.
func newParquet(r io.ReaderAt, size int64, c *entry.Checker) (rows *parquetRows, err error) {
	defer recoverParquet(&err)
	// A whole reading needs neither index nor Bloom filter.
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, fmt.Errorf("is no sound Parquet file: %w", err)
	}
	rows = &parquetRows{check: c, groups: f.RowGroups()}
	rows.columns, err = findColumns(f.Root())
	return rows, err
}

func (r *parquetRows) Read(e *entry.Entry) (err error) {
	defer recoverParquet(&err)
	for r.left == 0 {
		if len(r.groups) == 0 {
			return io.EOF
		}
		r.nextGroup()
	}
	r.left--
	r.row++
	var v entry.Values
	reason := ""
	*e = entry.Entry{Line: r.row}
	for _, c := range r.columns {
		value, err := c.next()
		if err != nil {
			return fmt.Errorf("the Parquet data is damaged at row %d: %w", r.row, err)
		}
		if value.IsNull() {
			continue
		}
		if why := c.read(e, &v, value); why != "" && reason == "" {
			reason = why
		}
	}
	if why := r.check.Fill(e, &v); reason == "" {
		reason = why
	}
	if reason != "" {
		return r.check.Reject(r.row, reason, &v, nil)
	}
	return nil
}

// nextGroup goes on to the next group of rows.
func (r *parquetRows) nextGroup() {
	r.Close()
	g := r.groups[0]
	r.groups = r.groups[1:]
	r.left = g.NumRows()
	chunks := g.ColumnChunks()
	for _, c := range r.columns {
		c.values = parquet.NewColumnChunkValueReader(chunks[c.index])
	}
}

// next returns the column's next value, which is valid until the next call.
func (c *parquetColumn) next() (parquet.Value, error) {
	for c.pos == len(c.buf) {
		if cap(c.buf) == 0 {
			c.buf = make([]parquet.Value, 256)
		}
		n, err := c.values.ReadValues(c.buf[:cap(c.buf)])
		c.buf, c.pos = c.buf[:n], 0
		if n == 0 && err == io.EOF {
			err = errors.New("it ends before its last row")
		}
		if n == 0 && err != nil {
			return parquet.Value{}, err
		}
	}
	value := c.buf[c.pos]
	c.pos++
	return value, nil
}

// Close ends the reading of the current group.
func (r *parquetRows) Close() error {
	for _, c := range r.columns {
		if c.values != nil {
			_ = c.values.Close() // it was only read
			c.values, c.buf, c.pos = nil, c.buf[:0], 0
		}
	}
	return nil
}

// recoverParquet turns a panic of the decoder, which some damaged files cause, into an error.
func recoverParquet(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the Parquet data is damaged: %v", p)
	}
}
