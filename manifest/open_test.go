package manifest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, data string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good := write("good.csv", "b,a\n")
	tests := []struct {
		name, source string
		options      Options
		is           error
		text         string
	}{
		{"missing", filepath.Join(dir, "none.csv"), Options{}, fs.ErrNotExist, "check the name"},
		{"directory", dir + "/", Options{Format: FormatCSV}, nil, "is a directory"},
		{"empty", write("empty.csv", ""), Options{}, entry.ErrEmpty, "is empty"},
		{"blank lines", write("blank.txt", "\n\n"), Options{}, entry.ErrEmpty, "is empty"},
		{"empty gzip name", write("empty.csv.gz", ""), Options{}, entry.ErrEmpty, "is empty"},
		{"gzip of nothing", write("nothing.csv.gz", gzipped("")), Options{}, entry.ErrEmpty, "is empty"},
		{"no gzip", write("plain.csv.gz", "b,a\n"), Options{}, nil, "not compressed"},
		{"gzip cut in its header", write("short.csv.gz", "\x1f\x8b\x08"), Options{}, nil, "gzip"},
		{"binary", write("binary.csv", "PK\x03\x04\x00\x00"), Options{}, nil, "binary"},
		{"unknown name and content", write("good.csv.old", "b,a\n"), Options{}, entry.ErrUsage, "--format"},
		{"unknown format", good, Options{Format: "xml"}, entry.ErrUsage, "csv, jsonl, text"},
		{"stdin without format", "-", Options{Stdin: strings.NewReader("b,a\n")}, entry.ErrUsage, "--format"},
		{"no stdin", "-", Options{Format: FormatCSV}, entry.ErrUsage, "standard input"},
		{"no s3", "s3://bucket/prefix", Options{}, entry.ErrUsage, "S3 access"},
		{"scan of a file", good, Options{ForceScan: true}, entry.ErrUsage, "--scan"},
		{"scan and manifest", good, Options{ForceScan: true, ForceManifest: true}, entry.ErrUsage, "exclude each other"},
		{"http", "https://host/a.csv", Options{}, entry.ErrUsage, "https://"},
		{"no bucket", "s3://", Options{}, entry.ErrUsage, "bucket"},
		{"nothing", "", Options{}, entry.ErrUsage, "empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Open(context.Background(), tt.source, tt.options)
			if err == nil {
				r.Close()
				t.Fatal("got no error")
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("got %v, want one that is %v", err, tt.is)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %q, want %q in it", err, tt.text)
			}
			var broken *entry.BrokenError
			if tt.is != entry.ErrUsage && (!errors.As(err, &broken) || !broken.Unread || broken.Source != tt.source || broken.Remedy == "") { //nolint:errorlint // a table's value
				t.Errorf("got %#v, want an unread *BrokenError with source and remedy", err)
			}
		})
	}
	t.Run("permission", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root may read everything")
		}
		name := write("closed.csv", "b,a\n")
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(context.Background(), name, Options{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v, want fs.ErrPermission", err)
		}
	})
}

func gzipped(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		io.WriteString(w, p)
		w.Close()
	}
	return b.String()
}

func zstdOf(s string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return string(w.EncodeAll([]byte(s), nil))
}

func TestOpenFiles(t *testing.T) {
	rows := []string{"b/a", "b/c"}
	const text, csv, jsonl = "s3://b/a\ns3://b/c\n", "b,a\nb,c\n", `{"bucket":"b","key":"a"}` + "\n" + `{"bucket":"b","key":"c"}` + "\n"
	tests := []struct {
		name, data string
		format     Format
	}{
		{"a.csv", csv, ""}, {"a.CSV", csv, ""}, {"a.jsonl", jsonl, ""}, {"a.ndjson", jsonl, ""}, {"a.txt", text, ""},
		{"a.csv.gz", gzipped(csv), ""}, {"a.jsonl.zst", zstdOf(jsonl), ""}, {"a.txt.gz", gzipped(text), ""},
		{"several members.csv.gz", gzipped("b,a\nb", ",c\n"), ""},
		{"several frames.csv.zst", zstdOf("b,a\nb") + zstdOf(",c\n"), ""},
		{"compressed by content only.csv", gzipped(csv), ""},
		{"zstd by content only.csv", zstdOf(csv), ""},
		{"format given", csv, FormatCSV}, {"format beats name.txt", csv, FormatCSV},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(name, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := Open(context.Background(), name, Options{Format: tt.format})
			if err != nil {
				t.Fatal(err)
			}
			all, rejected, end := readAll(t, r)
			want{rows: rows}.check(t, all, rejected, end)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if err := r.Close(); err != nil {
				t.Errorf("second Close: %v", err)
			}
			if err := r.Read(new(entry.Entry)); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Read after Close: got %v, want fs.ErrClosed", err)
			}
		})
	}
}

