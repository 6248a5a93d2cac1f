package manifest

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"airlift/manifest/entry"
	"airlift/manifest/s3test"
)

// TestInventory reads every column in both formats; versions that are no object
// of today are marked, and keys arrive byte for byte.
func TestInventory(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)
	rows := []listed{
		{Bucket: "media", Key: "a b+c%.mp4", VersionID: ptr("v1"), IsLatest: ptr(true), IsDeleteMarker: ptr(false), Size: ptr(int64(7)), LastModified: &at, ETag: ptr("e-2"), StorageClass: ptr("GLACIER"), Replication: ptr("COMPLETED")},
		{Bucket: "media", Key: "a b+c%.mp4", VersionID: ptr("v0"), IsLatest: ptr(false), IsDeleteMarker: ptr(false), Size: ptr(int64(6))},
		{Bucket: "media", Key: "gone.mp4", VersionID: ptr("v9"), IsLatest: ptr(true), IsDeleteMarker: ptr(true)},
		{Bucket: "media", Key: "s3://x/y"},
		{Bucket: "media", Key: "empty.mp4", Size: ptr(int64(0))},
	}
	want := []entry.Entry{
		{Line: 1, Bucket: "media", Key: "a b+c%.mp4", Sized: true, Size: 7, LastModified: at, ETag: "e-2", StorageClass: "GLACIER"},
		{Line: 2, Bucket: "media", Key: "a b+c%.mp4", Sized: true, Size: 6, Skip: entry.SkipOldVersion},
		{Line: 3, Bucket: "media", Key: "gone.mp4", Skip: entry.SkipDeleteMarker},
		{Line: 4, Bucket: "media", Key: "s3://x/y"},
		{Line: 5, Bucket: "media", Key: "empty.mp4", Sized: true},
	}
	for i, key := range oddKeys {
		rows = append(rows, listed{Bucket: "media", Key: key})
		want = append(want, entry.Entry{Line: int64(i + 6), Bucket: "media", Key: key})
	}
	for i := range 3000 { // several row groups and pages
		rows = append(rows, listed{Bucket: "media", Key: fmt.Sprintf("many/%d.mov", i), Size: ptr(int64(i))})
		want = append(want, entry.Entry{Line: int64(len(want) + 1), Bucket: "media", Key: fmt.Sprintf("many/%d.mov", i), Sized: true, Size: int64(i)})
	}
	for _, asParquet := range []bool{false, true} {
		t.Run(fmt.Sprintf("parquet %v", asParquet), func(t *testing.T) {
			name := writeInventory(t, asParquet, rows[:2], nil, rows[2:])
			got, rejected, end := openAll(t, name, Options{SourceBucket: "other"})
			if d := cmp.Diff(want, got); d != "" || len(rejected) > 0 || end != nil {
				t.Errorf("%v, %v (-want +got):\n%s", rejected, end, d)
			}
			if why := got[1].Skip; why != entry.SkipOldVersion {
				t.Errorf("an old version: got %q", why)
			}
		})
	}
}

// TestInventoryBadRows counts rows over all parts and says in which they are.
func TestInventoryBadRows(t *testing.T) {
	dir := t.TempDir()
	part := []byte("\"media\",\"a%2Gb\",\"1\"\n\"media\",\"c\"\n\"media\",\"d+e\",\"1\"\n\"media\",\"%FF\",\"\"\n")
	writeFile(t, filepath.Join(dir, "p1.csv"), []byte("\"media\",\"x\",\"1\"\n"))
	writeFile(t, filepath.Join(dir, "p2.csv"), part)
	name := filepath.Join(dir, "manifest.json")
	writeFile(t, name, manifestJSON("CSV", "Bucket, Key, Size", []string{"p1.csv", "p2.csv"}, [][]byte{[]byte("\"media\",\"x\",\"1\"\n"), part}))
	all, rejected, end := openAll(t, name, Options{})
	want{rows: []string{"media/x", "media/d e"}, rejects: []reject{
		{2, "line 1 of the part p2.csv: the key \"a%2Gb\" is not URL-encoded"}, {3, "line 2 of the part p2.csv: the row has 2 columns instead of 3"}, {5, "line 4 of the part p2.csv: the key \"\\xff\" is not valid UTF-8"},
	}}.check(t, all, rejected, end)

	parquetName := writeInventory(t, true, []listed{{Bucket: "media", Key: "a"}, {Bucket: "media", Key: "b\xff"}, {Bucket: "media", Key: ""}})
	all, rejected, end = openAll(t, parquetName, Options{})
	want{rows: []string{"media/a"}, rejects: []reject{{2, "line 2 of the part inventories/media/all/data/part-0.parquet: the key \"b\\xff\" is not valid UTF-8"}, {3, "no key"}}}.check(t, all, rejected, end)
}

