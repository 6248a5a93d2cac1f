package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds what a zstd frame may make us hold: 128 MiB is what
// `zstd --long` asks for (RFC 8878, 3.1.1.1.2, recommends at least 8 MiB).
const maxWindow = 128 << 20

var magics = map[compression][]byte{
	gz:  {0x1f, 0x8b},             // RFC 1952, 2.3.1
	zst: {0x28, 0xb5, 0x2f, 0xfd}, // RFC 8878, 3.1.1
}

// decompress gives the stream's plain bytes. The first bytes decide, whatever
// the name; a name that promises compression and does not keep it is an error.
// An empty stream stays empty. The second result releases the decoder.
func decompress(r io.Reader, named compression) (io.Reader, func(), error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !isEOF(err) && err != io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull's own: the stream is short
		return nil, nil, err
	}
	head = head[:n]
	r = io.MultiReader(bytes.NewReader(head), r)
	switch {
	case bytes.HasPrefix(head, magics[gz]):
		// Members that follow one another are one stream (RFC 1952, 2.2).
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return decoder{"gzip", z}, func() { z.Close() }, nil
	case bytes.HasPrefix(head, magics[zst]):
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return decoder{"zstd", z}, z.Close, nil
	case named != plain && n > 0:
		return nil, nil, fmt.Errorf("the name ends in %s but the content is not compressed so", named)
	}
	return r, func() {}, nil
}

// decoder says in its errors which decoder they come from, and that a stream
// which ends too early is cut, not done.
type decoder struct {
	name string
	r    io.Reader
}

func (n decoder) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	switch {
	case err == nil || isEOF(err):
		return k, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return k, fmt.Errorf("the %s data is cut off: %w", n.name, err)
	}
	return k, fmt.Errorf("the %s data is damaged: %w", n.name, err)
}
