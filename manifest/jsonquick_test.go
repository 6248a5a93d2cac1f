package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// strictRows reads every line by the decoder.
type strictRows struct{ *jsonRows }

func (r strictRows) read(e *Entry) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	return r.strictly(line, e)
}

// outcome is what a read gave.
type outcome struct {
	Entry Entry
	Row   *RowError
	End   string
}

func readOne(r rows) (o outcome) {
	if err := r.read(&o.Entry); err != nil && !errors.As(err, &o.Row) {
		o.End = err.Error()
	}
	return o
}

// sameAsStrict reads the lines twice, so that all names are known in the end,
// both as they are read and by the decoder alone, which must be the same. It
// returns how many lines the decoder did not see.
func sameAsStrict(t *testing.T, lines string) (quick int) {
	t.Helper()
	open := func() *jsonRows {
		in := &input{r: strings.NewReader(lines + "\n" + lines), buf: make([]byte, 512), line: 1}
		return newJSONL(in, &checker{source: "-", bucket: "default"})
	}
	r, strict := open(), strictRows{open()}
	for {
		r.text = ""
		got, want := readOne(r), readOne(strict)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("line %d (-by the decoder alone +as read):\n%s", strict.in.line, cmp.Diff(want, got))
		}
		if want.End != "" {
			return quick
		}
		if r.text == "" && want.Row == nil {
			quick++
		}
	}
}

const apiLine = `{"Name":"take-%d","Priority":%d,"Services":{"ocr":"","s2t":{"config":{"l":["de"]}}},"Source":{"Bucket":"b","Region":"r","ObjectKey":"a/%d.mov"},"Destination":{"Bucket":"results","Region":"r"}}`

