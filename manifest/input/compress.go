package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression is that of a manifest, by the extension of its name.
type Compression string

const (
	Uncompressed Compression = ""
	Gzip         Compression = ".gz"
	Zstd         Compression = ".zst"
)

// maxWindow limits the memory of a zstd frame: 128 MiB is what
// `zstd --long` asks for (RFC 8878, 3.1.1.1.2, recommends at least 8 MiB).
const maxWindow = 128 << 20

var magics = map[Compression][]byte{
	Gzip: {0x1f, 0x8b},             // RFC 1952, 2.3.1
	Zstd: {0x28, 0xb5, 0x2f, 0xfd}, // RFC 8878, 3.1.1
}

// Decompress returns the plain bytes of a stream. Its first bytes say how it is compressed; a name that says so of
// plain bytes is an error. An empty stream stays empty. The second result releases the decoder.
func Decompress(r io.Reader, named Compression) (io.Reader, func(), error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull's own: the stream is short
		return nil, nil, err
	}
	head = head[:n]
	r = io.MultiReader(bytes.NewReader(head), r)
	switch {
	case bytes.HasPrefix(head, magics[Gzip]):
		z, err := newMembers(r)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return decoder{"gzip", z}, func() { z.z.Close() }, nil
	case bytes.HasPrefix(head, magics[Zstd]), isSkippable(head):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return decoder{"zstd", z}, z.Close, nil
	case named != Uncompressed && n > 0:
		return nil, nil, fmt.Errorf("the name ends in %s but the content is not compressed so", named)
	}
	return r, func() {}, nil
}

// decoder names the decoder in its errors, and a stream that ends too early.
type decoder struct {
	name string
	r    io.Reader
}

func (n decoder) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return k, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return k, fmt.Errorf("the %s data is cut off: %w", n.name, err)
	}
	return k, fmt.Errorf("the %s data is damaged: %w", n.name, err)
}

// isSkippable reports whether head begins with the magic number of a isSkippable frame (RFC
// 8878, 3.1.2), with which pzstd begins its streams.
func isSkippable(head []byte) bool {
	return len(head) == 4 && head[0]&0xf0 == 0x50 && string(head[1:]) == "\x2a\x4d\x18"
}

// members reads the members of a gzip stream (RFC 1952, 2.2). The library's own multistream mode fails at zeros after a
// member, which tapes and block devices pad with, and which gzip and Python skip.
type members struct {
	z   *gzip.Reader
	r   *bufio.Reader
	end bool
}

func newMembers(r io.Reader) (*members, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &members{z: z, r: b}, nil
}

// Read returns io.EOF at the clean end of the last member.
func (m *members) Read(p []byte) (int, error) {
	for !m.end {
		n, err := m.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if m.end, err = m.pad(); err == nil && !m.end {
			if err = m.z.Reset(m.r); err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			m.z.Multistream(false)
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.EOF
}

// pad skips zeros, and reports whether the stream ends there.
func (m *members) pad() (end bool, err error) {
	for {
		c, err := m.r.ReadByte()
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case c != 0:
			return false, m.r.UnreadByte()
		}
	}
}
