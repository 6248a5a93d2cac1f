package index

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"airlift/queue/bolt/codec"
)

// A group is a value of the index: entries sorted by hash, under the hash of the first. What they share is not repeated:
// the first bytes of the hashes stand in the key alone, fingerprints are there only if some entry has one, and sequence
// numbers are counted from the least, in as few bytes as they need. So a binary search goes over entries of one width.
//
//	head     1 byte    how many first bytes the hashes share (0 to 15), and groupPrints
//	width    1 byte    of a sequence number, 1 to 5
//	base     5 bytes   the least sequence number
//	entries            rest of the hash, fingerprint (4 bytes, if any), sequence number less base
//	checksum 4 bytes   over key and value
const (
	groupHead   = 1 + 1 + seqBytes
	groupShared = 0x0f
	groupPrints = 0x80
	// groupMax makes two values fill a page of 4,096 bytes, the least that bbolt puts into a leaf.
	groupMax = 2004
)

const (
	hashLen = 16
	// seqBytes is the length of a sequence number in the index at most.
	seqBytes = 5
	// MaxSeq is what they hold.
	MaxSeq = 1<<(8*seqBytes) - 1
)

// entry is an item in the index.
type entry struct {
	hash
	fp  uint32
	seq uint64
}

// group is a decoded value of the index. It shares memory with the value.
type group struct {
	key     []byte
	entries []byte
	shared  int
	prints  bool
	base    uint64
	seqLen  int
	width   int
}

// groupOf returns the group of a value of the index, with at least one entry, if it is as it was written.
func groupOf(k, v []byte) (g group, err error) {
	value, ok := codec.Bound(k, v)
	if !ok || len(k) != hashLen || len(value) < groupHead {
		return g, codec.Damaged("a value of the index is garbled")
	}
	g = group{
		key: k, entries: value[groupHead:], shared: int(value[0] & groupShared), prints: value[0]&groupPrints != 0,
		base: bigEndian(value[2:groupHead]), seqLen: int(value[1]),
	}
	g.width = hashLen - g.shared + g.seqLen
	if g.prints {
		g.width += 4
	}
	if g.seqLen < 1 || g.seqLen > seqBytes || len(g.entries) == 0 || len(g.entries)%g.width != 0 {
		return g, codec.Damaged("a value of the index is garbled")
	}
	return g, nil
}

// len returns the number of entries.
func (g *group) len() int { return len(g.entries) / g.width }

// hashAt returns the hash of the i-th entry.
func (g *group) hashAt(i int) hash {
	var b [hashLen]byte
	copy(b[:], g.key[:g.shared])
	copy(b[g.shared:], g.entries[i*g.width:])
	return hashAt(b[:])
}

// at returns the i-th entry.
func (g *group) at(i int) entry {
	e := entry{hash: g.hashAt(i)}
	rest := g.entries[i*g.width+hashLen-g.shared : (i+1)*g.width]
	if g.prints {
		e.fp, rest = binary.BigEndian.Uint32(rest), rest[4:]
	}
	e.seq = g.base + bigEndian(rest)
	return e
}

// find returns the entry of a hash.
func (g *group) find(h hash) (entry, bool) {
	var b [hashLen]byte
	want := h.append(b[:0])
	if !bytes.Equal(want[:g.shared], g.key[:g.shared]) {
		return entry{}, false
	}
	want = want[g.shared:]
	low, high := 0, g.len()
	for low < high {
		mid := int(uint(low+high) / 2)
		at := mid * g.width
		switch c := bytes.Compare(want, g.entries[at:at+len(want)]); {
		case c == 0:
			return g.at(mid), true
		case c < 0:
			high = mid
		default:
			low = mid + 1
		}
	}
	return entry{}, false
}

// packGroup returns key and value of a group of sorted entries.
func packGroup(entries []entry, s groupShape) (key, value []byte) {
	key = entries[0].hash.append(make([]byte, 0, hashLen))
	value = make([]byte, groupHead, groupHead+len(entries)*s.width()+codec.SumLen)
	value[0], value[1] = byte(s.shared), byte(s.seqLen())
	if s.prints {
		value[0] |= groupPrints
	}
	putBigEndian(value[2:groupHead], s.least)
	var h [hashLen]byte
	seqLen := s.seqLen()
	for i := range entries {
		e := &entries[i]
		e.hash.append(h[:0])
		value = append(value, h[s.shared:]...)
		if s.prints {
			value = binary.BigEndian.AppendUint32(value, e.fp)
		}
		n := len(value)
		value = value[:n+seqLen]
		putBigEndian(value[n:], e.seq-s.least)
	}
	return key, codec.Bind(key, value)
}

// groupShape is what decides how wide a group's entries are.
type groupShape struct {
	first       hash
	shared      int
	prints      bool
	least, most uint64
}

// shapeOf returns the shape of a group with one entry.
func shapeOf(e *entry) groupShape {
	return groupShape{first: e.hash, shared: groupShared, prints: e.fp != 0, least: e.seq, most: e.seq}
}

// take makes room for one more entry, which follows the others.
func (s *groupShape) take(e *entry) {
	s.prints = s.prints || e.fp != 0
	s.least, s.most = min(s.least, e.seq), max(s.most, e.seq)
	s.shared = min(groupShared, sharedBytes(s.first, e.hash))
}

func (s groupShape) seqLen() int {
	n := 1
	for d := s.most - s.least; d > 0xff; d >>= 8 {
		n++
	}
	return n
}

func (s groupShape) width() int {
	n := hashLen - s.shared + s.seqLen()
	if s.prints {
		n += 4
	}
	return n
}

// sharedBytes returns how many first bytes two hashes have in common.
func sharedBytes(a, b hash) int {
	if x := a.hi ^ b.hi; x != 0 {
		return bits.LeadingZeros64(x) / 8
	}
	return 8 + bits.LeadingZeros64(a.lo^b.lo)/8
}

// bigEndian reads a number of up to 8 bytes.
func bigEndian(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// putBigEndian fills b with the number.
func putBigEndian(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}
