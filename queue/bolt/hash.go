package bolt

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"

	"airlift/queue"
)

// hash stands for bucket and key in the index: the first 16 bytes of a SHA-256 over a key of our own and both of them.
// Two objects with one hash would be taken for one and the second be lost. By chance that does not happen at 128 bits;
// on purpose it cannot be brought about, because nobody knows the random key that each queue draws when it is made.
type hash struct{ hi, lo uint64 }

func (h hash) compare(o hash) int {
	if c := cmp.Compare(h.hi, o.hi); c != 0 {
		return c
	}
	return cmp.Compare(h.lo, o.lo)
}

func (h hash) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, h.hi), h.lo)
}

func hashAt(b []byte) hash { return hash{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])} }

// hasher hashes with the queue's key; it is not safe for concurrent use.
type hasher struct {
	key  [16]byte
	buf  []byte
	last queue.JobFields // own fields repeat from row to row
	fp   uint32
}

func newHasher(key [16]byte) *hasher { return &hasher{key: key} }

// object hashes bucket and key. The bucket's length keeps them apart.
func (h *hasher) object(bucket, key string) hash {
	h.buf = append(h.buf[:0], h.key[:]...)
	h.buf = appendString(h.buf, bucket)
	h.buf = append(h.buf, key...)
	sum := sha256.Sum256(h.buf)
	return hashAt(sum[:])
}

// anyFields is the fingerprint of an unsourced item, which no row contradicts.
const anyFields = math.MaxUint32

// fields is a fingerprint of what else the row says of the job: its name and its own job fields. Rows of one object with
// other fingerprints contradict each other. A row that says nothing has 0, an unsourced item anyFields.
func (h *hasher) fields(it *queue.Item) uint32 {
	if it.Unsourced {
		return anyFields
	}
	if it.Name == "" && it.Own.Equal(h.last) {
		return h.fp
	}
	fp := uint32(0)
	if it.Name != "" || !it.Own.Equal(queue.JobFields{}) {
		h.buf = append(h.buf[:0], h.key[:]...)
		h.buf = appendString(h.buf, it.Name)
		h.buf = appendFields(h.buf, &it.Own)
		sum := sha256.Sum256(h.buf)
		fp = min(max(1, binary.BigEndian.Uint32(sum[:])), anyFields-1)
	}
	if it.Name == "" {
		h.last, h.fp = it.Own, fp
	}
	return fp
}
