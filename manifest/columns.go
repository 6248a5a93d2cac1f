package manifest

import "strings"

// column is a recognised column of a manifest.
type column int

const (
	colBucket column = iota
	colKey
	colRegion
	colEndpoint
	colName
	colPriority
	colServices
	colDestinationBucket
	colDestinationRegion
	colState         // of our own reports only
	colIgnore        // of our own reports only: what the report adds to a row
	columns          // their number
	colExtra  column = -1
)

// names are the canonical names, by which rejected rows show their columns.
var names = [columns]string{
	"bucket", "key", "region", "endpoint", "name", "priority", "services",
	"destination_bucket", "destination_region", "state", "",
}

// columnOf recognises a column's name: bucket, key (or object_key, ObjectKey),
// region, endpoint, name, priority, services, destination_bucket and
// destination_region, in any case and with blanks around it.
func columnOf(name string) column {
	name = strings.ToLower(strings.Trim(name, " \t"))
	switch name {
	case "object_key", "objectkey":
		return colKey
	}
	for c := colBucket; c < colState; c++ {
		if names[c] == name {
			return c
		}
	}
	return colExtra
}

// values are a row's recognised columns, "" if absent or empty.
type values [columns]string

// reportColumns are the first columns of airlift's own reports, in order. A CSV
// whose header begins with exactly these is one.
var reportColumns = []string{
	"line", "bucket", "key", "state", "job_id", "name", "attempts", "http_status", "error_code", "error", "submitted_at",
}

// ReportColumns gives the headers, in order, with which airlift's own CSV
// report begins and by which it is recognised as a manifest: of these only
// bucket, key, name and state are read back.
func ReportColumns() []string { return append([]string(nil), reportColumns...) }
