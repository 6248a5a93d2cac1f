package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
	"airlift/worker/air/airtest"
)

func utf16LE(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

const goodCSV = "bucket,key\narchive,a.mov\narchive,b.mov\n"

// A source of which nothing can be read is an error that says why and what to do, and sends nothing.
func TestSourceThatCannotBeReadAtAll(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, file, content string
		code                int
		says                []string
	}{
		{"empty", "m.csv", "", exit.Unexpected, []string{"m.csv", "is empty"}},
		{"blank lines only", "m.txt", "\n\r\n\n", exit.Unexpected, []string{"m.txt", "is empty"}},
		{"binary", "m.csv", "\x7fELF\x02\x01\x00\x00\x9f\x00\x00\x01", exit.Unexpected, []string{"m.csv", "binary", "name a manifest"}},
		{"UTF-16 with BOM", "m.csv", "\xff\xfe" + utf16LE(goodCSV), exit.Unexpected, []string{"UTF-16", "save it again as UTF-8"}},
		{"UTF-16 without BOM", "m.csv", utf16LE(goodCSV), exit.Unexpected, []string{"UTF-16", "save it again as UTF-8"}},
		{"CR line ends", "m.csv", strings.ReplaceAll(goodCSV, "\n", "\r"), exit.Unexpected, []string{"carriage returns", "LF or CRLF"}},
		{"header without a key", "m.csv", "bucket,path\narchive,a.mov\n", exit.Unexpected, []string{"line 1", "no column is named key"}},
		{"key column twice", "m.csv", "key,object_key\na.mov,b.mov\n", exit.Unexpected, []string{"twice", "leave one out"}},
		{"one column and no bucket", "m.csv", "a.mov\n", exit.Unexpected, []string{"--source-bucket"}},
		{"no gzip in .gz", "m.csv.gz", goodCSV, exit.Unexpected, []string{"m.csv.gz", "not compressed"}},
		{"gzip cut in its header", "m.csv.gz", gzipped(t, goodCSV)[:12], exit.Unexpected, []string{"gzip", "cut off"}},
		{"unclosed quote in the first row", "m.csv", "bucket,\"key\narchive,a.mov\n", exit.Unexpected, []string{"line 1", "never closed"}},
		{"unknown extension and no header", "m.lst", "archive,a.mov\n", exit.Usage, []string{"m.lst", "--format"}},
		{"JSON lines in a .csv", "m.csv", `{"bucket":"archive","key":"a.mov"}` + "\n", exit.Unexpected, []string{"its name says CSV", "a JSON object", "--format jsonl"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			m := r.file(c.file, c.content)
			got := r.run("run", m).want(t, c.code).says(t, c.says...)
			if n := strings.Count(got.stderr, "airlift: "); n != 1 || strings.Count(got.stderr, c.says[0]) != strings.Count(got.stderr, "\n") && c.code == exit.Unexpected && strings.Count(got.stderr, "\n") > 1 {
				t.Errorf("it is told more than once:\n%s", got.stderr)
			}
			r.unsent()
			r.noQueue()
			r.run("enqueue", m).want(t, c.code).says(t, c.says...)
			r.run("run", m, "--dry-run").want(t, c.code).says(t, c.says...)
		})
	}
}

func TestMissingFileAndDirectoryAreUsageErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	if err := os.Mkdir(filepath.Join(r.dir, "folder.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"run", "enqueue"} {
		r.run(command, "nosuch.csv").want(t, exit.Usage).says(t, "nosuch.csv", "check the SOURCE's name")
		r.run(command, "folder.csv").want(t, exit.Usage).says(t, "folder.csv", "is a directory", "s3://bucket/prefix")
		r.run(command).want(t, exit.Usage).says(t, "there is no SOURCE")
		r.run(command, "ftp://host/a.csv").want(t, exit.Usage).says(t, "ftp://")
	}
	r.unsent()
	r.noQueue()
}

