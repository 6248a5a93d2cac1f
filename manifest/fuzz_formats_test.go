package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// usableKey tells what may be an object's key.
func usableKey(key string) bool { return key != "" && checkKey(key) == "" }

// FuzzDialect reads anything as a CSV of any dialect, and gives back what was
// written in it byte for byte.
func FuzzDialect(f *testing.F) {
	f.Add([]byte("bucket;key\nb;\"a\"\"\n\"\n"), byte(';'), "a;\"b\r\n", "c\t")
	f.Add([]byte("b|a\n"), byte('|'), "a|b", "")
	f.Add([]byte("key\tx\n\"a\n"), byte('\t'), "\ta ", "\"")
	f.Fuzz(func(t *testing.T, data []byte, c byte, key, extra string) {
		d, err := ParseDelimiter(string(rune(c)))
		if err != nil {
			t.Skip()
		}
		readTwiceWith(t, Options{Format: FormatCSV, Delimiter: d}, data)
		columns, err := ParseColumns("key=2,bucket=3")
		if err != nil {
			t.Fatal(err)
		}
		readTwiceWith(t, Options{Format: FormatCSV, Delimiter: d, Columns: columns}, data)

		if !usableKey(key) || LooksLikeURI(key) || columnOf(key) == colKey || !utf8.ValidString(extra) || strings.Contains(extra, "\x00") {
			return
		}
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		text := strings.Join([]string{quote(extra), quote(key), "b"}, string(rune(d))) + "\n"
		all, rejected, end := readWith(t, Options{Format: FormatCSV, Delimiter: d, Columns: columns}, text)
		if len(all) != 1 || all[0].Key != key || all[0].Bucket != "b" || all[0].Extra[0].Value != extra {
			t.Errorf("%q: got %+v, %v, %v", text, all, rejected, end)
		}
	})
}

// FuzzBatch does so with manifests of S3 Batch Operations, and with the parts of
// inventories, whose keys are encoded in the same way.
func FuzzBatch(f *testing.F) {
	f.Add([]byte("b,a%2B+%25,v\nb,%\n"), "a+b %,\n")
	f.Add([]byte("\"b\",\"%ff\"\n"), "s3://x")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		readTwiceWith(t, Options{Format: FormatBatch}, data)
		columns := []column{colBucket, colKey, colIsLatest, colSize}
		if part, err := newInventoryCSV(bytes.NewReader(data), &checker{source: "part", exact: true}, columns); err == nil {
			for {
				var e Entry
				var row *RowError
				if err := part.read(&e); err != nil && !errors.As(err, &row) {
					break
				} else if err == nil && (!usableKey(e.Key) || e.Bucket == "") {
					t.Errorf("got a bad entry %+v", e)
				}
			}
			part.Close()
		}
		if !usableKey(key) {
			return
		}
		encoded := url.QueryEscape(key)
		if columnOf(encoded) == colKey {
			return // with a bucket of that name it would be a header
		}
		all, rejected, end := readWith(t, Options{Format: FormatBatch}, "b,"+encoded+"\n")
		if len(all) != 1 || all[0].Key != key {
			t.Errorf("%q: got %+v, %v, %v", key, all, rejected, end)
		}
		part, err := newInventoryCSV(strings.NewReader(fmt.Sprintf("\"b\",%q,\"true\",\"7\"\n", encoded)), &checker{source: "part", exact: true}, columns)
		if err != nil {
			t.Fatal(err)
		}
		defer part.Close()
		var e Entry
		if err := part.read(&e); err != nil || e.Key != key || e.Size != 7 {
			t.Errorf("%q in an inventory: got %+v, %v", key, e, err)
		}
	})
}

// FuzzInventory parses anything as a manifest.json: what is taken has parts with
// keys, and for CSV a column of keys.
func FuzzInventory(f *testing.F) {
	f.Add(manifestJSON("CSV", csvSchema, []string{"data/a.csv.gz"}, [][]byte{[]byte("x")}))
	f.Add(manifestJSON("Parquet", "message", nil, nil))
	f.Add([]byte(`{"fileFormat":"ORC","files":[{"key":1}]}`))
	f.Add([]byte("{\"files\":[{\"size\":-1}"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) == 0 {
			return // begin has found a line
		}
		inv, wrong := parseInventory(bytes.NewReader(doc))
		if wrong != nil {
			if wrong.err == nil || wrong.remedy == "" || wrong.err.Error() == "" {
				t.Errorf("got an error without text or remedy: %+v", wrong)
			}
			return
		}
		for _, p := range inv.Files {
			if p.Key == "" {
				t.Error("got a part without a key")
			}
			if _, err := localParts("/nonexistent/manifest.json")(p); err == nil {
				t.Errorf("%q was found", p.Key)
			}
		}
		if !inv.parquet() && len(inv.columns) == 0 {
			t.Error("got no columns")
		}
	})
}

// FuzzRecognise opens anything without saying what it is.
func FuzzRecognise(f *testing.F) {
	for _, s := range []string{"bucket;key\n", "{\n", "[{}]", "<html", "key", "\ufeff{\"a\":1}\n", "b,a", "{\"fileFormat\"", "\"key\n\";a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(context.Background(), "-", Options{Stdin: bytes.NewReader(data), SourceBucket: "d"})
		if err != nil {
			var broken *BrokenError
			if !errors.Is(err, ErrUsage) && !errors.As(err, &broken) {
				t.Errorf("got %v", err)
			}
			return
		}
		defer r.Close()
		for {
			var row *RowError
			if err := r.Read(new(Entry)); err != nil && !errors.As(err, &row) {
				var broken *BrokenError
				if !errors.Is(err, io.EOF) && !errors.As(err, &broken) {
					t.Errorf("got %v", err)
				}
				return
			}
		}
	})
}