// TestTruncated cuts compressed manifests at every byte: the rows before the cut
// come out whole, none is cut, and the end is never clean.
func TestTruncated(t *testing.T) {
	var plain strings.Builder
	var keys []string
	for i := range 200 {
		key := strings.Repeat("k", i%7+3) + strings.Repeat("é", i%3)
		keys = append(keys, "b/"+key)
		plain.WriteString("b," + key + "\n")
	}
	for name, data := range map[string]string{"gzip": gzipped(plain.String()), "zstd": zstdOf(plain.String())} {
		t.Run(name, func(t *testing.T) {
			for n := 1; n < len(data); n++ {
				all, rejected, end := read(t, FormatCSV, "", data[:n])
				var broken *entry.BrokenError
				if len(rejected) > 0 || !errors.As(end, &broken) {
					t.Fatalf("%d of %d bytes: got %d rejects and %v, want a *BrokenError", n, len(data), len(rejected), end)
				}
				if broken.Unread != (len(all) == 0) {
					t.Errorf("%d bytes: got unread %v after %d rows", n, broken.Unread, len(all))
				}
				for i, e := range all {
					if e.Bucket+"/"+e.Key != keys[i] {
						t.Fatalf("%d bytes: row %d: got %q, want %q", n, i, e.Key, keys[i])
					}
				}
			}
		})
	}
}

func TestBrokenStream(t *testing.T) {
	cause := errors.New("disk gone")
	tests := []struct {
		name, data string
		want       want
	}{
		{"after a row", "b,a\n", want{rows: []string{"b/a"}, end: "disk gone", line: 2}},
		{"in a row, which is not given", "b,a\nb,c", want{rows: []string{"b/a"}, end: "disk gone", line: 2}},
		{"in a quoted row", "b,a\nb,\"c\n", want{rows: []string{"b/a"}, end: "disk gone", line: 2}},
		{"in the first row", "b,a", want{end: "disk gone", unread: true}},
		{"after the header", "bucket,key\n", want{end: "disk gone", line: 2, unread: true}},
		{"in a line that is too long", "b,a\nb," + strings.Repeat("x", 2*input.MaxLine), want{rows: []string{"b/a"}, end: "disk gone", line: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Open(context.Background(), "-", Options{Format: FormatCSV, Stdin: io.MultiReader(strings.NewReader(tt.data), iotest.ErrReader(cause))})
			if err != nil {
				tt.want.check(t, nil, nil, err)
				return
			}
			defer r.Close()
			all, rejected, end := readAll(t, r)
			tt.want.check(t, all, rejected, end)
			if !errors.Is(end, cause) {
				t.Errorf("got %v, want the cause in it", end)
			}
		})
	}
}

// TestSmallReads gives the data byte by byte, as a slow pipe does.
func TestSmallReads(t *testing.T) {
	const data = "\ufeffbucket,key\r\nb,a\r\nb,\"c\r\nd\"\"\"\r\nb,e"
	r, err := Open(context.Background(), "-", Options{Format: FormatCSV, Stdin: iotest.OneByteReader(iotest.DataErrReader(strings.NewReader(data)))})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, rejected, end := readAll(t, r)
	want{rows: []string{"b/a", "b/c\r\nd\"", "b/e"}}.check(t, all, rejected, end)
}
