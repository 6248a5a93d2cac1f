package inventory

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"airlift/manifest/entry"
)

// convert reads a value that is not null into the row, and returns the reason
// for which the row is rejected, "" if there is none.
type convert func(e *entry.Entry, v *entry.Values, value parquet.Value) string

// converter chooses how the values of a column are read. S3 itself writes strings, BOOLEAN flags, INT64 sizes and
// TIMESTAMP dates (Amazon S3 User Guide, "Locating your inventory list", the fileSchema of Parquet); other tools write
// the same with other types, which are read if their meaning is certain. Any other type is an error: an ignored column
// could let deleted objects and old versions through.
func converter(name string, col entry.Column, t parquet.Type) (convert, error) {
	var c convert
	var want string
	switch col {
	case entry.ColSize:
		c, want = sizeConverter(t), "a whole number of bytes"
	case entry.ColIsLatest, entry.ColIsDeleteMarker:
		c, want = flagConverter(col, t), `BOOLEAN, a string that is "true" or "false", or 0 and 1`
	case entry.ColLastModified:
		c, want = timeConverter(t), "TIMESTAMP, DATE or a string in RFC 3339"
	default:
		c, want = textConverter(col, t), "a string"
	}
	if c == nil {
		return nil, &partError{fmt.Errorf("has the column %s as %s, and not as %s", name, t, want),
			"write the part again so, and its size and MD5checksum into the manifest.json"}
	}
	return c, nil
}

// isText reports whether a type is strings, in whatever form.
func isText(t parquet.Type) bool {
	if t.Kind() != parquet.ByteArray {
		return false
	}
	switch logicalOf(t).(type) {
	case nil, *format.StringType, *format.EnumType, *format.JsonType:
		return true
	}
	return false
}

// logicalOf returns what a type stands for, nil if it says nothing.
func logicalOf(t parquet.Type) format.LogicalTypeValue {
	if l := t.LogicalType(); l != nil {
		return l.Value
	}
	return nil
}

// wholeNumber returns a reader of whole numbers, nil if the type holds others.
func wholeNumber(t parquet.Type) func(parquet.Value) (int64, bool) {
	signed := true
	switch l := logicalOf(t).(type) {
	case nil:
	case *format.IntType:
		signed = l.IsSigned
	case *format.DecimalType:
		if l.Scale != 0 {
			return nil
		}
	default:
		return nil
	}
	switch {
	case t.Kind() == parquet.Int32 && signed:
		return func(v parquet.Value) (int64, bool) { return int64(v.Int32()), true }
	case t.Kind() == parquet.Int32:
		return func(v parquet.Value) (int64, bool) { return int64(v.Uint32()), true }
	case t.Kind() == parquet.Int64 && signed:
		return func(v parquet.Value) (int64, bool) { return v.Int64(), true }
	case t.Kind() == parquet.Int64:
		return func(v parquet.Value) (int64, bool) { return int64(v.Uint64()), v.Uint64() <= math.MaxInt64 }
	case t.Kind() == parquet.Double: // written by tools without nullable integers
		return func(v parquet.Value) (int64, bool) {
			f := v.Double()
			return int64(f), f == math.Trunc(f) && math.Abs(f) <= 1<<53
		}
	}
	return nil
}

func textConverter(col entry.Column, t parquet.Type) convert {
	if !isText(t) {
		return nil
	}
	return func(_ *entry.Entry, v *entry.Values, value parquet.Value) string {
		v[col] = string(value.ByteArray())
		return ""
	}
}

// flagConverter leaves it to Entry.setVersion to refuse what is neither true nor false.
func flagConverter(col entry.Column, t parquet.Type) convert {
	if t.Kind() == parquet.Boolean {
		return func(_ *entry.Entry, v *entry.Values, value parquet.Value) string {
			v[col] = strconv.FormatBool(value.Boolean())
			return ""
		}
	}
	if isText(t) {
		return func(_ *entry.Entry, v *entry.Values, value parquet.Value) string {
			v[col] = entry.TrimBlanks(string(value.ByteArray()))
			return ""
		}
	}
	number := wholeNumber(t)
	if number == nil {
		return nil
	}
	return func(_ *entry.Entry, v *entry.Values, value parquet.Value) string {
		switch n, whole := number(value); {
		case whole && n == 0:
			v[col] = "false"
		case whole && n == 1:
			v[col] = "true"
		default:
			return fmt.Sprintf("%s is %s, neither 0 nor 1", col.String(), value)
		}
		return ""
	}
}