// A file that comes in the wrong format for a batch that is there is told once, with what to do.
func TestWrongFormatForABatchIsToldOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("m.csv", goodCSV), "--batch", "b").want(t, exit.OK)
	m := r.file("m.xlsx.csv", "PK\x03\x04\x14\x00")
	for _, command := range []string{"run", "enqueue"} {
		got := r.run(command, m, "--batch", "b").want(t, exit.Unexpected).says(t, "is an Excel workbook", "save the sheet as CSV", "nothing of "+m+" could be read")
		if strings.Count(got.stderr, "is an Excel workbook") != 1 || strings.Contains(got.stderr, "run the same command again") {
			t.Errorf("%s tells it more than once, or to run the same again:\n%s", command, got.stderr)
		}
	}
	r.settled(2)
	// Nothing of the batch's last reading is lost by it.
	bad := r.file("bad.csv", goodCSV+"archive,\n")
	r.run("run", bad, "--batch", "b").want(t, exit.Incomplete)
	r.run("run", m, "--batch", "b").want(t, exit.Unexpected)
	r.status().books(t, 0, 2, 0, 1, 0)
	r.run("run", bad, "--batch", "b", "--dry-run").want(t, exit.Incomplete).says(t, "today      2 submitted")
}

// The error of a source that breaks off is told once, whatever the command makes of it.
func TestASourcesErrorIsToldOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", goodCSV+"archive,\"c.mov\n")
	r.run("enqueue", r.file("earlier.csv", goodCSV+"archive,old.mov\n"), "--batch", "b").want(t, exit.OK)
	for _, c := range []struct {
		code int
		args []string
	}{
		{exit.Incomplete, []string{"run", m, "--dry-run"}},
		{exit.Incomplete, []string{"plan", m}},
		{exit.Usage, []string{"enqueue", m, "--strict"}},
		{exit.Incomplete, []string{"enqueue", m, "--batch", "b", "--replace"}},
		{exit.Incomplete, []string{"enqueue", m}},
	} {
		got := r.run(c.args...).want(t, c.code).says(t, "m.csv was not read to its end, as said above")
		if n := strings.Count(got.stderr, "never closed"); n != 1 {
			t.Errorf("%v tells of the quote %d times:\n%s", c.args, n, got.stderr)
		}
	}
}

// One of several sources that is missing is found before the others are read.
func TestOneMissingSourceOfSeveralSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.manifest("a.csv", 2), "nosuch.csv", "--batch", "both").want(t, exit.Usage).says(t, "nosuch.csv")
	r.unsent()
	r.noQueue()
}

func TestByteOrderMarkAndCRLFAreNoPartOfKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "\ufeffbucket,key\r\narchive,a.mov\r\n\r\narchive,\"b\r\nc.mov\"\r\narchive,d.mov")
	r.run("run", m).want(t, exit.OK)
	r.submittedKeys("a.mov", "b\r\nc.mov", "d.mov")
	r.settled(3)
}

// What stands before an unclosed quote is submitted; the reading is incomplete, and the mended file completes it.
func TestUnclosedQuoteAndItsMending(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,a.mov\narchive,b.mov\narchive,\"c.mov\narchive,d.mov\n")
	r.run("run", m).want(t, exit.Incomplete).says(t, "m.csv: line 4", "never closed", "run the same command again", "the latest reading is incomplete")
	r.submittedKeys("a.mov", "b.mov")
	r.run("status").want(t, exit.OK).says(t, "the latest reading is incomplete")
	r.file("m.csv", "bucket,key\narchive,a.mov\narchive,b.mov\narchive,\"c.mov\"\narchive,d.mov\n")
	r.run("run", m).want(t, exit.OK)
	r.submittedKeys("a.mov", "b.mov", "c.mov", "d.mov")
	r.settled(4)
	if got := r.run("status"); strings.Contains(got.stdout, "incomplete") {
		t.Errorf("the reading of the mended file counts as incomplete:\n%s", got.stdout)
	}
}

