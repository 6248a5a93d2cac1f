package report

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/queue"
)

// What a CSV report says of an item, a manifest reads back byte for byte, and JSONL decodes to the same key.
func FuzzReportRoundTrip(f *testing.F) {
	f.Add("a/b.mov", "asset", "A1", "no such object")
	f.Add(" lead and trail ", "title", "=1+1", "two\nlines")
	f.Add("quo\"te,\r\n\x01.mov", "state", "", "\xef\xbb\xbfbom")
	f.Add("umläut 日本 🎬.mov", "line", "'", "")
	f.Fuzz(func(t *testing.T, key, column, value, message string) {
		for _, s := range []string{key, column, value, message} {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Skip("no manifest can hold it")
			}
		}
		if key == "" || len(key) > entry.MaxKey || strings.HasPrefix(strings.ToLower(key), "s3://") || len(value)+len(message)+len(column) > 1<<20 {
			t.Skip("no item has such a key")
		}
		entry := &queue.Entry{
			Item:   queue.Item{Line: 7, Bucket: "archive", Key: key, Extra: []queue.Field{{Name: "x-" + column, Value: value}}},
			Record: queue.Record{State: queue.Failed, Attempts: 1, HTTPStatus: 400, Message: message},
		}
		for _, form := range []Format{CSV, JSONL} {
			var out bytes.Buffer
			r := newReporter(&out, Options{Form: form}, queue.Namer{}, queue.OwnCounts{})
			r.addColumn("x-" + column)
			r.header(r.columns())
			r.out.Write(r.item(nil, entry))
			if err := r.out.Flush(); err != nil {
				t.Fatal(err)
			}
			if form == JSONL {
				var row map[string]any
				if err := json.Unmarshal(out.Bytes(), &row); err != nil || row["key"] != key {
					t.Fatalf("JSONL: key %q came back as %q (%v)", key, row["key"], err)
				}
				continue
			}
			reportReadsBack(t, &out, key, value)
		}
	})
}

// reportReadsBack reads the only row of a CSV report as a manifest.
func reportReadsBack(t *testing.T, out io.Reader, key, value string) {
	t.Helper()
	in, err := manifest.Open(context.Background(), "-", manifest.Options{Format: manifest.FormatCSV, Stdin: bufio.NewReader(out)})
	if err != nil {
		t.Fatalf("open the report: %v", err)
	}
	var e entry.Entry
	if err := in.Read(&e); err != nil {
		t.Fatalf("read the report of key %q: %v", key, err)
	}
	if e.Key != key || e.Bucket != "archive" || e.State != string(queue.Failed) {
		t.Errorf("key %q came back as %q in state %q", key, e.Key, e.State)
	}
	if got := e.Extra; len(got) != 1 || got[0].Value != value {
		t.Errorf("value %q came back as %q", value, got)
	}
	if err := in.Read(&e); err != io.EOF {
		t.Errorf("after the only row: %v, want the end", err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}
