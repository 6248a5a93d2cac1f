package manifest

import (
	"bytes"
	"errors"
	"io"
)

// errTooLong is returned by input when a line passes MaxRow.
var errTooLong = errors.New("line too long")

// input hands out a stream's lines from one buffer, without copying. A token is
// one line, or several that extend joined: a CSV row may span lines.
type input struct {
	r     io.Reader
	buf   []byte
	start int   // of the token
	end   int   // of the token
	seen  int   // buf[end:seen] holds no LF
	avail int   // bytes of buf that are filled
	line  int64 // number, from 1, of the token's first line
	lines int64 // lines in the token
	err   error // of r, io.EOF at its end
	// crs and zeros tell, once watch was called, that a CR and a NUL were among what
	// was read so far: few streams hold any, and their lines need not be searched
	// for them.
	crs, zeros bool
	watched    bool
}

const firstBuffer = 256 << 10

func newInput(r io.Reader) *input {
	return &input{r: r, buf: make([]byte, firstBuffer), line: 1}
}

// token returns the current token with its line ends. It is valid until the next
// call of next or extend.
func (in *input) token() []byte { return in.buf[in.start:in.end] }

// next starts a new token with the next line. The last line needs no LF. A line
// over MaxRow is passed over whole and gives errTooLong. A stream that fails
// gives its error instead of the line that it cut; io.EOF is its clean end.
func (in *input) next() error {
	in.line += in.lines
	in.start, in.lines = in.end, 0
	err := in.extend()
	if errors.Is(err, errTooLong) {
		if err := in.skipLine(); err != nil {
			return err
		}
	}
	return err
}

// extend joins the next line to the token; its errors leave the token as it is.
func (in *input) extend() error {
	for {
		if i := bytes.IndexByte(in.buf[in.seen:in.avail], '\n'); i >= 0 {
			in.take(in.seen + i + 1)
			break
		}
		in.seen = in.avail
		if in.avail-in.start > MaxRow {
			return errTooLong
		}
		if in.err != nil {
			if isEOF(in.err) {
				in.cutMark()
			}
			if !isEOF(in.err) || in.avail == in.end {
				return in.err
			}
			in.take(in.avail)
			break
		}
		in.fill()
	}
	if in.end-in.start > MaxRow {
		return errTooLong
	}
	return nil
}

// fileEnd is the byte by which DOS and CP/M mark the end of a text.
const fileEnd = 0x1a

// cutMark takes the marks from the end of the stream. They are no part of its
// last line.
func (in *input) cutMark() {
	for in.avail > in.end && in.buf[in.avail-1] == fileEnd {
		in.avail--
	}
	in.seen = min(in.seen, in.avail)
}

// peek returns up to n lines from the beginning of the next token on, without
// their line ends, blank ones too; a line that does not end within what can be
// seen is among them only at the end of the stream. The token stays, but may lie
// elsewhere.
func (in *input) peek(n int) []string {
	const most = 64 << 10
	for in.err == nil && in.avail-in.end < most && bytes.Count(in.buf[in.end:in.avail], []byte{'\n'}) < n {
		in.fill()
	}
	if isEOF(in.err) {
		in.cutMark()
	}
	var lines []string
	for rest := in.buf[in.end:in.avail]; len(lines) < n && len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte{'\n'})
		if !ended && !isEOF(in.err) {
			break
		}
		lines = append(lines, string(bytes.TrimPrefix(bytes.TrimRight(line, "\r"), bom)))
		rest = after
	}
	return lines
}

func (in *input) take(end int) {
	in.end, in.seen = end, end
	in.lines++
}

// skipLine passes over the rest of a line that is too long, in little memory.
func (in *input) skipLine() error {
	for in.lines == 0 {
		in.start, in.end, in.seen, in.avail = 0, 0, 0, 0
		if in.err != nil {
			if !isEOF(in.err) {
				return in.err
			}
			in.lines++
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

// unread makes the next call of next give the token again, which must be one line.
func (in *input) unread() {
	in.end, in.seen, in.lines = in.start, in.start, 0
}

// rest returns what next has not passed over yet, as a stream.
func (in *input) rest() io.Reader {
	return io.MultiReader(bytes.NewReader(in.buf[in.end:in.avail]), in.r)
}

// watch begins to look for CRs and NULs from the token on.
func (in *input) watch() {
	in.watched = true
	in.look(in.buf[in.start:in.avail])
}

func (in *input) look(read []byte) {
	in.crs = in.crs || bytes.IndexByte(read, '\r') >= 0
	in.zeros = in.zeros || bytes.IndexByte(read, 0) >= 0
}

// fill reads once more, making room first.
func (in *input) fill() {
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