func TestTruncatedGzipAndItsMending(t *testing.T) {
	t.Parallel()
	const rows = 1500
	var b strings.Builder
	b.WriteString("bucket,key\n")
	for i := range rows {
		fmt.Fprintf(&b, "archive,%x-%d.mov\n", uint64(i+1)*0x9e3779b97f4a7c15, i) // hard to compress: the cut leaves rows
	}
	whole := gzipped(t, b.String())
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv.gz", whole[:len(whole)*9/10])
	r.run("run", m).want(t, exit.Incomplete).says(t, "m.csv.gz: line", "gzip data is cut off", "the latest reading is incomplete")
	if n := r.air.Accepted(); n == 0 || n >= rows {
		t.Errorf("jobs after the cut: got %d, want some of %d", n, rows)
	}
	r.file("m.csv.gz", whole)
	r.run("run", m).want(t, exit.OK)
	r.settled(rows)
}

// Each bad row is named by its line with a reason; the good ones around it are submitted.
func TestBadRows(t *testing.T) {
	t.Parallel()
	type bad struct {
		row    string
		reason string
	}
	cases := []struct {
		name, file, header, good string
		keys                     string // of the good row, with %d for a number
		bad                      []bad
	}{
		{
			name: "CSV", file: "m.csv", header: "bucket,key,priority,services,name\n", good: "archive,good-%d.mov,,,\n", keys: "good-%d.mov",
			bad: []bad{
				{"archive,a.mov,11,,", `priority "11" is not a whole number from 1 to 10`},
				{"archive,a.mov,0,,", `priority "0"`},
				{"archive,a.mov,high,,", `priority "high"`},
				{`archive,a.mov,,"{""ocr"":1}",`, `the value of "ocr" is "1"`},
				{`archive,a.mov,,"{""ocr"":"""",""ocr"":""""}",`, `"ocr" stands twice`},
				{`archive,a.mov,,"{""ocr""",`, "services are not valid JSON"},
				{`archive,a.mov,,"ocr,ocr",`, `"ocr" twice`},
				{"archive,a.mov,,,   ", "the name is blank"},
				{"archive,a.mov,,," + strings.Repeat("n", 257), "the name is 257 characters long; AiR allows 256"},
				{"archive,,,,", "no key"},
				{",a.mov,,,", "no bucket"},
				{"archive," + strings.Repeat("k", 1025) + ",,,", "the key is 1025 bytes long; S3 allows 1024"},
				{"archive,caf\xe9.mov,,,", "not valid UTF-8; save the manifest as UTF-8"},
				{"archive,a,b.mov,,,", "the row has 6 columns instead of 5"},
				{`archive,a"b.mov,,,`, `a quote (") stands inside a cell`},
				{"archive," + strings.Repeat("k", 1<<20) + ",,,", "the key is 1048576 bytes long"},
				{"archive," + strings.Repeat("k", 5<<20) + ",,,", "the line is longer than"},
			},
		},
		{
			name: "JSON Lines", file: "m.jsonl", good: `{"bucket":"archive","key":"good-%d.mov"}` + "\n", keys: "good-%d.mov",
			bad: []bad{
				{`{"bucket":"archive","key":"a.mov","key":"b.mov"}`, `"key" stands twice`},
				{`{"bucket":"archive","key":"a.mov","Key":"b.mov"}`, "the key is given twice"},
				{`{"bucket":"archive","key":7}`, `the field "key" is "7"; write a string`},
				{`{"bucket":"archive","key":"a.mov","priority":"5"}`, "write the number without quotes"},
				{`{"bucket":"archive","key":"a.mov","priority":11}`, "from 1 to 10"},
				{`{"bucket":"archive","key":"a.mov","priority":2.5}`, "from 1 to 10"},
				{`{"bucket":"archive","key":"a.mov","services":["ocr"]}`, `the field "services"`},
				{`{"bucket":"archive","key":"a.mov","services":{"ocr":true}}`, `the value of "ocr"`},
				{`{"bucket":"archive","key":"a.mov","name":" "}`, "the name is blank"},
				{`["archive","a.mov"]`, "no JSON object"},
				{`{"bucket":"archive","key":"a.mov"} {}`, "follows the JSON object"},
				{`{"bucket":"archive","key":"a.mov"`, "not valid JSON"},
				{`{"bucket":"archive","key":"\ud800.mov"}`, "not valid JSON"},
				{"{\"bucket\":\"archive\",\"key\":\"caf\xe9.mov\"}", "not valid JSON"},
				{`{"Source":{"Bucket":"archive","ObjectKey":"a.mov","Size":3}}`, `"Size" is not known in Source`},
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			var b strings.Builder
			b.WriteString(c.header)
			line := strings.Count(c.header, "\n")
			var wants, keys []string
			good := func() {
				fmt.Fprintf(&b, c.good, line)
				keys = append(keys, fmt.Sprintf(c.keys, line))
				line++
			}
			good()
			for _, bad := range c.bad {
				b.WriteString(bad.row + "\n")
				line++
				wants = append(wants, fmt.Sprintf("line %d", line), bad.reason)
				good()
			}
			m := r.file(c.file, b.String())
			got := r.run("run", m).want(t, exit.Incomplete).says(t, wants...)
			if strings.Contains(got.stderr+got.stdout, strings.Repeat("k", 2000)) {
				t.Error("the output quotes an endless line in full")
			}
			r.submittedKeys(keys...)
			r.settled(len(keys))
			r.status().books(t, int64(len(keys)), 0, 0, int64(len(c.bad)), 0)
			posts := r.air.Posts()
			r.run("run", m).want(t, exit.Incomplete).says(t, wants...)
			if r.air.Posts() != posts {
				t.Error("the rerun sent a POST")
			}
			r.status().books(t, 0, int64(len(keys)), 0, int64(len(c.bad)), 0)
		})
	}
}

