package entry

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// reportColumns are the first columns of airlift's own reports, in order. A CSV whose header has all of these is one,
// and so is JSON Lines whose first object has them: programs that sort or filter a report may change the order.
var reportColumns = []string{
	"line", "bucket", "key", "state", "job_id", "name", "attempts", "http_status", "error_code", "error", "submitted_at",
}

// ReportColumns returns the headers, in order, with which airlift's own reports begin and by which, in any order, they
// are recognized as manifests: of these only bucket, key, name and state are read back.
func ReportColumns() []string { return append([]string(nil), reportColumns...) }

// IsReport reports whether names, those of a header or of an object's members, are those of a report.
func IsReport(names []string) bool {
	return !slices.ContainsFunc(reportColumns, func(want string) bool { return !slices.Contains(names, want) })
}

// InReportOrder reports whether a report's header has the order in which airlift
// writes it. Then a later column with the name of one of the first is the user's.
func InReportOrder(names []string) bool {
	return slices.Equal(names[:len(reportColumns)], reportColumns)
}

// ReportColumn returns what a column of a report is read as, ColExtra for one that is not the report's own.
func ReportColumn(name string) Column {
	switch {
	case name == "state":
		return colState
	case slices.Contains(reportColumns, name):
		return ColIgnore
	}
	return ColExtra
}

// extraPrefix precedes the name of an extra column if that name means something else in a report.
const furtherPrefix = "source."

// ReportName returns the name that a further column of a manifest has in a report. It is "source." and the column's own
// name if that is, in any spelling, one of a report's first columns or of those that a manifest may have: no two
// columns of a report may have one name. Read from a report, the column has its own name.
func ReportName(name string) string {
	if clashes(name) {
		return furtherPrefix + name
	}
	return name
}

// SavedName is ReportName for a saved manifest: there only names of columns that a manifest may have change.
func SavedName(name string) string {
	if col := ColumnOf(name); col != ColExtra && !col.Carried() {
		return furtherPrefix + name
	}
	return name
}

// OwnName returns the name of a further column of a report in its manifest: what ReportName was given.
func OwnName(name string) string {
	if own, found := strings.CutPrefix(name, furtherPrefix); found && clashes(own) {
		return own
	}
	return name
}

// clashes reports whether an extra column cannot keep its name in a report. A
// name that ReportName may have made clashes too, so that OwnName undoes it.
func clashes(name string) bool {
	for strings.HasPrefix(name, furtherPrefix) {
		name = name[len(furtherPrefix):]
	}
	if col := ColumnOf(name); col != ColExtra && !col.Carried() {
		return true
	}
	return slices.ContainsFunc(reportColumns, func(own string) bool { return strings.EqualFold(own, name) })
}

// ValidText returns a text as reports write it: each byte that is not of valid UTF-8 as \xNN, everything else as it is.
func ValidText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// escapedByte matches what ValidText may have written in the place of a byte.
var escapedByte = regexp.MustCompile(`\\x[89a-f][0-9a-f]`)

// escapedRow returns why the key of a row of a report is not certain, "" if it is:
// only rejected rows can have a key that is not UTF-8.
func escapedRow(v *Values) string {
	if v[colState] != "rejected" || !escapedByte.MatchString(v[ColKey]) && !escapedByte.MatchString(v[ColBucket]) {
		return ""
	}
	return "the report gives this rejected row with \\xNN in the place of bytes that may be no UTF-8, so its key is not certain; give the row of the manifest itself, saved as UTF-8"
}

// ErrExcel refuses a report in the form for spreadsheets, which has a byte order
// mark: some of its cells are escaped, so keys may differ.
func ErrExcel(source string) error {
	return Usagef("%s is a report for spreadsheets (--format excel, or saved by one), whose cells may differ from the keys: "+
		"write it with `airlift report BATCH --format csv -o FILE`, and give that", source)
}
