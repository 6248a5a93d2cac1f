package entry

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrEmpty is wrapped by the error of Open when a manifest has no bytes, or blank lines only. (A header without
	// rows is no error, and neither is a scan that finds nothing.)
	ErrEmpty = errors.New("is empty")

	// ErrUsage is wrapped by errors that come from how a source was named or
	// which options were set, found before anything was read.
	ErrUsage = errors.New("usage")
)

// RowError says that one row is rejected and why. Reading goes on after it.
type RowError struct {
	Source string // as given by the user
	Line   int64  // the line on which the row starts, or the ordinal in a scan
	// Bucket and Key as the row gives them, before any default, valid UTF-8 or not. Both are empty if it is not certain
	// which cells they are, so that a report of rejected rows never names an object that the manifest did not. A Key
	// over the limit is cut, but stays over it.
	Bucket, Key string
	// Reason is what is wrong and what to do, without source and line.
	Reason string
	// Extra holds the row's other columns as given: first the recognized ones
	// that are not empty (region, endpoint, name, ...), then the others.
	Extra []Field
}

// Error returns source, line and reason.
func (e *RowError) Error() string {
	return fmt.Sprintf("%s: line %d: %s", e.Source, e.Line, e.Reason)
}

// BrokenError says that a source ended before its end, or could not be read at
// all. All entries returned before it are good; the reading is incomplete.
type BrokenError struct {
	Source string
	// Line is where the source broke off, 0 if that says nothing, as in a scan.
	Line int64
	// Unread says that no row was returned or rejected.
	Unread bool
	// Err is what happened. It wraps the cause, such as fs.ErrNotExist or ErrEmpty.
	Err error
	// Remedy is what the user can do about it.
	Remedy string
}

// Error returns source, line, what happened and what to do.
func (e *BrokenError) Error() string {
	var b strings.Builder
	b.WriteString(e.Source)
	if e.Line > 0 {
		fmt.Fprintf(&b, ": line %d", e.Line)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Remedy != "" {
		b.WriteString("; ")
		b.WriteString(e.Remedy)
	}
	return b.String()
}

// Unwrap returns what happened.
func (e *BrokenError) Unwrap() error { return e.Err }

// usageError is an ErrUsage with a text of its own.
type usageError string

func (e usageError) Error() string { return string(e) }
func (usageError) Unwrap() error   { return ErrUsage }

func Usagef(format string, args ...any) error {
	return usageError(fmt.Sprintf(format, args...))
}
