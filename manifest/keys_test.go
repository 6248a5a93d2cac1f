package manifest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"airlift/manifest/entry"
	"airlift/manifest/input"
)

// TestSameItemsInEveryFormat writes real keys in every format and reads them
// back: always the same buckets and keys in the same order. testdata/keys.txt
// holds telling ones of Debian's archive; AIRLIFT_KEYS names a file with as many
// as one likes, one a line, plain or compressed.
func TestSameItemsInEveryFormat(t *testing.T) {
	keys := realKeys(t)
	want := newSequence()
	for _, k := range keys {
		want.add("archive", k)
	}
	check := func(name string, o Options) {
		t.Helper()
		r, err := Open(context.Background(), name, o)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := newSequence()
		for {
			var e entry.Entry
			err := r.Read(&e)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got.add(e.Bucket, e.Key)
		}
		if got.n != want.n || !bytes.Equal(got.hash.Sum(nil), want.hash.Sum(nil)) {
			t.Errorf("got %d items of hash %x, want %d of hash %x", got.n, got.hash.Sum(nil), want.n, want.hash.Sum(nil))
		}
		t.Logf("%d items, sha256 %x", got.n, got.hash.Sum(nil))
	}
	write := func(name string, line func(*bufio.Writer, string)) string {
		name = filepath.Join(t.TempDir(), name)
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(f)
		for _, k := range keys {
			line(w, k)
		}
		if err := errors.Join(w.Flush(), f.Close()); err != nil {
			t.Fatal(err)
		}
		return name
	}

	t.Run("text", func(t *testing.T) {
		check(write("k.txt", func(w *bufio.Writer, k string) { w.WriteString(k + "\n") }), Options{SourceBucket: "archive"})
	})
	t.Run("CSV", func(t *testing.T) {
		first := true
		check(write("k.csv", func(w *bufio.Writer, k string) {
			if first {
				first = false
				writeRecord(w, []string{"key", "title", "bucket"})
			}
			writeRecord(w, []string{k, "t", "archive"})
		}), Options{})
	})
	for _, d := range []string{";", "\t", "|"} {
		t.Run("CSV parted by "+d, func(t *testing.T) {
			o := Options{}
			setDialect(t, &o, d, "bucket=1,key=3")
			check(write("k", func(w *bufio.Writer, k string) {
				fmt.Fprintf(w, "archive%sx%s\"%s\"\n", d, d, strings.ReplaceAll(k, `"`, `""`))
			}), o)
		})
	}
	t.Run("JSON Lines", func(t *testing.T) {
		check(write("k.jsonl", func(w *bufio.Writer, k string) {
			row, err := json.Marshal(map[string]string{"bucket": "archive", "key": k})
			if err != nil {
				t.Fatal(err)
			}
			w.Write(append(row, '\n'))
		}), Options{})
	})
	t.Run("S3 Batch Operations", func(t *testing.T) {
		check(write("k.csv", func(w *bufio.Writer, k string) { fmt.Fprintf(w, "archive,%s,v1\n", url.QueryEscape(k)) }), Options{Format: FormatBatch})
	})
	const partSize = 400_000
	var parts [][]listed
	for from := 0; from < len(keys); from += min(partSize, len(keys)/2+1) {
		var part []listed
		for _, k := range keys[from:min(from+min(partSize, len(keys)/2+1), len(keys))] {
			part = append(part, listed{Bucket: "archive", Key: k})
		}
		parts = append(parts, part)
	}
	t.Run("inventory in CSV", func(t *testing.T) { check(writeInventory(t, false, parts...), Options{}) })
	t.Run("inventory in Parquet", func(t *testing.T) { check(writeInventory(t, true, parts...), Options{}) })
}

// sequence is the hash of some items in their order.
type sequence struct {
	hash hash.Hash
	n    int
}

func newSequence() *sequence { return &sequence{hash: sha256.New()} }

func (s *sequence) add(bucket, key string) {
	s.n++
	io.WriteString(s.hash, bucket+"\x00"+key+"\x00")
}

// realKeys reads the keys without any of the package's readers.
func realKeys(t *testing.T) []string {
	t.Helper()
	name := os.Getenv("AIRLIFT_KEYS")
	if name == "" {
		name = filepath.Join("testdata", "keys.txt")
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, release, err := input.Decompress(bytes.NewReader(data), input.Uncompressed)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if data, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	keys := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(keys) < 40 {
		t.Fatalf("%s: got %d keys, want at least 40", name, len(keys))
	}
	return keys
}

// A key that was plain as it stood is checked again once it is unescaped.
func TestUnescapedKeysAreChecked(t *testing.T) {
	const host = "https://s3.wasabisys.com/archive/"
	all, rejected, err := read(t, FormatText, "archive", host+"a%00b.mov\n"+host+"c%FF.mov\n"+host+strings.Repeat("k", entry.MaxKey+1)+"\n"+host+"d%20e.mov\n")
	want{rows: []string{"archive/d e.mov"}, rejects: []reject{{1, "NUL"}, {2, "UTF-8"}, {3, "1025 bytes"}}}.check(t, all, rejected, err)
}
