package manifest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"airlift/manifest/csv"
	"airlift/manifest/entry"
)

// read opens a manifest that comes on standard input and reads it to its end.
func read(tb testing.TB, f Format, bucket, data string) (all []entry.Entry, rejected []*entry.RowError, end error) {
	tb.Helper()
	return readWith(tb, Options{Format: f, SourceBucket: bucket}, data)
}

// readWith is read with all options.
func readWith(tb testing.TB, o Options, data string) (all []entry.Entry, rejected []*entry.RowError, end error) {
	tb.Helper()
	o.Stdin = strings.NewReader(data)
	r, err := Open(context.Background(), "-", o)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	return readAll(tb, r)
}

// readAll reads to the end and checks that the end is for ever.
func readAll(tb testing.TB, r Reader) (all []entry.Entry, rejected []*entry.RowError, end error) {
	tb.Helper()
	for {
		var e entry.Entry
		err := r.Read(&e)
		var row *entry.RowError
		switch {
		case err == nil:
			all = append(all, e)
		case errors.As(err, &row):
			rejected = append(rejected, row)
		default:
			if again := r.Read(&e); again != err { //nolint:errorlint // the very same
				tb.Errorf("a further Read: got %v, want %v", again, err)
			}
			if err == io.EOF { //nolint:errorlint // exactly io.EOF
				err = nil
			}
			return all, rejected, err
		}
	}
}

// want is what a manifest should give. Rows are line:bucket/key, quoted where
// need be by the test; rejects are line and a part of the reason.
type want struct {
	rows    []string
	rejects []reject
	end     string // a part of the error; "" is a clean end
	line    int64  // of a *BrokenError
	unread  bool   // of a *BrokenError
}

type reject struct {
	line   int64
	reason string
}

func (w want) check(t *testing.T, all []entry.Entry, rejected []*entry.RowError, end error) {
	t.Helper()
	var rows []string
	for _, e := range all {
		rows = append(rows, e.Bucket+"/"+e.Key)
	}
	if got, want := strings.Join(rows, "|"), strings.Join(w.rows, "|"); got != want || len(rows) != len(w.rows) {
		t.Errorf("rows: got %q, want %q", rows, w.rows)
	}
	for i, r := range rejected {
		if i >= len(w.rejects) || r.Line != w.rejects[i].line || !strings.Contains(r.Reason, w.rejects[i].reason) {
			t.Errorf("reject %d: got line %d %q", i, r.Line, r.Reason)
		}
	}
	if len(rejected) != len(w.rejects) {
		t.Errorf("rejects: got %d, want %d", len(rejected), len(w.rejects))
	}
	if w.end == "" {
		if end != nil {
			t.Errorf("end: got %v, want a clean one", end)
		}
		return
	}
	var broken *entry.BrokenError
	if !errors.As(end, &broken) {
		t.Fatalf("end: got %v, want a *BrokenError with %q", end, w.end)
	}
	if !strings.Contains(broken.Error(), w.end) || broken.Line != w.line || broken.Unread != w.unread {
		t.Errorf("end: got line %d, unread %v, %q; want line %d, unread %v, with %q", broken.Line, broken.Unread, broken, w.line, w.unread, w.end)
	}
	if broken.Remedy == "" {
		t.Errorf("end: %q has no remedy", broken)
	}
}

// writeRecord writes a CSV record; one of a single empty field is no blank line.
func writeRecord(w *bufio.Writer, fields []string) {
	var b []byte
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = csv.AppendField(b, f)
	}
	if len(b) == 0 {
		b = []byte(`""`)
	}
	w.Write(append(b, '\n'))
}
