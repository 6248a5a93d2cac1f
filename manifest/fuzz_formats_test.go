package manifest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
)

// usableKey tells what may be an object's key.
func usableKey(key string) bool { return key != "" && entry.KeyProblem(key) == "" }

// FuzzDialect reads anything as a CSV of any dialect, and gives back what was
// written in it byte for byte.
func FuzzDialect(f *testing.F) {
	f.Add([]byte("bucket;key\nb;\"a\"\"\n\"\n"), byte(';'), "a;\"b\r\n", "c\t")
	f.Add([]byte("b|a\n"), byte('|'), "a|b", "")
	f.Add([]byte("key\tx\n\"a\n"), byte('\t'), "\ta ", "\"")
	f.Fuzz(func(t *testing.T, data []byte, c byte, key, extra string) {
		d, err := csv.ParseDelimiter(string(rune(c)))
		if err != nil {
			t.Skip()
		}
		readTwiceWith(t, Options{Format: FormatCSV, Delimiter: d}, data)
		columns, err := entry.ParseColumns("key=2,bucket=3")
		if err != nil {
			t.Fatal(err)
		}
		readTwiceWith(t, Options{Format: FormatCSV, Delimiter: d, Columns: columns}, data)

		if !usableKey(key) || entry.LooksLikeURI(key) || entry.ColumnOf(key) == entry.ColKey || !utf8.ValidString(extra) || strings.Contains(extra, "\x00") {
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

// FuzzBatch does so with manifests of S3 Batch Operations.
func FuzzBatch(f *testing.F) {
	f.Add([]byte("b,a%2B+%25,v\nb,%\n"), "a+b %,\n")
	f.Add([]byte("\"b\",\"%ff\"\n"), "s3://x")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		readTwiceWith(t, Options{Format: FormatBatch}, data)
		if !usableKey(key) {
			return
		}
		encoded := url.QueryEscape(key)
		if entry.ColumnOf(encoded) == entry.ColKey {
			return // with a bucket of that name it would be a header
		}
		all, rejected, end := readWith(t, Options{Format: FormatBatch}, "b,"+encoded+"\n")
		if len(all) != 1 || all[0].Key != key {
			t.Errorf("%q: got %+v, %v, %v", key, all, rejected, end)
		}
	})
}

// FuzzRecognize opens anything without saying what it is.
func FuzzRecognize(f *testing.F) {
	for _, s := range []string{"bucket;key\n", "{\n", "[{}]", "<html", "key", "\ufeff{\"a\":1}\n", "b,a", "{\"fileFormat\"", "\"key\n\";a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(context.Background(), "-", Options{Stdin: bytes.NewReader(data), SourceBucket: "d"})
		if err != nil {
			var broken *entry.BrokenError
			if !errors.Is(err, entry.ErrUsage) && !errors.As(err, &broken) {
				t.Errorf("got %v", err)
			}
			return
		}
		defer r.Close()
		for {
			var row *entry.RowError
			if err := r.Read(new(entry.Entry)); err != nil && !errors.As(err, &row) {
				var broken *entry.BrokenError
				if !errors.Is(err, io.EOF) && !errors.As(err, &broken) {
					t.Errorf("got %v", err)
				}
				return
			}
		}
	})
}
