package input

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
		{"at the limit", row(MaxLine), nil},
		{"one over", row(MaxLine + 1), ErrTooLong},
		{"far over", row(3 * MaxLine), ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := New(strings.NewReader("a\n" + tt.data + "b\n"))
			if err := in.Next(); err != nil || string(in.Token()) != "a\n" {
				t.Fatalf("first line: got %q, %v", in.Token(), err)
			}
			if err := in.Next(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err := in.Next(); err != nil || string(in.Token()) != "b\n" || in.Line != 3 {
				t.Errorf("line after it: got %q, line %d, %v; want b, line 3", in.Token(), in.Line, err)
			}
		})
	}
}

func TestInputMemory(t *testing.T) {
	in := New(&endless{48 << 20})
	if err := in.Next(); !errors.Is(err, ErrTooLong) {
		t.Fatalf("got %v, want %v", err, ErrTooLong)
	}
	if got, most := cap(in.buf), 3*MaxLine; got > most {
		t.Errorf("buffer: got %d bytes, want at most %d", got, most)
	}
	if err := in.Next(); err != io.EOF { //nolint:errorlint // exactly io.EOF
		t.Errorf("then: got %v, want EOF", err)
	}
}
