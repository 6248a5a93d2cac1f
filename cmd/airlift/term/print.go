package term

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Lines collects lines for people: the format is the layout, and the values may come from anywhere.
type Lines struct{ strings.Builder }

// Printf appends a text whose values are escaped, see [Sprintf].
func (l *Lines) Printf(format string, args ...any) { _, _ = Fprintf(l, format, args...) } // into memory

// Fprintf is fmt.Fprintf with the values escaped, see [Sprintf].
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	escapeAll(args)
	return fmt.Fprintf(w, format, args...)
}

// Sprintf is fmt.Sprintf with each value that is a text (a string, an error, a Stringer) shown as [Text] does, so that no
// value can end a line. With %q it is quoted as usual, which serves as well.
func Sprintf(format string, args ...any) string {
	escapeAll(args)
	return fmt.Sprintf(format, args...)
}

func escapeAll(args []any) {
	for i, v := range args {
		switch v := v.(type) {
		case string:
			args[i] = value(v)
		case error:
			args[i] = value(v.Error())
		case fmt.Stringer:
			args[i] = value(v.String())
		default:
			if r := reflect.ValueOf(v); r.Kind() == reflect.String {
				args[i] = value(r.String())
			}
		}
	}
}

// value is a text that is escaped as it is formatted.
type value string

// Format implements fmt.Formatter.
func (v value) Format(f fmt.State, verb rune) {
	text := string(v)
	if verb != 'q' {
		text = Text(text)
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), text)
}
