package manifest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/manifest/entry"
)

// TestRecognise tells formats by content where the name says nothing, and finds
// names that say something else.
func TestRecognise(t *testing.T) {
	const (
		flat = `{"bucket":"b","key":"a"}` + "\n"
		csv  = "key;bucket\na;b\n"
	)
	tests := []struct {
		name, data string
		format     Format
		rows       string // or the error
		is         error
	}{
		{"list", csv, "", "b/a", nil},
		{"list.old", "bucket\tkey\nb\ta\n", "", "b/a", nil},
		{"export.gz", gzipped(csv), "", "b/a", nil},
		{"list.json", flat, "", "b/a", nil},
		{"list", "\n\n  " + flat, "", "b/a", nil},
		{"a report", strings.Join(entry.ReportColumns(), ",") + "\n1,b,a,failed,,,,,,,\n", "", "b/a", nil},
		{"list", "b,a\n", "", "add --format csv, jsonl, text", entry.ErrUsage},
		{"list", "a\n", "", `first line "a"`, entry.ErrUsage},
		{"list", "{\"key\":\n", "", "", nil}, // JSON Lines with a bad first row
		{"list.json", "[\n" + flat, "", "is a JSON array", nil},
		{"list.json", "[{}]", "", "jq -c", nil},
		{"page.csv", "<!DOCTYPE html>\n<html>", "", "is an HTML or XML page", nil},
		{"page", "<?xml version=\"1.0\"?><Error>", "", "logging in", nil},
		{"rows.csv", flat, "", "its name says CSV, and its first line \"{\\\"bucket\\\":\\\"b\\\",\\\"key\\\":\\\"a\\\"}\" is a JSON object", nil},
		{"rows.csv", "{\n\"a\": 1}\n", "", "write one object a line", nil},
		{"rows.csv", flat, FormatJSONL, "b/a", nil},
		{"rows.txt", flat, "", "its name says text", nil},
		{"rows.txt", "bucket,key\nb,a\n", "", "b/a", nil},
		{"rows.txt", "key\n", "", "", nil},
		{"rows.txt", "bucket,key\n", FormatText, "is the header of a table", nil},
		{"rows.jsonl", "bucket,key\nb,a\n", "", "its name says JSON Lines, and its first line \"bucket,key\" is a CSV header", nil},
		{"rows.jsonl", "bucket,key\nb,a\n", FormatCSV, "b/a", nil},
		{"rows.csv", "[2024] a.mp4\n", "", "d/[2024] a.mp4", nil},
		{"rows.txt", "{a}\n", "", "d/{a}", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.rows, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(name, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(context.Background(), name, Options{Format: tt.format, SourceBucket: "d"})
			if err != nil {
				var broken *entry.BrokenError
				if !strings.Contains(err.Error(), tt.rows) || !errors.As(err, &broken) || broken.Remedy == "" || errors.Is(err, entry.ErrUsage) != (tt.is == entry.ErrUsage) { //nolint:errorlint // a table's value
					t.Errorf("got %v, want %q", err, tt.rows)
				}
				return
			}
			defer r.Close()
			all, _, end := readAll(t, r)
			var rows []string
			for _, e := range all {
				rows = append(rows, e.Bucket+"/"+e.Key)
			}
			if got := strings.Join(rows, "|"); got != tt.rows || end != nil {
				t.Errorf("got %q, %v, want %q", got, end, tt.rows)
			}
		})
	}
	all, rejected, end := read(t, "", "", "bucket;key\nb;a\n")
	want{rows: []string{"b/a"}}.check(t, all, rejected, end)
	o := Options{}
	setDialect(t, &o, "|", "bucket=1,key=2")
	all, rejected, end = readWith(t, o, "b|a\n")
	want{rows: []string{"b/a"}}.check(t, all, rejected, end)
}

func TestFilesOfAPattern(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"b.csv", "a.csv", "a.txt", ".hidden.csv", "x[1].csv", "sub/c.csv", "sub/deep/d.csv"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("b,k\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder.csv", 0o700); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"*.csv": "a.csv b.csv x[1].csv", "**/*.csv": "a.csv b.csv sub/c.csv sub/deep/d.csv x[1].csv", "sub/?.csv": "sub/c.csv", "{b,a}.csv": "a.csv b.csv",
		filepath.Join(dir, "*.txt"): filepath.Join(dir, "a.txt"), "x[1].csv": "x[1].csv", "[ab].csv": "a.csv b.csv",
	} {
		s, err := ParseSource(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files, err := s.Files()
		var got []string
		for _, f := range files {
			got = append(got, f.Arg)
			if f.Kind != KindFile {
				t.Errorf("%s: got kind %d", f.Arg, f.Kind)
			}
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", pattern, got, err, want)
		}
		if abs, _ := filepath.Abs(pattern); s.Canonical() != abs {
			t.Errorf("%s: canonical %q, want %q", pattern, s.Canonical(), abs)
		}
	}
	for _, pattern := range []string{"*.jsonl", "nothing/*.csv", "a{b.csv"} {
		s, err := ParseSource(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Files(); !errors.Is(err, entry.ErrUsage) || !strings.Contains(err.Error(), pattern) {
			t.Errorf("%s: got %v, want ErrUsage that names it", pattern, err)
		}
	}
}
