package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"airlift/cmd/airlift/exit"
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
			r.run("run", m, "--batch", "b", "--max-items", "2", "--workers", "1").want(t, exit.WorkLeft)
			text := r.run(append([]string{"report", "b"}, c.format...)...).want(t, exit.OK).stdout
			if c.gz {
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				_, _ = w.Write([]byte(text))
				_ = w.Close()
				text = b.String()
			}
			report := r.file(c.file, text)
			r.run("enqueue", report, "--batch", "other").want(t, exit.Incomplete).says(t, "5 = 2 added", "1 rejected", "2 skipped: already sent")
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
	r.run("run", r.file("m.jsonl", `{"line":1,"bucket":"archive","key":"a.mov","state":"submitted"}`+"\n"), "--batch", "b").want(t, exit.OK)
	r.settled(1)
}

// The form for spreadsheets is no manifest: some of its keys are escaped.
func TestReportsForSpreadsheetsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.file("m.csv", "bucket,key\narchive,=1.mov\narchive,b.mov\n"), "--batch", "b").want(t, exit.OK)
	text := r.run("report", "b", "--format", "excel").want(t, exit.OK).stdout
	const line = "airlift report BATCH --format csv -o FILE"
	for _, args := range [][]string{{r.file("r.csv", text)}, {r.file("r", text)}, {r.file("r.csv", text), "--format", "csv"}, {"-", "--format", "csv"}} {
		r.runIn(text, append([]string{"run", "--batch", "other"}, args...)...).want(t, exit.Usage).says(t, "spreadsheets", line)
	}
	r.unsent()
	r.run("run", r.file("good.csv", r.run("report", "b").stdout), "--batch", "other").want(t, exit.OK)
	r.submittedKeys("=1.mov", "b.mov")
}

// Programs that sort, filter or copy a report may write its columns in another order. It is a report all the same: what was
// sent is not sent again under another batch, and a rejected row's escaped key is not taken for the key itself.
func TestReportsInAnotherOrderAreRecognised(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key,asset\narchive,a.mov,A1\narchive,b.mov,A2\narchive,late.mov,A3\narchive,x\xff.mov,A4\n")
	r.run("run", m, "--batch", "b", "--max-items", "2", "--workers", "1").want(t, exit.WorkLeft)
	table, err := csv.NewReader(strings.NewReader(r.run("report", "b").want(t, exit.OK).stdout)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sorted, reversed := slices.Clone(table[0]), slices.Clone(table[0])
	slices.Sort(sorted)
	slices.Reverse(reversed)
	for order, names := range map[string][]string{"sorted": sorted, "reversed": reversed, "behind an index": append([]string{""}, table[0]...)} {
		var asCSV, asJSON strings.Builder
		w := csv.NewWriter(&asCSV)
		_ = w.Write(names)
		for _, row := range table[1:] {
			cells := make([]string, 0, len(names))
			var members []string
			for _, name := range names {
				cell := ""
				if i := slices.Index(table[0], name); i >= 0 {
					cell = row[i]
					text, _ := jsontext.AppendQuote(nil, cell)
					members = append(members, strconv.Quote(name)+": "+string(text))
				}
				cells = append(cells, cell)
			}
			_ = w.Write(cells)
			asJSON.WriteString("{" + strings.Join(members, ", ") + "}\n")
		}
		w.Flush()
		for _, f := range []struct{ name, text string }{{"r.csv", asCSV.String()}, {"r.jsonl", asJSON.String()}, {"report", asJSON.String()}} {
			batch := strings.ReplaceAll(order, " ", "-") + "-" + f.name
			r.run("enqueue", r.file(f.name, f.text), "--batch", batch).want(t, exit.Incomplete).says(t, "4 = 1 added", "1 rejected", "2 skipped: already sent")
			got := r.report(batch)
			if len(got) != 2 || got[0]["key"] != "late.mov" || got[0]["asset"] != "A3" || got[1]["state"] != "rejected" {
				t.Errorf("%s: the report of the report: got %v", batch, got)
			}
		}
	}
	// Nobody knows which of two columns is the report's if the order is not its own.
	names := append([]string{"state"}, table[0]...)
	r.run("enqueue", r.file("two.csv", strings.Join(names, ",")+"\nkept,1,archive,c.mov,failed,,,,,,,,\n"), "--batch", "two").want(t, exit.Unexpected).says(t, "names the state column twice")
}
