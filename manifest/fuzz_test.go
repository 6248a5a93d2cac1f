package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"airlift/manifest/entry"
)

// readTwice reads data at once and byte by byte, which must be the same, and
// checks what holds for every entry.
func readTwice(t *testing.T, f Format, data []byte) []entry.Entry {
	t.Helper()
	return readTwiceWith(t, Options{Format: f}, data)
}

// readTwiceWith is readTwice with all options.
func readTwiceWith(t *testing.T, o Options, data []byte) []entry.Entry {
	t.Helper()
	type result struct {
		All      []entry.Entry
		Rejected []*entry.RowError
		End      string
	}
	once := func(stdin *bytes.Reader, slow bool) result {
		o := o
		o.Stdin, o.SourceBucket = stdin, "default"
		if slow {
			o.Stdin = iotest.OneByteReader(stdin)
		}
		r, err := Open(context.Background(), "-", o)
		if err != nil {
			var broken *entry.BrokenError
			if !errors.As(err, &broken) || !broken.Unread {
				t.Fatalf("Open: got %v, want an unread *BrokenError", err)
			}
			return result{}
		}
		defer r.Close()
		all, rejected, end := readAll(t, r)
		got := result{All: all, Rejected: rejected}
		if end != nil {
			got.End = end.Error()
		}
		return got
	}
	got := once(bytes.NewReader(data), false)
	// NUL and CR are judged by the head, which is as long as the first read.
	if !bytes.ContainsAny(data, "\x00\r") {
		if d := cmp.Diff(got, once(bytes.NewReader(data), true)); d != "" {
			t.Errorf("read byte by byte (-at once +slow):\n%s", d)
		}
	}
	for _, e := range got.All {
		switch e.Skip {
		case entry.SkipTitle, entry.SkipHeader, entry.SkipFolder, entry.SkipEmpty, entry.SkipTotal:
			continue // no rows
		}
		if e.Bucket == "" || e.Key == "" || len(e.Key) > entry.MaxKey || !utf8.ValidString(e.Key) || e.Line < 1 {
			t.Errorf("got a bad entry %+v", e)
		}
	}
	return got.All
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"bucket,key\nb,a\n", "b,\"a\r\nb\"\"c\"\r\n", "key,x\n\"a\",\n", "b,\"a", "\ufeffb,a\r", "b,a\"c\n\"b\"c,d\n", "b,\"a\nb,\"c\"\nb,d\n",
		strings.Join(entry.ReportColumns(), ",") + "\n1,b,k,failed,,,,,,,\n", "\x1f\x8b\x08\x00", "a\x00b\x00", "b,a\rc",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all := readTwice(t, FormatCSV, data)
		// What was read is written and read again, byte for byte.
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		writeRecord(w, []string{"key", "bucket", "x"})
		var want []string
		for _, e := range all {
			if entry.LooksLikeURI(e.Key) || e.Skip != "" || entry.ColumnOf(e.Key) == entry.ColKey {
				continue // would be taken apart again
			}
			x := ""
			for _, f := range e.Extra {
				x += f.Value
			}
			writeRecord(w, []string{e.Key, e.Bucket, x})
			want = append(want, e.Key, e.Bucket, x)
		}
		w.Flush()
		var got []string
		again, rejected, end := read(t, FormatCSV, "", b.String())
		for _, e := range again {
			got = append(got, e.Key, e.Bucket, e.Extra[0].Value)
		}
		if d := cmp.Diff(want, got); d != "" || end != nil || len(rejected) > 0 {
			t.Errorf("written and read again: %v, %v (-want +got):\n%s", end, rejected, d)
		}
	})
}

// FuzzWriteCSV writes any fields and reads them back.
func FuzzWriteCSV(f *testing.F) {
	f.Add("a", "b")
	f.Add(" a\r\n", "\"\ufeff,")
	f.Fuzz(func(t *testing.T, key, extra string) {
		if entry.KeyProblem(key) != "" || key == "" || entry.LooksLikeURI(key) || !utf8.ValidString(extra) || strings.Contains(extra, "\x00") {
			t.Skip()
		}
		var b strings.Builder
		w := bufio.NewWriter(&b)
		writeRecord(w, []string{"x", "key"})
		writeRecord(w, []string{extra, key})
		writeRecord(w, []string{"", key})
		w.Flush()
		all, rejected, end := read(t, FormatCSV, "d", b.String())
		if end != nil || len(rejected) > 0 || len(all) != 2 {
			t.Fatalf("got %d entries, %v, %v", len(all), rejected, end)
		}
		if all[0].Key != key || all[0].Extra[0].Value != extra || all[1].Key != key {
			t.Errorf("got %q, %q, want %q, %q", all[0].Key, all[0].Extra[0].Value, key, extra)
		}
	})
}

func FuzzJSONL(f *testing.F) {
	for _, s := range []string{
		`{"bucket":"b","key":"a"}`, `{"Source":{"Bucket":"b","ObjectKey":"\u00fc\n"},"Services":{"ocr":""},"Priority":3}`,
		`{"key":"a","KEY":"b"}`, `{"key":"\ud800"}`, `{"key":1,"x":[1,{"y":null}]}`, `{"key":"a"} x`, "{}\n[]\n\"\"\n", `{"Destination":{"Bucket":"d"},"services":"ocr,s2t"}`,
		strings.Repeat(`{"key":"a","x":1}`+"\n"+`{"key":"b ","IsDir":false}`+"\n", 50), // for several decoders
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, e := range readTwice(t, FormatJSONL, data) {
			if e.Services == nil {
				continue
			}
			again, err := entry.ParseServices(string(e.Services))
			if err != nil || !bytes.Equal(again, e.Services) {
				t.Errorf("services %s are not canonical: got %s, %v", e.Services, again, err)
			}
		}
	})
}

func FuzzParseServices(f *testing.F) {
	for _, s := range []string{"ocr,s2t", `{"ocr":{"config":{"a":[1e400,"\u0000"]}}}`, `{"a":"","\u0061":""}`, "a;b|c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := entry.ParseServices(s)
		if err != nil {
			return
		}
		if again, err := entry.ParseServices(string(c)); err != nil || !bytes.Equal(again, c) {
			t.Errorf("%s is not canonical: got %s, %v", c, again, err)
		}
	})
}
