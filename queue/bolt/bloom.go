package bolt

import "math/bits"

// bloom is a Bloom filter over the hashes of a batch: most new rows need no look at the index. It is one filter, and
// read anew from the index at twice the size when it is full: several would each cost a row a read of far memory. About
// 12 bits an entry give one false hit in two hundred, each of which costs a look into every run.
type bloom struct {
	lines []bloomLine
	room  int64 // entries it may still take
}

// bloomLine is a cache line. An entry sets bloomBits bits in one of them, so that a question costs one read of memory;
// sorted hashes go through the lines in order.
type bloomLine [8]uint64

const (
	bloomBits  = 6
	bloomEach  = 12      // bits an entry
	bloomFirst = 1 << 19 // entries of the smallest filter: it is 0.8 MB, and up to there nothing is read anew
)

// newBloom returns an empty filter for a batch of n objects, with room for as many more, or for more than that.
func newBloom(n, more int64) bloom {
	room := max(bloomFirst, 2*n, n+more)
	return bloom{lines: make([]bloomLine, room*bloomEach/512+1), room: room}
}

// add notes a hash; there must be room.
func (f *bloom) add(h hash) {
	f.room--
	line := f.line(h)
	for i, x := 0, h.lo; i < bloomBits; i, x = i+1, x>>9 {
		line[x>>6&7] |= 1 << (x & 63)
	}
}

// has reports whether the hash may have been added: false is certain.
//
// There is no branch on what a line holds: of new rows it would go either way, and each wrong guess would throw away the
// reads of the next lines, which the processor otherwise does at the same time.
func (f *bloom) has(h hash) bool {
	line, all := f.line(h), uint64(1)
	for i, x := 0, h.lo; i < bloomBits; i, x = i+1, x>>9 {
		all &= line[x>>6&7] >> (x & 63)
	}
	return all != 0
}

// fetchAhead is how many hashes are a good stretch for fetch: their lines fit into the nearest cache.
const fetchAhead = 64

// fetch reads the lines of some hashes, so that they are near when they are asked for: a loop that does nothing else
// waits for many of them at a time. What it returns means nothing.
//
//go:noinline
func (f *bloom) fetch(refs []ref) (sum uint64) {
	for i := range refs {
		sum += f.line(refs[i].hash)[0]
	}
	return sum
}

func (f *bloom) line(h hash) *bloomLine {
	at, _ := bits.Mul64(h.hi, uint64(len(f.lines)))
	return &f.lines[at]
}