// Only the first 20 rejected rows are listed, and it is said how many more there are.
func TestManyBadRowsAreListedInPart(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", "bucket,key\narchive,a.mov\n"+strings.Repeat("archive,\n", 25))
	got := r.run("run", m).want(t, exit.Incomplete).says(t, "and 5 more", "airlift report")
	if n := strings.Count(got.stdout, "rejected   line"); n != term.MaxRejected {
		t.Errorf("listed rejected rows: got %d, want %d", n, term.MaxRejected)
	}
	if n := len(r.report(r.status().Batch)); n != 26 {
		t.Errorf("rows of the report: got %d, want all 26", n)
	}
}

// An id of a service that airlift does not know may be new: AiR is to judge it.
func TestUnknownServiceIsPassedOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.file("m.csv", goodCSV), "--services", "brandnew").want(t, exit.OK)
	for _, j := range r.jobs() {
		if string(j.Services) != `{"brandnew":""}` {
			t.Errorf("services: got %s", j.Services)
		}
	}
}

func TestMissingSettingsAreNamedTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", goodCSV)
	for _, name := range []string{"AIRLIFT_AIR_URL", "WASABI_ACCESS_KEY", "WASABI_SECRET_KEY", "AIRLIFT_SERVICES", "AIRLIFT_DESTINATION_BUCKET", "AIRLIFT_DESTINATION_REGION"} {
		r.setenv(name, "")
	}
	all := []string{
		"--air-url", "AIRLIFT_AIR_URL", "WASABI_ACCESS_KEY", "WASABI_SECRET_KEY", "--profile", "--services", "AIRLIFT_SERVICES",
		"--destination-bucket", "AIRLIFT_DESTINATION_BUCKET", "--destination-region", "AIRLIFT_DESTINATION_REGION",
	}
	r.run("run", m).want(t, exit.Usage).says(t, all...)
	r.runIn(goodCSV, "run", "-", "--format", "csv").want(t, exit.Usage).says(t, append(all, "--batch", "AIRLIFT_BATCH")...)
	r.run("run", "s3://archive/x/").want(t, exit.Usage).says(t, append(all, "--source-region", "AIRLIFT_SOURCE_REGION")...)
	r.unsent()
	r.noQueue()
}

func TestMissingDestination(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("m.csv", goodCSV)
	r.setenv("AIRLIFT_DESTINATION_BUCKET", "")
	r.run("run", m).want(t, exit.Usage).says(t, "--destination-bucket", "AIRLIFT_DESTINATION_BUCKET")
	r.unsent()
	r.noQueue()
	// The rows may give it; one that does not is rejected by its line.
	own := r.file("own.csv", "bucket,key,destination_bucket\narchive,a.mov,mine\narchive,b.mov,\n")
	r.run("run", own).want(t, exit.Incomplete).says(t, "line 3", "--destination-bucket")
	r.submittedKeys("a.mov")
}
