package bolt

import "math/bits"

// bloom is a Bloom filter over the hashes of a batch: most new rows need no look at the index. It grows by filters of
// doubling size, so that it never has to be built anew. About 10 bits an entry give one false hit in a hundred.
type bloom struct {
	parts []bloomPart
}

type bloomPart struct {
	lines []bloomLine
	room  int64 // entries it may still take
}

// bloomLine is a cache line. An entry sets bloomBits bits in one of them, so that a question costs one read of memory;
// sorted hashes go through the lines in order.
type bloomLine [8]uint64

const (
	bloomBits  = 6
	bloomEach  = 10      // bits an entry
	bloomFirst = 1 << 17 // entries of the smallest part
)

// reserve makes room for n more entries.
func (f *bloom) reserve(n int64) {
	if len(f.parts) > 0 && f.parts[len(f.parts)-1].room >= n {
		return
	}
	size := int64(bloomFirst)
	for _, p := range f.parts {
		size = max(size, 2*int64(len(p.lines))*512/bloomEach)
	}
	size = max(size, n)
	f.parts = append(f.parts, bloomPart{lines: make([]bloomLine, size*bloomEach/512+1), room: size})
}

// add notes a hash; reserve must have made room.
func (f *bloom) add(h hash) {
	p := &f.parts[len(f.parts)-1]
	p.room--
	line := p.line(h)
	for i, x := 0, h.lo; i < bloomBits; i, x = i+1, x>>9 {
		line[x>>6&7] |= 1 << (x & 63)
	}
}

// has reports whether the hash may have been added: false is certain.
func (f *bloom) has(h hash) bool {
next:
	for i := range f.parts {
		line := f.parts[i].line(h)
		for i, x := 0, h.lo; i < bloomBits; i, x = i+1, x>>9 {
			if line[x>>6&7]&(1<<(x&63)) == 0 {
				continue next
			}
		}
		return true
	}
	return false
}

func (p *bloomPart) line(h hash) *bloomLine {
	at, _ := bits.Mul64(h.hi, uint64(len(p.lines)))
	return &p.lines[at]
}
