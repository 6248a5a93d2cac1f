package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"airlift/manifest/entry"
)

// FuzzPart reads anything as a CSV part of an inventory, whose keys are encoded.
func FuzzPart(f *testing.F) {
	f.Add([]byte("b,a%2B+%25,true,1\nb,%\n"), "a+b %,\n")
	f.Add([]byte("\"b\",\"%ff\"\n"), "s3://x")
	f.Add([]byte("\"\",\"\""), "a") // an empty row names no object
	usableKey := func(key string) bool { return key != "" && entry.KeyProblem(key) == "" }
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		columns := []entry.Column{entry.ColBucket, entry.ColKey, entry.ColIsLatest, entry.ColSize}
		if part, err := newCSVPart(bytes.NewReader(data), &entry.Checker{Source: "part", Exact: true}, columns); err == nil {
			for {
				var e entry.Entry
				var row *entry.RowError
				if err := part.Read(&e); err != nil && !errors.As(err, &row) {
					break
				} else if err == nil && e.Skip != entry.SkipEmpty && e.Skip != entry.SkipTotal && (!usableKey(e.Key) || e.Bucket == "") {
					t.Errorf("got a bad entry %+v", e)
				}
			}
			part.Close()
		}
		if !usableKey(key) {
			return
		}
		encoded := url.QueryEscape(key)
		part, err := newCSVPart(strings.NewReader(fmt.Sprintf("\"b\",%q,\"true\",\"7\"\n", encoded)), &entry.Checker{Source: "part", Exact: true}, columns)
		if err != nil {
			t.Fatal(err)
		}
		defer part.Close()
		var e entry.Entry
		if err := part.Read(&e); err != nil || e.Key != key || e.Size != 7 {
			t.Errorf("%q in an inventory: got %+v, %v", key, e, err)
		}
	})
}

// FuzzInventory parses anything as a manifest.json: what is taken has parts with
// keys, and for CSV a column of keys.
func FuzzInventory(f *testing.F) {
	f.Add([]byte(`{"sourceBucket":"b","version":"2016-11-30","fileFormat":"CSV","fileSchema":"Bucket, Key","files":[{"key":"data/a.csv.gz","size":1,"MD5checksum":"9dd4e461268c8034f5c8564e155c67a6"}]}`))
	f.Add([]byte(`{"version":"2016-11-30","fileFormat":"Parquet","fileSchema":"message","files":[]}`))
	f.Add([]byte(`{"fileFormat":"ORC","files":[{"key":1}]}`))
	f.Add([]byte("{\"files\":[{\"size\":-1}"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if len(doc) == 0 {
			return // begin has found a line
		}
		inv, wrong := parse(bytes.NewReader(doc))
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