// TestInventoryOfBrokenParts spoils the second of two parts in every way: the
// first one's rows are given and then an error that names the part; of the
// spoilt part no row is.
func TestInventoryOfBrokenParts(t *testing.T) {
	for _, asParquet := range []bool{false, true} {
		rows := func(n int) (all []listed) {
			for i := range 500 {
				all = append(all, listed{Bucket: "media", Key: fmt.Sprintf("%d/%d", n, i)})
			}
			return all
		}
		name := writeInventory(t, asParquet, rows(1), rows(2))
		part := filepath.Join(filepath.Dir(name), "..", "data", "part-1.csv.gz")
		if asParquet {
			part = filepath.Join(filepath.Dir(name), "..", "data", "part-1.parquet")
		}
		good, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(good)
		flipped[len(good)/2] ^= 1
		tests := []struct {
			name   string
			body   []byte
			text   string
			unread bool
		}{
			{"missing", nil, "is missing", true},
			{"cut", good[:len(good)-1], "is cut off", true},
			{"empty", []byte{}, "is cut off", true},
			{"longer", append(bytes.Clone(good), 0), "is another or a damaged one", true},
			{"a flipped bit", flipped, "MD5 checksum", false},
		}
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, parquet %v", tt.name, asParquet), func(t *testing.T) {
				if tt.body == nil {
					if err := os.Remove(part); err != nil {
						t.Fatal(err)
					}
				} else {
					writeFile(t, part, tt.body)
				}
				all, _, end := openAll(t, name, Options{})
				var broken *entry.BrokenError
				if !errors.As(end, &broken) || broken.Unread != tt.unread || broken.Remedy == "" ||
					!strings.Contains(end.Error(), tt.text) || !strings.Contains(end.Error(), "part-1.") || !strings.HasPrefix(end.Error(), name) {
					t.Errorf("got %v, want %q", end, tt.text)
				}
				if (tt.name == "missing") != errors.Is(end, fs.ErrNotExist) {
					t.Errorf("got %v: fs.ErrNotExist is %v", end, errors.Is(end, fs.ErrNotExist))
				}
				for _, e := range all {
					if !strings.HasPrefix(e.Key, "1/") {
						t.Fatalf("got %s of the broken part", e.Key)
					}
				}
				if want := 500; !tt.unread && len(all) != want {
					t.Errorf("got %d rows, want the %d of the first part", len(all), want)
				}
			})
		}
	}
}

// TestInventoryWithoutChecksums finds damage by the content alone.
func TestInventoryWithoutChecksums(t *testing.T) {
	var rows []listed
	for i := range 500 {
		rows = append(rows, listed{Bucket: "media", Key: fmt.Sprintf("%x/%d", md5.Sum([]byte{byte(i)}), i)})
	}
	csv, par := csvPartOf(rows), parquetPartOf(t, rows)
	for name, tt := range map[string]struct {
		format string
		body   []byte
		text   string
	}{
		"gzip cut":        {"CSV", csv[:len(csv)/2], "the gzip data is cut off"},
		"an open quote":   {"CSV", []byte("\"media\",\"a"), "line 1 of the part p: a quote"},
		"parquet cut":     {"Parquet", par[:len(par)/2], "no sound Parquet file"},
		"no parquet":      {"Parquet", csv, "no sound Parquet file"},
		"parquet damaged": {"Parquet", append(append(bytes.Clone(par[:40]), bytes.Repeat([]byte{0xff}, 2000)...), par[2040:]...), "the Parquet data is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "p"), tt.body)
			doc := fmt.Sprintf(`{"version":"2016-11-30","fileFormat":%q,"fileSchema":"Bucket, Key","files":[{"key":"p"}]}`, tt.format)
			if tt.format == "CSV" && name == "gzip cut" {
				doc = strings.Replace(doc, "Bucket, Key", csvSchema, 1)
			}
			writeFile(t, filepath.Join(dir, "manifest.json"), []byte(doc))
			all, _, end := openAll(t, filepath.Join(dir, "manifest.json"), Options{})
			var broken *entry.BrokenError
			if !errors.As(end, &broken) || !strings.Contains(end.Error(), tt.text) || broken.Unread != (len(all) == 0) {
				t.Errorf("got %v after %d rows, want %q", end, len(all), tt.text)
			}
		})
	}
}

