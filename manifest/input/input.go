package input

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line in bytes, its line end included. A longer one is
// skipped with ErrTooLong, so no input takes more memory than about twice this.
const MaxLine = 4 << 20

// ErrTooLong says why a line over MaxLine is rejected.
var ErrTooLong = fmt.Errorf("the line is longer than %d bytes; is a line end missing?", MaxLine)

// Input returns the lines of a stream from one buffer, without copying. A token is one line, or several that Extend
// joined: a CSV row may span lines. bufio.Scanner and bufio.Reader can neither extend a token nor skip a long line.
type Input struct {
	r     io.Reader
	buf   []byte
	start int   // of the token
	end   int   // of the token
	seen  int   // buf[end:seen] holds no LF
	avail int   // bytes of buf that are filled
	Line  int64 // number, from 1, of the token's first line
	Lines int64 // lines in the token
	err   error // of r, io.EOF at its end
	// HasCR and HasNUL report, after Watch, whether what was read so far contains a
	// CR or a NUL: lines of most streams need not be searched for them.
	HasCR, HasNUL bool
	watched       bool
}

const firstBuffer = 256 << 10

func New(r io.Reader) *Input {
	return &Input{r: r, buf: make([]byte, firstBuffer), Line: 1}
}

// Token returns the current token with its line ends. It is valid until the next call of Next or Extend.
func (in *Input) Token() []byte { return in.buf[in.start:in.end] }

// Head returns what was read of the stream so far, from the token on.
func (in *Input) Head() []byte { return in.buf[in.start:in.avail] }

// Skip takes n bytes from the beginning of the token.
func (in *Input) Skip(n int) { in.start += n }

// Next starts a new token with the next line. The last line needs no LF. A line over MaxLine is skipped whole and
// returns ErrTooLong. A stream that fails returns its error instead of the cut line; io.EOF is its clean end.
func (in *Input) Next() error {
	in.Line += in.Lines
	in.start, in.Lines = in.end, 0
	err := in.Extend()
	if errors.Is(err, ErrTooLong) {
		if err := in.skipLine(); err != nil {
			return err
		}
	}
	return err
}

// Buffered reports whether Next returns a line without reading from the stream: the
// tokens before it stay valid.
func (in *Input) Buffered() bool {
	i := bytes.IndexByte(in.buf[in.end:in.avail], '\n')
	return i >= 0 && i < MaxLine
}

// Extend joins the next line to the token; its errors leave the token as it is.
func (in *Input) Extend() error {
	for {
		if i := bytes.IndexByte(in.buf[in.seen:in.avail], '\n'); i >= 0 {
			in.take(in.seen + i + 1)
			break
		}
		in.seen = in.avail
		if in.avail-in.start > MaxLine {
			return ErrTooLong
		}
		if in.err != nil {
			if in.err == io.EOF {
				in.cutMark()
			}
			if in.err != io.EOF || in.avail == in.end {
				return in.err
			}
			in.take(in.avail)
			break
		}
		in.fill()
	}
	if in.end-in.start > MaxLine {
		return ErrTooLong
	}
	return nil
}

// FileEnd is the byte by which DOS and CP/M mark the end of a text.
const FileEnd = 0x1a

// cutMark removes end marks from the end of the stream. They are no part of its last line.
func (in *Input) cutMark() {
	for in.avail > in.end && in.buf[in.avail-1] == FileEnd {
		in.avail--
	}
	in.seen = min(in.seen, in.avail)
}

// Peek returns up to n lines from the next token on, blank ones too, without their
// line ends. A line that does not end within the 64 KiB that it looks at is left
// out, except at the end of the stream. The token stays, but may move in memory.
func (in *Input) Peek(n int) []string {
	const most = 64 << 10
	for in.err == nil && in.avail-in.end < most && bytes.Count(in.buf[in.end:in.avail], []byte{'\n'}) < n {
		in.fill()
	}
	if in.err == io.EOF {
		in.cutMark()
	}
	var lines []string
	for rest := in.buf[in.end:in.avail]; len(lines) < n && len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		if !ended && in.err != io.EOF {
			break
		}
		lines = append(lines, string(bytes.TrimPrefix(bytes.TrimRight(line, "\r"), BOM)))
		rest = after
	}
	return lines
}

func (in *Input) take(end int) {
	in.end, in.seen = end, end
	in.Lines++
}

// skipLine skips the rest of a line that is too long, in little memory.
func (in *Input) skipLine() error {
	for in.Lines == 0 {
		in.start, in.end, in.seen, in.avail = 0, 0, 0, 0
		if in.err != nil {
			if in.err != io.EOF {
				return in.err
			}
			in.Lines++
			return nil
		}
		in.fill()
		if i := bytes.IndexByte(in.buf[:in.avail], '\n'); i >= 0 {
			in.take(i + 1)
		}
	}
	in.start = in.end
	return nil
}

// Unread makes the next call of Next return the token again, which must be one line.
func (in *Input) Unread() {
	in.end, in.seen, in.Lines = in.start, in.start, 0
}

// Rest returns what Next has not returned yet, as a stream.
func (in *Input) Rest() io.Reader {
	return io.MultiReader(bytes.NewReader(in.buf[in.end:in.avail]), in.r)
}

// Watch starts to look for CRs and NULs, from the token on.
func (in *Input) Watch() {
	in.watched = true
	in.look(in.buf[in.start:in.avail])
}

func (in *Input) look(read []byte) {
	in.HasCR = in.HasCR || bytes.IndexByte(read, '\r') >= 0
	in.HasNUL = in.HasNUL || bytes.IndexByte(read, 0) >= 0
}

// fill reads once more, making room first.
func (in *Input) fill() {
	if in.start > 0 {
		copy(in.buf, in.buf[in.start:in.avail])
		in.end -= in.start
		in.seen -= in.start
		in.avail -= in.start
		in.start = 0
	}
	if in.avail == len(in.buf) {
		in.buf = append(in.buf, make([]byte, len(in.buf))...)
	}
	for range 100 {
		n, err := in.r.Read(in.buf[in.avail:])
		if in.watched {
			in.look(in.buf[in.avail : in.avail+n])
		}
		in.avail += n
		if in.err = err; n > 0 || err != nil {
			return
		}
	}
	in.err = io.ErrNoProgress
}
