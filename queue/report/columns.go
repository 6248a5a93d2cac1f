package report

import (
	"strconv"

	"airlift/queue"
)

// nameColumn is the fixed column of the jobs' names.
const nameColumn = "name"

// ownColumn is a recognized column of a manifest.
type ownColumn struct {
	name  string
	used  func(queue.OwnCounts) bool
	value func(*queue.JobFields) string
	json  bool // the values are JSON
}

// ownColumns are the recognized columns that follow the fixed ones, [entry.ReportColumns],
// if any row uses them.
var ownColumns = [...]ownColumn{
	{"region", func(o queue.OwnCounts) bool { return o.Region > 0 }, func(f *queue.JobFields) string { return f.SourceRegion }, false},
	{"endpoint", func(o queue.OwnCounts) bool { return o.Endpoint > 0 }, func(f *queue.JobFields) string { return f.SourceEndpoint }, false},
	{"priority", func(o queue.OwnCounts) bool { return o.Priority > 0 }, func(f *queue.JobFields) string { return number(f.Priority) }, true},
	{"services", func(o queue.OwnCounts) bool { return o.Services > 0 }, func(f *queue.JobFields) string { return string(f.Services) }, true},
	{"destination_bucket", func(o queue.OwnCounts) bool { return o.Destination+o.Partial > 0 }, func(f *queue.JobFields) string { return f.DestinationBucket }, false},
	{"destination_region", func(o queue.OwnCounts) bool { return o.Destination+o.Partial > 0 }, func(f *queue.JobFields) string { return f.DestinationRegion }, false},
}

// number writes a number, nothing for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
