package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

const reportHeader = "line,bucket,key,state,job_id,name,attempts,http_status,error_code,error,submitted_at"

// The header is the contract's to the letter, then come the manifest's other columns.
func TestReportColumns(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("plain.csv", "bucket,key\narchive,plain.mov\n"), "--batch", "plain").want(t, exit.OK)
	if head, _, _ := strings.Cut(r.run("report", "plain").want(t, exit.OK).stdout, "\n"); head != reportHeader {
		t.Errorf("header: got %s", head)
	}
	m := r.file("m.csv", "title,Bucket,KEY,priority,Name,services,year\nA b,archive,a.mov,3,mine,face,1999\n,archive,b.mov,,,,\n\"x,\"\"y\",archive,,,,,2001\n")
	r.run("run", m, "--batch", "more").want(t, exit.Incomplete)
	got := readCSV(t, r.run("report", "more").want(t, exit.OK).stdout)
	if want := strings.Split(reportHeader+",priority,services,title,year", ","); !slices.Equal(got[0], want) {
		t.Errorf("header: got %q, want %q", got[0], want)
	}
	jobs := r.jobs()
	job := jobs["a.mov"]
	for i, want := range [][]string{
		{"2", "archive", "a.mov", "submitted", job.ID, "mine", "1", "200", "", "", "*", "3", `{"face":""}`, "A b", "1999"},
		{"3", "archive", "b.mov", "submitted", "*", "*", "1", "200", "", "", "*", "", "", "", ""},
		{"4", "archive", "", "rejected", "", "", "", "", "", "no key: the row names no object; give its key", "", "", "", `x,"y`, "2001"},
	} {
		for n, cell := range want {
			if g := got[i+1][n]; g != cell && (cell != "*" || g == "") {
				t.Errorf("row %d, %s: got %q, want %q", i+1, got[0][n], g, cell)
			}
		}
	}
}

// Failed items carry what AiR said, rejected rows the reason; --state and --code choose.
func TestReportOfFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{SourceExists: func(_, key string) bool { return key != "gone.mov" }})
	m := r.file("m.csv", "bucket,key,priority\narchive,a.mov,\narchive,gone.mov,\narchive,b.mov,99\narchive,a.mov,\n")
	r.run("run", m, "--batch", "b", "--report", "end.csv").want(t, exit.Incomplete).says(t, "1 x BAD_REQUEST: source object not found or inaccessible", "gone.mov", "line 4")
	states := map[string]string{}
	for _, row := range r.report("b") {
		states[row["key"]] = row["state"] + " " + row["http_status"] + " " + row["error_code"] + " " + row["error"]
	}
	want := map[string]string{
		"a.mov": "submitted 200  ", "gone.mov": "failed 400 BAD_REQUEST source object not found or inaccessible",
		"b.mov": `rejected   priority "99" is not a whole number from 1 to 10`,
	}
	if !maps.Equal(states, want) {
		t.Errorf("report: got %q, want %q", states, want)
	}
	for args, keys := range map[string][]string{
		"--state failed": {"gone.mov"}, "--state submitted": {"a.mov"}, "--state rejected": {"b.mov"}, "--code BAD_REQUEST": {"gone.mov"}, "--state pending": nil,
	} {
		var got []string
		for _, row := range readCSV(t, r.run(append([]string{"report", "b"}, strings.Fields(args)...)...).want(t, exit.OK).stdout)[1:] {
			got = append(got, row[2])
		}
		if !slices.Equal(got, keys) {
			t.Errorf("%s: got %q, want %q", args, got, keys)
		}
	}
	r.run("report", "b", "--state", "lost").want(t, exit.Usage).says(t, "--state", "lost")
	r.run("report", "b", "--format", "xlsx").want(t, exit.Usage).says(t, "xlsx", "excel")
	if got := r.files()["end.csv"]; got != r.run("report", "b").stdout {
		t.Errorf("the report of --report differs from that of `airlift report`:\n%s", got)
	}
}

