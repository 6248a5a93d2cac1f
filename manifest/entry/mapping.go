package entry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Columns says which column of a CSV holds what, in place of its header: either all by number, for a file without a
// header, or all by the header's names. The zero value leaves it to the header.
type Columns struct {
	Fields   []Mapping
	Numbered bool
}

// Mapping is one column of a Columns.
type Mapping struct {
	Col    Column
	Name   string // of the header
	Number int    // from 1
	exact  bool   // the header has the very name: others that fold to it are not meant
}

// ParseColumns reads the value of a --columns flag: bucket=2,key=3, or key=File Path,bucket=Volume. The fields are the
// columns that a manifest may have, and key must be among them; a name may hold commas. "" is the zero Columns. Its
// errors are ErrUsage.
func ParseColumns(s string) (Columns, error) {
	var c Columns
	if s == "" {
		return c, nil
	}
	for _, part := range strings.Split(s, ",") {
		field, value, found := strings.Cut(part, "=")
		col := ColumnOf(field)
		switch {
		case found && col != ColExtra:
			c.Fields = append(c.Fields, Mapping{Col: col, Name: value})
		case found, len(c.Fields) == 0:
			return Columns{}, Usagef("columns: %q is no column that a manifest has; %s", field, columnsExample)
		default: // a name that holds a comma
			c.Fields[len(c.Fields)-1].Name += "," + part
		}
	}
	numbers := 0
	for i := range c.Fields {
		f := &c.Fields[i]
		if err := f.complete(c.Fields[:i]); err != nil {
			return Columns{}, err
		}
		if f.Number > 0 {
			numbers++
		}
	}
	c.Numbered = numbers == len(c.Fields)
	switch {
	case numbers > 0 && !c.Numbered:
		return Columns{}, Usagef("columns: %q mixes numbers and names; give all by number, for a file without a header, or all by name", s)
	case !slices.ContainsFunc(c.Fields, func(f Mapping) bool { return f.Col == ColKey }):
		return Columns{}, Usagef("columns: %q does not say where the key is; %s", s, columnsExample)
	}
	return c, nil
}

const columnsExample = "write for example bucket=2,key=3, or key=File Path,bucket=Volume"

// complete reads the name, which may be a number, and compares it with those before.
func (f *Mapping) complete(before []Mapping) error {
	f.Name = TrimBlanks(f.Name)
	if f.Name == "" {
		return Usagef("columns: %s names no column; %s", f.Col, columnsExample)
	}
	if n, err := strconv.Atoi(f.Name); err == nil {
		if n < 1 || n > 10_000 {
			return Usagef("columns: %s=%d: columns are counted from 1; %s", f.Col, n, columnsExample)
		}
		f.Number = n
	}
	for _, other := range before {
		switch {
		case other.Col == f.Col:
			return Usagef("columns: %s is given twice; give it once", f.Col)
		case other.Name == f.Name:
			return Usagef("columns: %s and %s are the same column %q; give each its own", other.Col, f.Col, f.Name)
		}
	}
	return nil
}

// Named reports whether the columns are found by the header's names.
func (c Columns) Named() bool { return len(c.Fields) > 0 && !c.Numbered }

// IsHeader reports whether a row is the header: it names all columns asked for, or if none is, a column of the keys.
func (c Columns) IsHeader(cells []string) bool {
	if c.Named() {
		return c.Lacking(cells) == ""
	}
	return slices.ContainsFunc(cells, func(s string) bool { return ColumnOf(s) == ColKey })
}

// Lacking returns the first name asked for that is not in the header.
func (c Columns) Lacking(header []string) string {
	for _, f := range c.Fields {
		if !slices.ContainsFunc(header, f.Names) {
			return f.Name
		}
	}
	return ""
}

// Column returns what the header's column is.
func (c Columns) Column(name string) Column {
	col := ColumnOf(name)
	for _, f := range c.Fields {
		if f.Names(name) {
			return f.Col
		}
		if f.Col == col {
			col = ColExtra // the user says that it is another one
		}
	}
	return col
}

func (f Mapping) Names(name string) bool {
	return strings.EqualFold(TrimBlanks(name), f.Name) || !f.exact && FoldName(name) == FoldName(f.Name)
}

// ForHeader returns the columns for a header: if it has exactly the given name, the
// names that only fold to it are others.
func (c Columns) ForHeader(header []string) Columns {
	fields := slices.Clone(c.Fields)
	for i := range fields {
		fields[i].exact = slices.ContainsFunc(header, func(s string) bool { return strings.EqualFold(TrimBlanks(s), fields[i].Name) })
	}
	c.Fields = fields
	return c
}

// ByNumber returns what each of a row's columns is, and its name for the report.
func (c Columns) ByNumber(row []string) (cols []Column, heads []string, err error) {
	for i := range row {
		cols = append(cols, ColExtra)
		heads = append(heads, fmt.Sprintf("column_%d", i+1))
	}
	for _, f := range c.Fields {
		if f.Number > len(row) {
			return nil, nil, fmt.Errorf("the first row has %d columns, and %s is said to be in column %d", len(row), f.Col.String(), f.Number)
		}
		if f.Col == ColKey && ColumnOf(row[f.Number-1]) == ColKey {
			return nil, nil, fmt.Errorf("the first row names column %d %s, so it is a header", f.Number, Excerpt(row[f.Number-1]))
		}
		cols[f.Number-1], heads[f.Number-1] = f.Col, f.Col.String()
	}
	return cols, heads, nil
}
