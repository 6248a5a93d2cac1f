package manifest

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// endless gives n bytes without a line end.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.n)
	for i := range n {
		p[i] = 'x'
	}
	e.n -= n
	return n, nil
}

func TestInputLimit(t *testing.T) {
	row := func(n int) string { return strings.Repeat("x", n-1) + "\n" }
	tests := []struct {
		name, data string
		want       error
	}{
		{"at the limit", row(MaxRow), nil},
		{"one over", row(MaxRow + 1), errTooLong},
		{"far over", row(3 * MaxRow), errTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInput(strings.NewReader("a\n" + tt.data + "b\n"))
			if err := in.next(); err != nil || string(in.token()) != "a\n" {
				t.Fatalf("first line: got %q, %v", in.token(), err)
			}
			if err := in.next(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err := in.next(); err != nil || string(in.token()) != "b\n" || in.line != 3 {
				t.Errorf("line after it: got %q, line %d, %v; want b, line 3", in.token(), in.line, err)
			}
		})
	}
}

func TestInputMemory(t *testing.T) {
	in := newInput(&endless{48 << 20})
	if err := in.next(); !errors.Is(err, errTooLong) {
		t.Fatalf("got %v, want %v", err, errTooLong)
	}
	if got, most := cap(in.buf), 3*MaxRow; got > most {
		t.Errorf("buffer: got %d bytes, want at most %d", got, most)
	}
	if err := in.next(); err != io.EOF { //nolint:errorlint // exactly io.EOF
		t.Errorf("then: got %v, want EOF", err)
	}
}
