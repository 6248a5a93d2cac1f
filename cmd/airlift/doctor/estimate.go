package doctor

import (
	"bytes"
	"errors"
	"io"
	"os"

	"airlift/manifest"
	"airlift/manifest/input"
)

// measured is how much of a manifest is unpacked to count its lines.
const measured = 4 << 20

// estimateRows estimates the rows of a manifest from its length and the lines of its beginning; -1: that cannot be told, as of
// a scan, an inventory or a table in Parquet.
func estimateRows(src manifest.Source) int64 {
	if src.Kind != manifest.KindFile || src.Format != manifest.FormatCSV && src.Format != manifest.FormatJSONL && src.Format != manifest.FormatText {
		return -1
	}
	f, err := os.Open(src.Canonical())
	if err != nil {
		return -1
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return -1
	}
	packed := &counted{r: f}
	text, release, err := input.Decompress(packed, input.Uncompressed) // its first bytes tell whether it is packed
	if err != nil {
		return -1
	}
	defer release()
	head := make([]byte, measured)
	n, err := io.ReadFull(text, head)
	if n == 0 || packed.n == 0 {
		return -1
	}
	lines := int64(bytes.Count(head[:n], []byte{'\n'}))
	if errors.Is(err, io.ErrUnexpectedEOF) { // that was all
		return lines
	}
	return int64(float64(lines) * float64(info.Size()) / float64(packed.n))
}

// counted counts the bytes that are read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
