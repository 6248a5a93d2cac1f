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

	"airlift/manifest/entry"
)

// lineReader returns at most one line a Read, as a program that writes to a pipe does.
type lineReader struct {
	text  string
	given int // how many lines were begun
	rest  string
}

func (l *lineReader) Read(p []byte) (int, error) {
	if l.rest == "" {
		if l.text == "" {
			return 0, io.EOF
		}
		line, after, _ := strings.Cut(l.text, "\n")
		l.rest, l.text, l.given = line+"\n", after, l.given+1
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// manyJSONLines are rows of all kinds, far enough apart for each to be decoded next
// to good rows, by every decoder.
func manyJSONLines() string {
	var b strings.Builder
	for i := range 5000 {
		switch {
		case i%97 == 0:
			fmt.Fprintf(&b, `{"bucket":"b","key":"twice-%d","key":"x"}`, i)
		case i%101 == 0:
			fmt.Fprintf(&b, `{"bucket":"b","key":"cut-%d`, i)
		case i%103 == 0:
			fmt.Fprintf(&b, `{"bucket":"b","key":"latin-%d-`+"\xe4"+`"}`, i)
		case i%107 == 0:
			b.WriteString("  ")
		case i%109 == 0:
			fmt.Fprintf(&b, `{"bucket":"b","path":"no key-%d"}`, i)
		case i%113 == 0:
			fmt.Fprintf(&b, `{"bucket":"b","key":"blank-%d "}`, i)
		case i%127 == 0:
			fmt.Fprintf(&b, `{"Source":{"Bucket":"b","ObjectKey":"nested-%d"},"Services":{"s2t":"","ocr":""},"Priority":%d}`, i, i%12)
		case i > 2500 && i%131 == 0:
			fmt.Fprintf(&b, `{"status":"success","type":"file","lastModified":"2024-01-02T03:04:05Z","size":%d,"key":"mc-%d","url":"http://h/b/"}`, i, i)
		case i > 2500 && i%137 == 0:
			b.WriteString(`{"Path":"d","IsDir":true}`)
		default:
			fmt.Fprintf(&b, `{"bucket":"b","key":"\u00fc-%d","field-%d":%d}`, i, i%1200, i)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestJSONLBlocks: rows that several decoders decode are those that one decodes, line
// by line: in their order, with their lines, reasons and warnings.
func TestJSONLBlocks(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	}
	type outcome struct {
		Rows     []entry.Entry
		Rejected []*entry.RowError
		Warnings []string
		End      string
	}
	broken := errors.New("the cable is cut")
	readFrom := func(stdin io.Reader) (got outcome) {
		r, err := Open(context.Background(), "-", Options{Format: FormatJSONL, Stdin: io.MultiReader(stdin, failing{broken}),
			Warn: func(text string) { got.Warnings = append(got.Warnings, text) }})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var end error
		got.Rows, got.Rejected, end = readAll(t, r)
		got.End = end.Error()
		return got
	}
	text := manyJSONLines()
	blocks := readFrom(strings.NewReader(text))
	lines := readFrom(&lineReader{text: text})
	for i := range min(len(lines.Rows), len(blocks.Rows)) {
		if !reflect.DeepEqual(blocks.Rows[i], lines.Rows[i]) {
			t.Fatalf("row %d in a block: got %+v, want %+v", i, blocks.Rows[i], lines.Rows[i])
		}
	}
	for i := range min(len(lines.Rejected), len(blocks.Rejected)) {
		if !reflect.DeepEqual(blocks.Rejected[i], lines.Rejected[i]) {
			t.Fatalf("rejected row %d in a block: got %+v, want %+v", i, blocks.Rejected[i], lines.Rejected[i])
		}
	}
	if !reflect.DeepEqual(blocks, lines) {
		t.Errorf("in blocks: got %d rows, %d rejected, warnings %q, end %q; want %d, %d, %q, %q", len(blocks.Rows), len(blocks.Rejected), blocks.Warnings, blocks.End,
			len(lines.Rows), len(lines.Rejected), lines.Warnings, lines.End)
	}
	if len(blocks.Rows) < 4000 || len(blocks.Rejected) < 150 || len(blocks.Warnings) != 1 || !strings.Contains(blocks.End, "line 5001") {
		t.Errorf("got %d rows, %d rejected, warnings %q, end %q", len(blocks.Rows), len(blocks.Rejected), blocks.Warnings, blocks.End)
	}
}

// failing is the end of a stream that breaks.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestJSONLDoesNotWait: a row is returned before the next one has been written.
func TestJSONLDoesNotWait(t *testing.T) {
	in := &lineReader{text: strings.Repeat(`{"bucket":"b","key":"k"}`+"\n", 100)}
	r, err := Open(context.Background(), "-", Options{Format: FormatJSONL, Stdin: in})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for n := 1; n <= 100; n++ {
		var e entry.Entry
		if err := r.Read(&e); err != nil || e.Line != int64(n) {
			t.Fatalf("got line %d, %v, want line %d", e.Line, err, n)
		}
		if in.given > n {
			t.Fatalf("row %d was returned after %d lines were read", n, in.given)
		}
	}
}
