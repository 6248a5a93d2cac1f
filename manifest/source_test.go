package manifest

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestParseSource(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	tests := []struct {
		arg             string
		kind            Kind
		format          Format
		base, canonical string
	}{
		{"-", KindStdin, "", "-", "-"},
		{"a.csv", KindFile, FormatCSV, "a", filepath.Join(dir, "a.csv")},
		{"./x/../a.jsonl.zst", KindFile, FormatJSONL, "a", filepath.Join(dir, "a.jsonl.zst")},
		{"/data/my archive.v2.TXT.GZ", KindFile, FormatText, "my archive.v2", "/data/my archive.v2.TXT.GZ"},
		{"/data/exports/*.csv", KindPattern, FormatCSV, "exports", "/data/exports/*.csv"},
		{"/data/a.dat", KindFile, "", "a.dat", "/data/a.dat"},
		{"/data/.csv", KindFile, FormatCSV, ".csv", "/data/.csv"},
		{"odd name: b://c.csv", KindFile, FormatCSV, "c", filepath.Join(dir, "odd name: b:/c.csv")},
		{"s3://bucket", KindS3Scan, "", "bucket", "s3://bucket/"},
		{"s3://bucket/", KindS3Scan, "", "bucket", "s3://bucket/"},
		{"s3://bucket/videos/2024/", KindS3Scan, "", "2024", "s3://bucket/videos/2024/"},
		{"s3://bucket/videos/2024//", KindS3Scan, "", "2024", "s3://bucket/videos/2024//"},
		{"S3://bucket/vid", KindS3Scan, "", "vid", "s3://bucket/vid"},
		{"s3://bucket/lists/a.csv.gz", KindS3Object, FormatCSV, "a", "s3://bucket/lists/a.csv.gz"},
	}
	for _, tt := range tests {
		t.Run(tt.arg, func(t *testing.T) {
			s, err := ParseSource(tt.arg)
			if err != nil {
				t.Fatal(err)
			}
			if s.Kind != tt.kind || s.Format != tt.format {
				t.Errorf("got kind %d, format %q, want %d, %q", s.Kind, s.Format, tt.kind, tt.format)
			}
			if s.BaseName() != tt.base || s.Canonical() != tt.canonical {
				t.Errorf("got %q, %q, want %q, %q", s.BaseName(), s.Canonical(), tt.base, tt.canonical)
			}
		})
	}
}

func TestResolveForce(t *testing.T) {
	o := Options{S3: fakeLister{}}
	parse := func(arg string) Source {
		s, err := ParseSource(arg)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	o.ForceScan = true
	if s, err := parse("s3://b/a.csv").Resolve(o); err != nil || s.Kind != KindS3Scan || s.Key != "a.csv" {
		t.Errorf("forced scan: got %v, %v", s, err)
	}
	o = Options{S3: fakeLister{}, ForceManifest: true, Format: FormatText}
	if s, err := parse("s3://b/list").Resolve(o); err != nil || s.Kind != KindS3Object || s.Format != FormatText {
		t.Errorf("forced manifest: got %v, %v", s, err)
	}
	if _, err := parse("s3://b/list/").Resolve(o); err == nil || !strings.Contains(err.Error(), "names no object") {
		t.Errorf("a prefix as manifest: got %v", err)
	}
}
