package term

import (
	"io"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// Writer escapes what must not reach a terminal. It is safe for concurrent use.
type Writer struct {
	to   io.Writer
	json bool

	mu sync.Mutex
	// The fields below are guarded by mu.
	rest []byte // the beginning of a character whose end has not come yet
	buf  []byte
}

// NewWriter returns a writer of lines with the escapes of [Text]. Line ends and tabs are not escaped, as they are the
// layout; values that may contain them must pass Text before.
func NewWriter(to io.Writer) *Writer { return &Writer{to: to} }

// NewJSONWriter returns a writer of JSON with the escapes of JSON, which do not change the values.
func NewJSONWriter(to io.Writer) *Writer { return &Writer{to: to, json: true} }

// Write writes all of p except an incomplete character at its end, which waits for the next Write.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) == 0 && isLayout(p) {
		return w.to.Write(p)
	}
	in := p
	if len(w.rest) > 0 {
		in = append(w.rest, p...)
	}
	b := w.buf[:0]
	for len(in) > 0 && utf8.FullRune(in) {
		r, size := utf8.DecodeRune(in)
		b = w.append(b, in[:size], r)
		in = in[size:]
	}
	w.rest = append([]byte(nil), in...)
	return len(p), w.send(b)
}

// Flush writes the bytes of an incomplete character.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.buf[:0]
	for _, c := range w.rest {
		b = w.append(b, []byte{c}, utf8.RuneError)
	}
	w.rest = nil
	if len(b) == 0 {
		return nil
	}
	return w.send(b)
}

// send writes b, and keeps its memory for the next call unless it is large. The caller holds mu.
func (w *Writer) send(b []byte) error {
	if w.buf = b; cap(b) > 1<<20 {
		w.buf = nil
	}
	_, err := w.to.Write(b)
	return err
}

// append appends a character r, whose bytes are is.
func (w *Writer) append(b, is []byte, r rune) []byte {
	switch {
	case r == '\n' || r == '\t':
		return append(b, is...)
	case visible(r) && !(r == utf8.RuneError && len(is) == 1):
		return append(b, is...)
	case !w.json:
		return appendEscape(b, r, is[0], len(is))
	case r > 0xffff:
		first, second := utf16.EncodeRune(r)
		return appendUnit(appendUnit(b, first), second)
	}
	return appendUnit(b, r)
}

// appendUnit appends a UTF-16 unit as JSON escapes it.
func appendUnit(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// isLayout reports whether a text has nothing but ASCII, line ends and tabs.
func isLayout(p []byte) bool {
	for _, c := range p {
		if c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}