func sizeConverter(t parquet.Type) convert {
	number := wholeNumber(t)
	if isText(t) {
		number = func(value parquet.Value) (int64, bool) {
			n, err := strconv.ParseInt(entry.TrimBlanks(string(value.ByteArray())), 10, 64)
			return n, err == nil
		}
	}
	if number == nil {
		return nil
	}
	return func(e *entry.Entry, _ *entry.Values, value parquet.Value) string {
		if isText(t) && entry.TrimBlanks(string(value.ByteArray())) == "" || value.Kind() == parquet.Double && math.IsNaN(value.Double()) {
			return ""
		}
		n, whole := number(value)
		if !whole || n < 0 {
			return fmt.Sprintf("the size is %s, no number of bytes", entry.Excerpt(value.String()))
		}
		e.Sized, e.Size = true, n
		return ""
	}
}

func timeConverter(t parquet.Type) convert {
	var instant func(parquet.Value) time.Time
	switch logical := logicalOf(t).(type) {
	case *format.TimestampType:
		if logical.Unit.Value == nil || t.Kind() != parquet.Int64 {
			return nil
		}
		unit := logical.Unit.Value.Duration()
		instant = func(v parquet.Value) time.Time { return timeOf(v.Int64(), unit) }
	case *format.DateType:
		instant = func(v parquet.Value) time.Time { return time.Unix(int64(v.Int32())*24*60*60, 0).UTC() }
	default:
		switch {
		case isText(t):
			return func(e *entry.Entry, _ *entry.Values, value parquet.Value) string {
				text := entry.TrimBlanks(string(value.ByteArray()))
				if e.LastModified = entry.ParseTime(text); e.LastModified.IsZero() && text != "" {
					return fmt.Sprintf("the last modification is %s, no date in RFC 3339", entry.Excerpt(text))
				}
				return ""
			}
		case t.Kind() == parquet.Int96: // written by Hive, Impala and older Spark: a Julian day and nanoseconds
			instant = func(v parquet.Value) time.Time {
				const julianEpoch = 2440588 // of 1970-01-01
				n := v.Int96()
				return time.Unix((int64(n[2])-julianEpoch)*24*60*60, int64(n[1])<<32|int64(n[0])).UTC()
			}
		default:
			return nil // a bare number could be seconds or milliseconds
		}
	}
	return func(e *entry.Entry, _ *entry.Values, value parquet.Value) string {
		e.LastModified = instant(value)
		return ""
	}
}

func timeOf(n int64, unit time.Duration) time.Time {
	switch unit {
	case time.Millisecond:
		return time.UnixMilli(n).UTC()
	case time.Microsecond:
		return time.UnixMicro(n).UTC()
	}
	return time.Unix(0, n).UTC()
}

// findColumns finds the columns that are read, and refuses a recognized one that cannot be.
func findColumns(root *parquet.Column) ([]*parquetColumn, error) {
	var found []*parquetColumn
	var has [entry.NumColumns]bool
	for _, leaf := range root.Columns() {
		col := columnOf(leaf.Name())
		switch {
		case col == entry.ColIgnore:
			continue
		case has[col]:
			return nil, fmt.Errorf("has two columns for the %s", col.String())
		case !leaf.Leaf() || leaf.Repeated():
			return nil, &partError{fmt.Errorf("has the column %s as a list or a group", leaf.Name()), "write the part again with a single value in it"}
		}
		has[col] = true
		read, err := converter(leaf.Name(), col, leaf.Type())
		if err != nil {
			return nil, err
		}
		found = append(found, &parquetColumn{col: col, index: leaf.Index(), read: read})
	}
	if !has[entry.ColKey] {
		var all []string
		for _, leaf := range root.Columns() {
			all = append(all, leaf.Name())
		}
		return nil, fmt.Errorf("has no column that is named key; it has %s", entry.Excerpt(strings.Join(all, ", ")))
	}
	return found, nil
}
