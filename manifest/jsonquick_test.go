package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
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
// returns how many lines the decoder did not see, and how many of these were
// read as the pattern again.
func sameAsStrict(t *testing.T, lines string) (quick, again int) {
	t.Helper()
	open := func() *jsonRows {
		in := &input{r: strings.NewReader(lines + "\n" + lines), buf: make([]byte, 512), line: 1}
		rows, _ := newJSONL(in, &checker{source: "-", bucket: "default"}, Columns{})
		return rows
	}
	var got, want []outcome // compared in the end, for what was read must stay as it is
	for r := open(); len(got) == 0 || got[len(got)-1].End == ""; {
		r.text = ""
		one := readOne(r)
		got = append(got, one)
		if r.text == "" && one.End == "" && one.Row == nil {
			quick++
			if !r.met(r.in.line) {
				again++
			}
		}
	}
	for strict := (strictRows{open()}); len(want) == 0 || want[len(want)-1].End == ""; {
		one := readOne(strict)
		one.Entry.Extra = slices.Clone(one.Entry.Extra)
		want = append(want, one)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("(-by the decoder alone +as read):\n%s", cmp.Diff(want, got))
	}
	return quick, again
}

// met tells that quick met a name in the line.
func (r *jsonRows) met(line int64) bool {
	for _, scope := range r.members {
		for _, m := range scope {
			if m.line == line {
				return true
			}
		}
	}
	return false
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
			if got, _ := sameAsStrict(t, tt.lines); got != tt.quick {
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

// TestJSONLAgain: of lines that differ in values alone, the first ones teach which
// values vary; what a value may not be, ends it.
func TestJSONLAgain(t *testing.T) {
	rows := func(lines ...string) string {
		return `{"key":"1","size":1,"x":"1","Size":"1","y":{}}` + "\n" + `{"key":"2","size":2,"x":"2","Size":"2","y":{}}` + "\n" + strings.Join(lines, "\n")
	}
	tests := []struct {
		name, lines string
		again       int
	}{
		{"the api's shape", fmt.Sprintf(strings.Repeat(apiLine+"\n", 4), 1, 3, 1, 2, 3, 2, 20, 3, 20, 1, 3, 1), 5},
		{"what describes, and extra columns", rows(`{"key":"3","size":3.5,"x":"","Size":"","y":{}}`, `{"key":"4","size":-3,"x":"4","Size":"ü","y":{}}`), 5},
		{"escapes", rows(`{"key":"\\","size":0,"x":"\"","Size":"\u00fc","y":{}}`, `{"key":"\ud800","size":0,"x":"","Size":"","y":{}}`), 2},
		{"not plain", rows("{\"key\":\"\xff\",\"size\":0,\"x\":\"\",\"Size\":\"\",\"y\":{}}", "{\"key\":\"\x01\",\"size\":0,\"x\":\"\",\"Size\":\"\",\"y\":{}}"), 1},
		{"other kinds", rows(`{"key":"3","size":"3","x":"3","Size":"3","y":{}}`, `{"key":"4","size":4,"x":4,"Size":"4","y":{}}`, `{"key":5,"size":5,"x":"5","Size":"5","y":{}}`), 1},
		{"numbers", rows(`{"key":"3","size":1e3,"x":"3","Size":"3","y":{}}`, `{"key":"3","size":03,"x":"3","Size":"3","y":{}}`), 1},
		{"the rest", rows(`{"key":"3","size":3,"x":"3","Size":"3","y":{}} `, `{"key":"3","size":3,"x":"3","Size":"3","y":{}}}`, `{"key":"3","size":3,"x":"3","Size":"3","y":{}`, `{"key":"3","size":3,"x":"3"}`), 2},
		{"another name", rows(`{"key":"3","size":3,"z":"3","Size":"3","y":{}}`, `{"key":"4","size":4,"x":"4","Size":"4","y":{}}`), 2},
		{"nested values", rows(`{"key":"3","size":3,"x":"3","Size":"3","y":[]}`, `{"key":"4","size":4,"x":"4","Size":"4","y":[]}`, `{"key":"5","size":5,"x":"5","Size":"5","y":[]}`), 5},
		{"a long key", rows(`{"key":"`+strings.Repeat("k", MaxKey+1)+`","size":3,"x":"3","Size":"3","y":{}}`, `{"key":"4","size":4,"x":"4","Size":"4","y":{}}`), 2},
		{"the same", strings.Repeat(`{"key":"1"}`+"\n", 3), 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := sameAsStrict(t, tt.lines); got != tt.again {
				t.Errorf("%d lines were read as the one before, want %d", got, tt.again)
			}
		})
	}
}

// FuzzJSONLQuick: whatever the lines, it makes no difference that some are read
// without the decoder.
func FuzzJSONLQuick(f *testing.F) {
	for _, s := range []string{
		fmt.Sprintf(apiLine+"\n"+apiLine, 1, 3, 1, 2, 3, 2),
		`{"bucket": "b", "key": "a", "size": 12, "n": -1.50, "tags": ["x", {"y": "z"}], "t": true, "f": false, "0": null}` + "\n" + `{"key":"s3://b/\u00fcü"}`,
		`{"key":"a","KEY":"b"}` + "\n" + `{"key":"a","key":"b"}` + "\n" + `{"key":"\ud83c\udfac\ud800\\\"","x":{"y":1,"y":2}} x`,
		`{"Source":{"Bucket":"b","Key":"k"},"source":{"region":"r"}}` + "\n" + `{"Destination":{"x":1},"etag":"\"e\"","etag ":1}`,
		`{"key":"1","size":1,"x":"1","SIZE":"1"}` + "\n" + `{"key":"2","size":2,"x":"2","SIZE":"2"}` + "\n" + `{"key":"33","size":33,"x":"\\","SIZE":"ü"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, lines string) { sameAsStrict(t, lines) })
}
