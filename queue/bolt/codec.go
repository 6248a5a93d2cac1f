package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"airlift/queue"
)

// damaged returns an ErrCorrupt that says what is wrong and what to do.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s; restore the file from a copy, or move it away and start anew",
		queue.ErrCorrupt, fmt.Sprintf(format, args...))
}

var errGarbled = errors.New("garbled value")

// reader takes a value apart. After the first fault it returns zeroes; end tells.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

// count reads a number of things of which each takes at least one byte (or min bytes), so that no garbage makes us
// allocate more than the value is long.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.fail()
		return 0
	}
	return int(n)
}

// bytes returns a piece of the value itself, not a copy.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail()
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) string() string {
	return string(r.bytes(r.count()))
}

func (r *reader) fail() { r.bad, r.b = true, nil }

// end reports a fault, or bytes left over.
func (r *reader) end() error {
	if r.bad || len(r.b) != 0 {
		return errGarbled
	}
	return nil
}

func appendString[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// maxRaw bounds what a packed value may unpack to, so that a garbled length cannot exhaust memory.
const maxRaw = 256 << 20

// seal compresses a value and puts a checksum before it, because bbolt itself checks only its meta pages.
func seal(raw []byte) ([]byte, error) {
	if len(raw) > maxRaw {
		return nil, fmt.Errorf("a row of %d bytes is too large to store, at most %d", len(raw), maxRaw)
	}
	out := make([]byte, 4, 4+s2.MaxEncodedLen(len(raw)))
	packed := s2.Encode(out[4:cap(out)], raw)
	out = out[:4+len(packed)]
	binary.BigEndian.PutUint32(out, crc32.Checksum(packed, castagnoli))
	return out, nil
}

// unseal gives back what was sealed, using the buffer if it is large enough.
func unseal(buf, sealed []byte) ([]byte, error) {
	if len(sealed) < 4 || binary.BigEndian.Uint32(sealed) != crc32.Checksum(sealed[4:], castagnoli) {
		return nil, errors.New("wrong checksum")
	}
	n, err := s2.DecodedLen(sealed[4:])
	if err != nil || n > maxRaw {
		return nil, errGarbled
	}
	return s2.Decode(buf[:cap(buf)], sealed[4:])
}