// A report holds keys byte for byte in CSV and JSON Lines, and is a manifest: as such it gives the same objects.
func TestReportKeepsKeysByteForByte(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{SourceExists: func(string, string) bool { return false }})
	var b strings.Builder
	for _, key := range oddKeys {
		j, err := json.Marshal(map[string]string{"key": key, "note": "n: " + key})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(j, '\n'))
	}
	r.run("run", r.file("m.jsonl", b.String()), "--source-bucket", "archive", "--batch", "b", "--max-failures", "off").want(t, exit.Incomplete)
	check := func(format string, keys, notes []string) {
		if !slices.Equal(keys, oddKeys) {
			t.Errorf("%s: got %q", format, keys)
		}
		for i, note := range notes {
			if note != "n: "+oddKeys[i] {
				t.Errorf("%s: note %q of %q", format, note, oddKeys[i])
			}
		}
	}
	var keys, notes []string
	for _, row := range r.report("b") {
		keys, notes = append(keys, row["key"]), append(notes, row["note"])
	}
	check("csv", keys, notes)
	keys, notes = nil, nil
	for line := range strings.Lines(r.run("report", "b", "--format", "jsonl").want(t, exit.OK).stdout) {
		var row struct {
			Key, Note, State, Error string
			Line, Attempts          int64
			HTTPStatus              int `json:"http_status"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.State != "failed" || row.HTTPStatus != 400 || row.Attempts != 1 || row.Line == 0 || row.Error == "" {
			t.Errorf("jsonl: got %s", line)
		}
		keys, notes = append(keys, row.Key), append(notes, row.Note)
	}
	check("jsonl", keys, notes)
	r.run("report", "b", "-o", "failed.csv", "--state", "failed").want(t, exit.OK)
	r.run("run", "failed.csv", "--batch", "again", "--max-failures", "off").want(t, exit.Incomplete)
	keys = nil
	for _, row := range r.report("again") {
		keys = append(keys, row["key"])
	}
	check("report of a report", keys, nil)
}

// Only the Excel form escapes, and only cells that begin like a formula.
func TestReportForExcel(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("m.csv", "bucket,key,note\narchive,=1+1.mov,+x\narchive,-d.mov,a=b\narchive,@a.mov,'=\narchive,plain+=-@.mov,\n"), "--batch", "b").want(t, exit.OK)
	cells := func(args ...string) (all []string) {
		for _, row := range readCSV(t, r.run(append([]string{"report", "b"}, args...)...).want(t, exit.OK).stdout)[1:] {
			all = append(all, row[2], row[len(row)-1])
		}
		return all
	}
	if got, want := cells(), []string{"=1+1.mov", "+x", "-d.mov", "a=b", "@a.mov", "'=", "plain+=-@.mov", ""}; !slices.Equal(got, want) {
		t.Errorf("csv: got %q, want %q", got, want)
	}
	if got, want := cells("--format", "excel"), []string{"'=1+1.mov", "'+x", "'-d.mov", "a=b", "'@a.mov", "'=", "plain+=-@.mov", ""}; !slices.Equal(got, want) {
		t.Errorf("excel: got %q, want %q", got, want)
	}
}

// The failed rows of a report are submitted by running it, once what they failed for is mended; what was sent is
// skipped, and no object has two jobs in a batch.
func TestReportOfFailedRowsIsRunAgain(t *testing.T) {
	t.Parallel()
	mended := make(chan struct{})
	r := newRig(t, airtest.Config{SourceExists: func(_, key string) bool {
		select {
		case <-mended:
			return true
		default:
			return !strings.HasPrefix(key, "bad")
		}
	}})
	m := r.file("m.csv", "bucket,key,name,priority,note\narchive,a.mov,,,x\narchive,\"bad\r\n1.mov\",,,\"y,\"\narchive,bad2.mov,named,4,\n")
	r.run("run", m, "--batch", "b").want(t, exit.Incomplete)
	r.run("report", "b", "--state", "failed", "-o", "f.csv").want(t, exit.OK)
	r.run("report", "b", "-o", "whole.csv").want(t, exit.OK)
	close(mended)
	r.run("run", "f.csv").want(t, exit.OK)
	jobs := r.jobs()
	if len(jobs) != 3 || jobs["bad2.mov"].Name != "named" || jobs["bad2.mov"].Priority != 4 {
		t.Errorf("jobs: got %+v", jobs)
	}
	r.run("run", "f.csv").want(t, exit.OK)
	r.run("run", "whole.csv", "--batch", "whole", "--dry-run").want(t, exit.OK).says(t, "1 skipped: already sent", "3 = 2 added")
	if dup := r.air.Duplicates(); len(dup) > 0 {
		t.Errorf("objects with more than one job in a batch: %v", dup)
	}
}

// Rows of a report in state submitted, sending or in_doubt are skipped, the others read.
func TestWhichRowsOfAReportAreSkipped(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	var b strings.Builder
	b.WriteString(reportHeader + ",note\n")
	for _, state := range []string{"pending", "sending", "in_doubt", "submitted", "failed", "cancelled", "rejected"} {
		b.WriteString("7,archive," + state + ".mov," + state + ",j,,1,200,c,e,2026-01-01T00:00:00Z,n\n")
	}
	r.run("run", r.file("r.csv", b.String())).want(t, exit.OK).says(t, "3 skipped: already sent")
	r.submittedKeys("pending.mov", "failed.mov", "cancelled.mov", "rejected.mov")
	r.status().books(t, 4, 0, 0, 0, 3)
	// With another header it is a manifest like any other, whose column state means nothing.
	r.run("run", r.file("other.csv", "bucket,key,state\narchive,sent.mov,submitted\n")).want(t, exit.OK)
	if _, ok := r.jobs()["sent.mov"]; !ok {
		t.Error("a row of a manifest that is no report was skipped for its column state")
	}
}

func TestReportThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.manifest("m.csv", 2), "--report", filepath.Join("nosuch", "r.csv")).want(t, exit.Unexpected).says(t, "r.csv", "no such file or directory")
	r.settled(2)
	if err := os.Mkdir(filepath.Join(r.dir, "taken.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.run("report", r.status().Batch, "-o", "taken.csv").want(t, exit.Unexpected).says(t, "taken.csv")
}

// A row that names only one half of its destination keeps it in the report, which is a manifest of the same items.
func TestReportKeepsHalfADestination(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.file("m.csv", "bucket,key,destination_bucket\narchive,a.mov,mine\narchive,b.mov,\n"), "--batch", "b").want(t, exit.OK)
	r.run("report", "b", "-o", "again.csv").want(t, exit.OK)
	r.run("run", "again.csv", "--batch", "again").want(t, exit.OK).says(t, "2 added")
	if got := r.jobs()["a.mov"].Destination.Bucket; got != "mine" {
		t.Errorf("a.mov goes to %q, want mine", got)
	}
	r.run("check").want(t, exit.OK)
}

// Values stand under their columns, whatever columns a row has and in whichever order.
func TestReportOfRowsWithOtherColumns(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.jsonl", `{"key":"1.mov","a":"a1","b":"b1","c":"c1"}
{"key":"2.mov","c":"c2","a":"a2"}
{"key":"3.mov","d":"d3","b":"b3"}
{"key":"4.mov"}
{"key":"5.mov","b":"b5","priority":99,"a":"a5"}
`)
	r.run("enqueue", m, "--source-bucket", "archive", "--batch", "b").want(t, exit.Incomplete)
	var got []string
	for _, row := range readCSV(t, r.run("report", "b").want(t, exit.OK).stdout) {
		got = append(got, strings.Join(row[11:], ","))
	}
	if want := []string{"a,b,c,d,priority", "a1,b1,c1,,", "a2,,c2,,", ",b3,,d3,", ",,,,", "a5,b5,,,99"}; !slices.Equal(got, want) {
		t.Errorf("csv: got %q, want %q", got, want)
	}
	got = nil
	for line := range strings.Lines(r.run("report", "b", "--format", "jsonl").want(t, exit.OK).stdout) {
		_, extra, _ := strings.Cut(line, `"submitted_at":""`)
		got = append(got, strings.TrimSpace(extra))
	}
	if want := []string{`,"a":"a1","b":"b1","c":"c1"}`, `,"a":"a2","c":"c2"}`, `,"b":"b3","d":"d3"}`, "}", `,"a":"a5","b":"b5","priority":"99"}`}; !slices.Equal(got, want) {
		t.Errorf("jsonl: got %q, want %q", got, want)
	}
}
