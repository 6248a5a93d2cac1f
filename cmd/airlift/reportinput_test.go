package main

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"airlift/worker/air/airtest"
)

// A report in JSON Lines is read as one in CSV is: what was sent is skipped under any batch, the rest is submitted, and
// what the report adds to a row is no column of it.
func TestReportsInJSONLinesAreRecognised(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file   string
		format []string
		gz     bool
	}{
		"CSV":                  {"r.csv", []string{"--format", "csv"}, false},
		"JSON Lines":           {"r.jsonl", []string{"--format", "jsonl"}, false},
		"gzip":                 {"r.ndjson.gz", []string{"--format", "jsonl"}, true},
		"known by its content": {"report", []string{"--format", "jsonl"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{SourceExists: func(_, key string) bool { return key != "gone.mov" }})
			m := r.file("m.csv", "bucket,key,priority,asset\narchive,a.mov,,A1\narchive,gone.mov,4,A2\narchive,\"b \"\"x\"\".mov\",3,A3\narchive,late.mov,,A4\narchive,,,A5\n")
			r.run("run", m, "--batch", "b", "--max-items", "2", "--workers", "1").want(t, exitWorkLeft)
			text := r.run(append([]string{"report", "b"}, c.format...)...).want(t, exitOK).stdout
			if c.gz {
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				_, _ = w.Write([]byte(text))
				_ = w.Close()
				text = b.String()
			}
			report := r.file(c.file, text)
			r.run("enqueue", report, "--batch", "other").want(t, exitIncomplete).says(t, "5 = 2 added", "1 rejected", "2 skipped: already sent")
			got := r.report("other")
			if len(got) != 3 || got[0]["key"] != "gone.mov" || got[0]["asset"] != "A2" || got[0]["priority"] != "4" || got[1]["key"] != "late.mov" || got[1]["asset"] != "A4" {
				t.Errorf("the report of the report: got %v", got)
			}
			for _, row := range got {
				if len(row) != len(strings.Split(reportHeader, ","))+2 {
					t.Errorf("columns: got %v", row)
				}
			}
		})
	}
	// Rows that only look alike are rows like any other.
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("m.jsonl", `{"line":1,"bucket":"archive","key":"a.mov","state":"submitted"}`+"\n"), "--batch", "b").want(t, exitOK)
	r.settled(1)
}

// The form for spreadsheets is no manifest: some of its keys are escaped.
func TestReportsForSpreadsheetsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.file("m.csv", "bucket,key\narchive,=1.mov\narchive,b.mov\n"), "--batch", "b").want(t, exitOK)
	text := r.run("report", "b", "--format", "excel").want(t, exitOK).stdout
	const line = "airlift report BATCH --format csv -o FILE"
	for _, args := range [][]string{{r.file("r.csv", text)}, {r.file("r", text)}, {r.file("r.csv", text), "--format", "csv"}, {"-", "--format", "csv"}} {
		r.runIn(text, append([]string{"run", "--batch", "other"}, args...)...).want(t, exitUsage).says(t, "spreadsheets", line)
	}
	r.unsent()
	r.run("run", r.file("good.csv", r.run("report", "b").stdout), "--batch", "other").want(t, exitOK)
	r.submittedKeys("=1.mov", "b.mov")
}
