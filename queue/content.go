package queue

import (
	"crypto/sha256"
	"encoding/binary"
)

// Content stands for the contents of an object, as far as a source states them: 40 bits of a hash of the ETag and 24 of
// the size. Each part is 0 where it is not stated, so that a source which states less (a manifest with sizes only) can be
// compared with one that states more. The zero Content says nothing.
//
// Two different contents of the same size have the same Content with a probability of 10^-12.
type Content uint64

const (
	contentSize Content = 1<<24 - 1
	contentETag         = ^contentSize
)

// ContentOf returns what is known of an object by its ETag ("" if that is not known) and its size in bytes (where sized).
func ContentOf(etag string, size int64, sized bool) Content {
	var c Content
	if etag != "" {
		c = contentPart(append([]byte("etag "), etag...), contentETag)
	}
	if sized {
		c |= contentPart(binary.BigEndian.AppendUint64([]byte("size "), uint64(size)), contentSize)
	}
	return c
}

// contentPart returns the bits of a hash that the mask keeps, which are never all 0.
func contentPart(b []byte, mask Content) Content {
	sum := sha256.Sum256(b)
	c := Content(binary.BigEndian.Uint64(sum[:])) & mask
	if c == 0 {
		c = mask
	}
	return c
}

// Compare reports whether both are the same as far as both are known, and whether anything is known of both.
func (c Content) Compare(o Content) (same, known bool) {
	for _, mask := range [...]Content{contentETag, contentSize} {
		if a, b := c&mask, o&mask; a != 0 && b != 0 {
			if a != b {
				return false, true
			}
			known = true
		}
	}
	return known, known
}

// With returns c with the parts that only o states.
func (c Content) With(o Content) Content {
	for _, mask := range [...]Content{contentETag, contentSize} {
		if c&mask == 0 {
			c |= o & mask
		}
	}
	return c
}