func TestInventoryPlaces(t *testing.T) {
	body := csvPartOf([]listed{{Bucket: "media", Key: "a"}})
	for _, place := range []string{"day/lists/data/p.csv.gz", "day/p.csv.gz", "day/data/p.csv.gz", "data/p.csv.gz"} {
		root := t.TempDir()
		writeFile(t, filepath.Join(root, place), body)
		name := filepath.Join(root, "day", "manifest.json")
		writeFile(t, name, manifestJSON("CSV", csvSchema, []string{"lists/data/p.csv.gz"}, [][]byte{body}))
		all, rejected, end := openAll(t, name, Options{})
		want{rows: []string{"media/a"}}.check(t, all, rejected, end)
	}
	// Never outside.
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "secret", "p"), body)
	name := filepath.Join(root, "day", "manifest.json")
	for _, key := range []string{"../secret/p", filepath.Join(root, "secret", "p"), "..", "/"} {
		writeFile(t, name, manifestJSON("CSV", csvSchema, []string{key}, [][]byte{body}))
		if _, _, end := openAll(t, name, Options{}); end == nil || !strings.Contains(end.Error(), "is missing") {
			t.Errorf("%s: got %v", key, end)
		}
	}
}

// TestInventoryOnS3 reads manifest.json and parts from a bucket; nothing is left
// in the folder for temporary files.
func TestInventoryOnS3(t *testing.T) {
	server := s3test.New(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	keys := []string{"inv/media/all/data/1.csv.gz", "inv/media/all/data/2.csv.gz"}
	parts := [][]byte{csvPartOf([]listed{{Bucket: "media", Key: "a b"}}), csvPartOf([]listed{{Bucket: "media", Key: "c+d"}})}
	doc := manifestJSON("CSV", csvSchema, keys, parts)
	const at = "inv/media/all/2018-01-03T00-00Z/manifest.json"
	server.Put("lists", at, doc)
	server.Put("copied", at, doc)
	server.MakeBucket("media")
	o := Options{S3: newClient(t, server.URL)}
	rows := []string{"media/a b", "media/c+d"}

	for i, p := range parts {
		server.Put("lists", keys[i], p)
	}
	all, rejected, end := openAll(t, "s3://lists/"+at, o)
	want{rows: rows}.check(t, all, rejected, end)
	// The destination bucket is where the parts are, wherever the manifest.json lies.
	all, rejected, end = openAll(t, "s3://copied/"+at, o)
	want{rows: rows}.check(t, all, rejected, end)

	// A copy of everything in another bucket.
	alone := s3test.New(t)
	alone.Put("copied", at, doc)
	for i, p := range parts {
		alone.Put("copied", keys[i], p)
	}
	o.S3 = newClient(t, alone.URL)
	all, rejected, end = openAll(t, "s3://copied/"+at, o)
	want{rows: rows}.check(t, all, rejected, end)

	for name, tt := range map[string]struct {
		spoil func()
		text  string
	}{
		"wrong":   {func() { alone.Put("copied", keys[1], parts[0]) }, "bytes, and the manifest.json says"},
		"flipped": {func() { alone.Put("copied", keys[1], append([]byte{0}, parts[1][1:]...)) }, "MD5 checksum"},
		"missing": {func() {
			alone = s3test.New(t)
			alone.Put("copied", at, doc)
			alone.Put("copied", keys[0], parts[0])
			o.S3 = newClient(t, alone.URL)
		}, "cannot be read from the bucket"},
		"cut": {func() { alone.Put("copied", keys[1], parts[1]); alone.SetFault(s3test.CutBody, 2) }, "ended before the object did"},
	} {
		t.Run(name, func(t *testing.T) {
			alone.SetFault(s3test.NoFault, 0)
			tt.spoil()
			_, _, end := openAll(t, "s3://copied/"+at, o)
			var broken *entry.BrokenError
			if !errors.As(end, &broken) || !strings.Contains(end.Error(), tt.text) || !strings.Contains(end.Error(), "part "+"inv/media/all/data/") {
				t.Errorf("got %v, want %q", end, tt.text)
			}
		})
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v", left)
	}
}

// TestInventoryClosedEarly leaves nothing behind.
func TestInventoryClosedEarly(t *testing.T) {
	for _, asParquet := range []bool{false, true} {
		r, err := Open(context.Background(), writeInventory(t, asParquet, []listed{{Bucket: "b", Key: "a"}, {Bucket: "b", Key: "c"}}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Read(new(entry.Entry)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		if err := r.Read(new(entry.Entry)); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Read after Close: got %v", err)
		}
	}
	if _, err := Open(context.Background(), "-", Options{Stdin: strings.NewReader(`{"fileFormat":"CSV","files":[]}`)}); !errors.Is(err, entry.ErrUsage) {
		t.Errorf("standard input: got %v, want ErrUsage", err)
	}
}
