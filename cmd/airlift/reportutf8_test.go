package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"airlift/cmd/airlift/exit"
	"airlift/queue/report"
	"airlift/worker/air/airtest"
)

// Reports are valid UTF-8 whatever the rows were: bytes that are not stand as \xNN, and all else as it was.
func TestReportsAreValidUTF8(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, content string
		keys                []string // of rejected rows, as the report writes them
		contains            []string // anywhere in the report
	}{
		{"CSV", "m.csv", "bucket,key,Gr\xf6\xdfe,note\narchive,caf\xe9.mov,1,x\narchive,a.mov,2,\\xe9\narch\xefve,b.mov,3,z\narchive,c\xff\xc3.mov,4,\xe2\x82\n",
			[]string{`caf\xe9.mov`, "b.mov", `c\xff\xc3.mov`}, []string{`Gr\xf6\xdfe`, `arch\xefve`, `\xe2\x82`}},
		{"text", "m.txt", "reels/a.mov\nreels/caf\xe9.mov\n", []string{`reels/caf\xe9.mov`}, nil},
		{"a table in text", "m.txt", "key\tnote\nreels/a.mov\tx\nreels/b.mov\tfa\xe7ade\n", []string{"reels/b.mov"}, []string{`fa\xe7ade`}},
		{"JSON Lines", "m.jsonl", `{"key":"a.mov"}` + "\n{\"key\":\"caf\xe9.mov\"}\n{\"key\":\"b.mov\",\"x\xff\":1}\n", []string{"", ""}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			r.run("run", r.file(c.file, c.content), "--source-bucket", "archive", "--batch", "b").want(t, exit.Incomplete)
			for _, format := range []string{"csv", "jsonl", "excel"} {
				text := r.run("report", "b", "--format", format).want(t, exit.OK).stdout
				if !utf8.ValidString(text) || strings.Contains(text, "\ufffd") {
					t.Errorf("%s: not valid UTF-8, or altered:\n%s", format, text)
				}
				for _, part := range c.contains {
					if format == "jsonl" {
						part = strings.ReplaceAll(part, `\`, `\\`)
					}
					if !strings.Contains(text, part) {
						t.Errorf("%s: lacks %s:\n%s", format, part, text)
					}
				}
			}
			var keys []string
			for _, row := range r.report("b") {
				if row["state"] == report.Rejected {
					keys = append(keys, row["key"])
				}
			}
			if !slices.Equal(keys, c.keys) {
				t.Errorf("keys: got %q, want %q", keys, c.keys)
			}
		})
	}
}

// A key that a report can only write escaped is never submitted so; one that is spelt so is submitted as it is.
func TestEscapedKeysOfReportsAreNotSubmitted(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{SourceExists: func(_, key string) bool { return !strings.HasPrefix(key, "gone") }})
			m := r.file("m.csv", "key,priority\ncaf\xe9.mov,\ngone\\xe9.mov,\nbad.mov,99\nspelt\\xe9.mov,\n")
			r.run("run", m, "--source-bucket", "archive", "--batch", "b").want(t, exit.Incomplete)
			report := r.file("r."+format, r.run("report", "b", "--format", format).want(t, exit.OK).stdout)
			r.run("run", report, "--source-bucket", "archive", "--batch", "again").want(t, exit.Incomplete).
				says(t, "4 = 1 added", "2 rejected", "1 skipped: already sent", `in the place of bytes`)
			var again []string
			for _, row := range r.report("again") {
				again = append(again, row["state"]+" "+row["key"])
			}
			if want := []string{`failed gone\xe9.mov`, `rejected caf\xe9.mov`, "rejected bad.mov"}; !slices.Equal(again, want) {
				t.Errorf("the report's report: got %q, want %q", again, want)
			}
			r.submittedKeys(`spelt\xe9.mov`)
		})
	}
}

// What is valid is byte-exact in both forms, U+FFFD and backslashes too.
func TestReportsKeepValidText(t *testing.T) {
	t.Parallel()
	keys := []string{"a\ufffd.mov", `b\xe9.mov`, `c\\xff.mov`, "\U0001f3ac.mov", "d\u0085e.mov"}
	r := newRig(t, airtest.Config{})
	var b strings.Builder
	for _, key := range keys {
		line, _ := json.Marshal(map[string]string{"bucket": "archive", "key": key, "note": key})
		b.Write(append(line, '\n'))
	}
	r.run("run", r.file("m.jsonl", b.String()), "--batch", "b").want(t, exit.OK)
	var csv, jsonl []string
	for _, row := range r.report("b") {
		csv = append(csv, row["key"])
		if row["note"] != row["key"] {
			t.Errorf("note: got %q, want %q", row["note"], row["key"])
		}
	}
	for line := range strings.Lines(r.run("report", "b", "--format", "jsonl").want(t, exit.OK).stdout) {
		var row struct{ Key string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		jsonl = append(jsonl, row.Key)
	}
	if !slices.Equal(csv, keys) || !slices.Equal(jsonl, keys) {
		t.Errorf("keys: got %q and %q, want %q", csv, jsonl, keys)
	}
}