// TestJSONLQuick: lines as programs write them are read without the decoder from
// the second one on; all others by the decoder.
func TestJSONLQuick(t *testing.T) {
	tests := []struct {
		name, lines string
		quick       int
	}{
		{"the api's shape", fmt.Sprintf(apiLine+"\n"+apiLine+"\n"+apiLine, 1, 3, 1, 2, 3, 2, 20, 10, 20), 5},
		{"flat, with blanks", `{"bucket": "b", "key": "a", "size": 12, "duration": -1.50, "tags": ["x", {"y": "z"}], "hd": true, "cut": false, "by": null, "none": [ ] }`, 1},
		{"other order", `{"bucket":"b","key":"a","x":"1"}` + "\n" + `{"x":"1","key":"a"}` + "\n" + `{"key":"a"}` + "\n" + `{"Source":{},"key":"a"}`, 6},
		{"services change", `{"key":"a","services":{"ocr":""}}` + "\n" + `{"key":"b","services":{"ocr":"","s2t":""}}` + "\n" + `{"key":"c","services":"ocr"}`, 5},
		{"escapes in values", `{"key":"a\/\u00fc\"\\","x":"\\"}` + "\n" + `{"key":"a\\\\","x":"\\\""}`, 3},
		{"not ASCII", `{"key":"ü/🎬","größe":"ß"}`, 1},
		{"twice", `{"key":"a","x":1}` + "\n" + `{"x":1,"key":"a","x":1}`, 1},
		{"two spellings", `{"key":"a"}` + "\n" + `{"Key":"a"}` + "\n" + `{"key":"a","Key":"a"}`, 2},
		{"two spellings of what describes", `{"key":"a","size":1,"Size":2}`, 1},
		{"twice in what is nested", `{"key":"a","x":{"y":1}}` + "\n" + `{"key":"a","x":{"y":1,"y":1}}`, 1},
		{"what follows", `{"key":"a"}` + "\n" + `{"key":"a"} {}` + "\n" + `{"key":"a"}}`, 1},
		{"no end", `{"key":"a","x":[1]}` + "\n" + `{"key":"a","x":[1]` + "\n" + `{"key":"a","x":[1` + "\n" + `{"key":"a` + "\n" + `{"key":"a\` + "\n" + `{"key"` + "\n" + `{"key":`, 1},
		{"commas and colons", `{"key":"a","x":1}` + "\n" + `{"key":"a","x":1,}` + "\n" + `{,"key":"a"}` + "\n" + `{"key":"a""x":1}` + "\n" + `{"key","a"}` + "\n" + `{"key":"a",,"x":1}`, 1},
		{"numbers", `{"key":"a","x":0}` + "\n" + `{"key":"a","x":00}` + "\n" + `{"key":"a","x":-}` + "\n" + `{"key":"a","x":1.}` + "\n" + `{"key":"a","x":+1}` + "\n" + `{"key":"a","x":0x1}`, 1},
		{"a number that begins as the last one", `{"key":"a","priority":1}` + "\n" + `{"key":"a","priority":10}` + "\n" + `{"key":"a","priority":100}`, 3},
		{"exponents", `{"key":"a","x":1e3}`, 0},
		{"literals", `{"key":"a","x":true}` + "\n" + `{"key":"a","x":truer}` + "\n" + `{"key":"a","x":tru}` + "\n" + `{"key":"a","x":nullx}`, 1},
		{"invalid", "{\"key\":\"a\"}\n{\"key\":\"\xff\"}\n{\"key\":\"a\x01\"}\n{\"key\":\"\\ud800\"}\n{\"key\":\"\\x\"}\n{\"key\":\"a\tb\"}\n{\"key\":\"a\"\x00}\n{\"key\":\"a\x1fbcdefghijkl\"}", 1},
		{"a string for an object", `{"key":"a","Source":"x"}` + "\n" + `{"Source":{"key":"a"}}` + "\n" + `{"Source":["x"],"key":"a"}`, 4},
		{"an object in one line alone", `{"Destination":{"Bucket":"d"},"key":"a","Bucket":"b"}` + "\n" + `{"Destination":null,"Bucket":"b","key":"a"}`, 3},
		{"of a wrong kind", `{"key":"a"}` + "\n" + `{"key":5}` + "\n" + `{"key":null}` + "\n" + `{"key":["a"]}`, 1},
		{"escapes in names", `{"k\u0065y":"a"}`, 0},
		{"deep", `{"key":"a","x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, 0},
		{"nearly too deep", `{"key":"a","x":` + strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999) + `}`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sameAsStrict(t, tt.lines); got != tt.quick {
				t.Errorf("%d lines were read without the decoder, want %d", got, tt.quick)
			}
		})
	}
}

// TestJSONLRemembersLittle: what lines repeat is remembered, but not without bound.
func TestJSONLRemembersLittle(t *testing.T) {
	const n, size = 40, 300_000
	long := strings.Repeat("x", size)
	var lines []io.Reader // which share the long text, and hold nothing that is passed
	add := func(parts ...string) {
		for _, part := range parts {
			lines = append(lines, strings.NewReader(part))
		}
	}
	add(`{"key":"k"`)
	for i := range n {
		add(fmt.Sprintf(`,"x%d":1`, i))
	}
	add("}\n")
	for i := range n {
		add(fmt.Sprintf(`{"key":"k","x%d":"`, i), long, "\"}\n")
		add(fmt.Sprintf(`{"key":"k","n%d`, i), long, fmt.Sprintf(`":1,"services":{"s%d":{"config":{"c":"`, i), long, "\"}}}}\n")
	}
	live := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	r, err := Open(context.Background(), "-", Options{Format: FormatJSONL, Stdin: io.MultiReader(lines...), SourceBucket: "b"})
	if err != nil {
		t.Fatal(err)
	}
	before := live()
	for i := range 1 + 2*n {
		if err := r.Read(new(Entry)); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	if grown := live() - before; grown > n*size/2 {
		t.Errorf("%d bytes are remembered, of %d names, values and services of %d", grown, n, size)
	}
	runtime.KeepAlive(r)
}

// FuzzJSONLQuick: whatever the lines, it makes no difference that some are read
// without the decoder.
func FuzzJSONLQuick(f *testing.F) {
	for _, s := range []string{
		fmt.Sprintf(apiLine+"\n"+apiLine, 1, 3, 1, 2, 3, 2),
		`{"bucket": "b", "key": "a", "size": 12, "n": -1.50, "tags": ["x", {"y": "z"}], "t": true, "f": false, "0": null}` + "\n" + `{"key":"s3://b/\u00fcü"}`,
		`{"key":"a","KEY":"b"}` + "\n" + `{"key":"a","key":"b"}` + "\n" + `{"key":"\ud83c\udfac\ud800\\\"","x":{"y":1,"y":2}} x`,
		`{"Source":{"Bucket":"b","Key":"k"},"source":{"region":"r"}}` + "\n" + `{"Destination":{"x":1},"etag":"\"e\"","etag ":1}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, lines string) { sameAsStrict(t, lines) })
}
