package manifest

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// reportColumns are the first columns of airlift's own reports, in order. A CSV
// whose header begins with exactly these is one, and so is JSON Lines whose first
// object begins with them.
var reportColumns = []string{
	"line", "bucket", "key", "state", "job_id", "name", "attempts", "http_status", "error_code", "error", "submitted_at",
}

// ReportColumns gives the headers, in order, with which airlift's own reports
// begin and by which they are recognised as manifests: of these only bucket, key,
// name and state are read back.
func ReportColumns() []string { return append([]string(nil), reportColumns...) }

// beginsReport tells the columns of a report.
func beginsReport(names []string) bool {
	return len(names) >= len(reportColumns) && slices.Equal(names[:len(reportColumns)], reportColumns)
}

// jsonBeginsReport tells the first object of a report.
func jsonBeginsReport(line string) bool {
	object := jsontext.Value(line)
	if object.Kind() != '{' || !object.IsValid() {
		return false
	}
	dec := jsontext.NewDecoder(strings.NewReader(line))
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	for _, want := range reportColumns {
		name, err := dec.ReadToken()
		if err != nil || name.Kind() != '"' || name.String() != want || dec.SkipValue() != nil {
			return false
		}
	}
	return true
}

// reportColumn tells what a column that a report adds to a row is read as;
// colExtra for any other.
func reportColumn(name string) column {
	switch {
	case name == "state":
		return colState
	case slices.Contains(reportColumns, name):
		return colIgnore
	}
	return colExtra
}

// errExcel refuses the form of a report that is for spreadsheets: it is told from
// the CSV form by its byte order mark, and some of its cells are escaped, so that
// its keys may be others.
func errExcel(source string) error {
	return usagef("%s is a report for spreadsheets (--format excel, or saved by one), whose cells may not be the keys any more: "+
		"write it with `airlift report BATCH --format csv -o FILE`, and give that", source)
}
