package term

import (
	"bytes"
	"io"
	"os"
	"sync"

	"github.com/charmbracelet/x/ansi"
	xterm "golang.org/x/term"
)

// StatusLine is a terminal whose last line shows progress. What is written to it appears above that line. It is safe for
// concurrent use.
type StatusLine struct {
	to io.Writer
	mu sync.Mutex
	// text is what the line shows, empty for no line; guarded by mu.
	text string
}

// NewStatusLine returns a terminal without a line.
func NewStatusLine(terminal io.Writer) *StatusLine { return &StatusLine{to: terminal} }

// clearLine moves the cursor to the beginning of its line and clears that (ECMA-48: CR, EL).
const clearLine = "\r\x1b[K"

// Write writes whole lines above the status line, in one call, so that neither tears the other.
func (l *StatusLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text == "" {
		return l.to.Write(p)
	}
	b := append([]byte(clearLine), p...)
	if bytes.HasSuffix(p, []byte{'\n'}) {
		b = append(b, l.fitted()...)
	}
	if _, err := l.to.Write(b); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Set shows a text, which has no control characters but colors, on the last line; empty: nothing.
func (l *StatusLine) Set(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if text == l.text {
		return
	}
	l.text = text
	_, _ = io.WriteString(l.to, clearLine+l.fitted()) // what cannot be shown is not missed
}

// Width returns how many cells a line has that does not wrap.
func (l *StatusLine) Width() int {
	if f, ok := l.to.(*os.File); ok {
		if width, _, err := xterm.GetSize(int(f.Fd())); err == nil && width > 1 {
			return width - 1 // a terminal may wrap after the last cell
		}
	}
	return 79
}

// fitted returns the text, cut for the terminal. The caller holds mu.
func (l *StatusLine) fitted() string { return ansi.Truncate(l.text, l.Width(), "") }
