package term

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// lines collects lines for people. Formats are trusted, values are not.
type lines struct{ strings.Builder }

// add appends a line behind a label. Values are escaped, see [Sprintf].
func (l *lines) add(label, format string, args ...any) {
	_, _ = Fprintf(l, "%-10s "+format+"\n", slices.Concat([]any{label}, args)...) // into memory
}

// writeTo writes all lines at once.
func (l *lines) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, l.String())
	return err
}

// Number writes a number with a comma between thousands.
func Number(n int64) string { return humanize.Comma(n) }

// Bytes writes an amount of bytes in the largest fitting unit.
func Bytes(n int64) string { return humanize.IBytes(uint64(n)) }

// JSON writes a value as a line of JSON.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(NewJSONWriter(w))
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Fprintf is fmt.Fprintf with the values escaped, see [Sprintf].
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	escapeAll(args)
	return fmt.Fprintf(w, format, args...)
}

// Sprintf is fmt.Sprintf with each value that is a text (a string, an error, a Stringer) shown as [Text] does, so that no
// value can end a line. %q quotes as usual.
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
