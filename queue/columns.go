package queue

import "fmt"

// maxColumns is how many extra columns the items of a batch may carry
// together: each is a column of every row of its report.
const maxColumns = 2000

// maxColumnBytes bounds their names together, which are stored with the batch.
const maxColumnBytes = 256 << 10

// ColumnSet is the extra columns of a batch, within their bounds. It is not
// safe for concurrent use.
type ColumnSet struct {
	names map[string]bool
	bytes int
	last  []Field // of the last row whose columns are all in the set
}

// NewColumnSet returns a set with the columns that a batch already has, even
// if they exceed the bounds.
func NewColumnSet(names []string) *ColumnSet {
	s := &ColumnSet{names: make(map[string]bool, len(names))}
	for _, name := range names {
		s.add(name)
	}
	return s
}

func (s *ColumnSet) add(name string) {
	if !s.names[name] {
		s.names[name] = true
		s.bytes += len(name)
	}
}

// Add adds the columns of a row. If they exceed the bounds, the error names the first that does,
// and none is added.
func (s *ColumnSet) Add(row []Field) error {
	if SameColumns(row, s.last) {
		return nil
	}
	if len(row) > maxColumns {
		return fmt.Errorf("the row has %d further columns, and a batch carries at most %d to its report; take out what is not needed", len(row), maxColumns)
	}
	var added []string
	for _, f := range row {
		if s.names[f.Name] {
			continue
		}
		if !s.room(f.Name) {
			for _, name := range added {
				delete(s.names, name)
				s.bytes -= len(name)
			}
			return fmt.Errorf("its column %.60q is one too many: a batch carries at most %d further columns, with %d bytes in their names, to its report; "+
				"take out what is not needed, or give these rows another batch", f.Name, maxColumns, maxColumnBytes)
		}
		s.add(f.Name)
		added = append(added, f.Name)
	}
	s.last = row
	return nil
}

// Keep returns the fields of a rejected row for whose columns there is room.
func (s *ColumnSet) Keep(row []Field) []Field {
	kept := row[:0:0]
	for _, f := range row {
		if s.names[f.Name] || s.room(f.Name) {
			s.add(f.Name)
			kept = append(kept, f)
		}
	}
	return kept[:min(len(kept), maxColumns)]
}

func (s *ColumnSet) room(name string) bool {
	return len(s.names) < maxColumns && s.bytes+len(name) <= maxColumnBytes
}
