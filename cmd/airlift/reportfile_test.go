package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A report under a compressed name is compressed, and is read again as the same manifest.
func TestReportsAreCompressedByTheirName(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 3)
	first := filepath.Join(r.dir, "first.csv.gz")
	r.run("run", m, "--batch", "b", "--report", first).want(t, exit.OK)
	plain := map[string]string{"csv": r.run("report", "b").stdout, "jsonl": r.run("report", "b", "--format", "jsonl").stdout}
	check := func(path, want string) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := unpacked(t, path, b); got != want {
			t.Errorf("%s holds %q, want %q", filepath.Base(path), got, want)
		}
		r.run("enqueue", path, "--batch", "again").want(t, exit.OK).says(t, "3 skipped")
	}
	check(first, plain["csv"])
	for name, form := range map[string]string{"r.csv.gz": "csv", "r.CSV.ZST": "csv", "r.jsonl.gz": "jsonl", "r.ndjson.zst": "jsonl"} {
		path := filepath.Join(r.dir, name)
		r.run("report", "b", "-o", path).want(t, exit.OK)
		check(path, plain[form])
	}
	r.run("report", "b", "-o", filepath.Join(r.dir, "r.xlsx.gz")).want(t, exit.Usage).says(t, "no workbooks")
}

func unpacked(t *testing.T, name string, b []byte) string {
	t.Helper()
	var in io.Reader
	var err error
	if strings.HasSuffix(strings.ToLower(name), ".gz") {
		in, err = gzip.NewReader(bytes.NewReader(b))
	} else {
		in, err = zstd.NewReader(bytes.NewReader(b))
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out, err := io.ReadAll(in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// A report that cannot be written takes nothing from the summary, and is told once, by its own name.
func TestTheSummaryIsPrintedThoughTheReportFails(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 3)
	missing := filepath.Join(r.dir, "none", "r.csv")
	for _, args := range [][]string{{"run", m, "--batch", "b", "--report", missing}, {"submit", "b", "--report", missing, "--json"}, {"run", m, "--batch", "b", "--report", "/dev/full"}} {
		got := r.run(args...).want(t, exit.Unexpected)
		if !strings.Contains(got.stdout, "3 submitted") && !strings.Contains(got.stdout, `"submitted":3`) {
			t.Errorf("airlift %v: no summary in %q", args, got.stdout)
		}
		path := args[len(args)-1]
		if path == "--json" {
			path = missing
		}
		got.says(t, "write "+path, "airlift report -o "+path+" b")
		if strings.Contains(got.stderr, ".airlift-tmp") || strings.Count(got.stderr, "no such file") > 1 || strings.Count(got.stderr, "no space") > 1 {
			t.Errorf("the error is told twice, or with the temporary file's name: %s", got.stderr)
		}
	}
	r.settled(3)
}
