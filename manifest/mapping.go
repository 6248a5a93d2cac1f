package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Columns says which column of a CSV holds what, in place of its header: either
// all by number, for a file without a header, or all by the header's names. The
// zero value leaves it to the header.
type Columns struct {
	fields   []mapped
	numbered bool
}

// mapped is one column of a Columns.
type mapped struct {
	col    column
	name   string // of the header
	number int    // from 1
	exact  bool   // the header has the very name: others that fold to it are not meant
}

// ParseColumns reads the value of a --columns flag: bucket=2,key=3, or
// key=File Path,bucket=Volume. The fields are the columns that a manifest may
// have, and key must be among them; a name may hold commas. "" is the zero
// Columns. Its errors are ErrUsage.
func ParseColumns(s string) (Columns, error) {
	const example = "write for example bucket=2,key=3, or key=File Path,bucket=Volume"
	var c Columns
	if s == "" {
		return c, nil
	}
	for _, part := range strings.Split(s, ",") {
		field, value, found := strings.Cut(part, "=")
		col := columnOf(field)
		switch {
		case found && col != colExtra:
			c.fields = append(c.fields, mapped{col: col, name: value})
		case found, len(c.fields) == 0:
			return Columns{}, usagef("columns: %q is no column that a manifest has; %s", field, example)
		default: // a name that holds a comma
			c.fields[len(c.fields)-1].name += "," + part
		}
	}
	numbers := 0
	for i := range c.fields {
		f := &c.fields[i]
		f.name = trim(f.name)
		if f.name == "" {
			return Columns{}, usagef("columns: %s names no column; %s", names[f.col], example)
		}
		if n, err := strconv.Atoi(f.name); err == nil {
			if n < 1 || n > 10_000 {
				return Columns{}, usagef("columns: %s=%d: columns are counted from 1; %s", names[f.col], n, example)
			}
			f.number = n
			numbers++
		}
		for _, other := range c.fields[:i] {
			switch {
			case other.col == f.col:
				return Columns{}, usagef("columns: %s is given twice; give it once", names[f.col])
			case other.name == f.name:
				return Columns{}, usagef("columns: %s and %s are the same column %q; give each its own", names[other.col], names[f.col], f.name)
			}
		}
	}
	c.numbered = numbers == len(c.fields)
	switch {
	case numbers > 0 && !c.numbered:
		return Columns{}, usagef("columns: %q mixes numbers and names; give all by number, for a file without a header, or all by name", s)
	case !slices.ContainsFunc(c.fields, func(f mapped) bool { return f.col == colKey }):
		return Columns{}, usagef("columns: %q does not say where the key is; %s", s, example)
	}
	return c, nil
}

// named reports whether the columns are found by the header's names.
func (c Columns) named() bool { return len(c.fields) > 0 && !c.numbered }

// isHeader reports whether a row is the header: it names all columns asked for,
// or if none is, a column of the keys.
func (c Columns) isHeader(cells []string) bool {
	if c.named() {
		return c.lacking(cells) == ""
	}
	return slices.ContainsFunc(cells, func(s string) bool { return columnOf(s) == colKey })
}

// lacking returns the first name asked for that is not in the header.
func (c Columns) lacking(header []string) string {
	for _, f := range c.fields {
		if !slices.ContainsFunc(header, f.is) {
			return f.name
		}
	}
	return ""
}

// column returns what the header's column is.
func (c Columns) column(name string) column {
	col := columnOf(name)
	for _, f := range c.fields {
		if f.is(name) {
			return f.col
		}
		if f.col == col {
			col = colExtra // the user says that it is another one
		}
	}
	return col
}

func (f mapped) is(name string) bool {
	return strings.EqualFold(trim(name), f.name) || !f.exact && foldName(name) == foldName(f.name)
}

// in returns the columns for a header: where it has the very name asked for, the
// names that only fold to it are others.
func (c Columns) in(header []string) Columns {
	fields := slices.Clone(c.fields)
	for i := range fields {
		fields[i].exact = slices.ContainsFunc(header, func(s string) bool { return strings.EqualFold(trim(s), fields[i].name) })
	}
	c.fields = fields
	return c
}

// number returns what each of a row's columns is, and its name for the report.
func (c Columns) number(row []string) (cols []column, heads []string, err error) {
	for i := range row {
		cols = append(cols, colExtra)
		heads = append(heads, fmt.Sprintf("column_%d", i+1))
	}
	for _, f := range c.fields {
		if f.number > len(row) {
			return nil, nil, fmt.Errorf("the first row has %d columns, and %s is said to be in column %d", len(row), names[f.col], f.number)
		}
		if f.col == colKey && columnOf(row[f.number-1]) == colKey {
			return nil, nil, fmt.Errorf("the first row names column %d %s, so it is a header", f.number, excerpt(row[f.number-1]))
		}
		cols[f.number-1], heads[f.number-1] = f.col, names[f.col]
	}
	return cols, heads, nil
}
