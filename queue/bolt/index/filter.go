package index

import "math/bits"

// filter is a Bloom filter over hashes. An entry sets one bit in each word of one cache line, so that a question costs one
// read of memory; sorted hashes go through the lines in order.
type filter struct {
	lines []filterLine
	room  int64 // entries that it may still take
}

type filterLine [8]uint64

const (
	// filterEach is how many entries of the index a line takes: a full filter takes 1.5 bytes an entry, and one new object
	// in two hundred is a false positive, which costs a lookup in every run.
	filterEach = 42
	// filterFirst is the minimum capacity in entries (0.8 MB): up to it the filter is not rebuilt for more room.
	filterFirst = 1 << 19
)

// newFilter returns an empty filter for so many entries, each as many of them to a line. Fewer make fewer errors.
func newFilter(entries, each int64) *filter {
	lines := entries/each + 1
	return &filter{make([]filterLine, lines), lines * each}
}

// add adds an entry, by 128 bits of its hash.
func (f *filter) add(hi, lo uint64) {
	f.room--
	line := f.line(hi)
	for i := range line {
		line[i] |= 1 << (lo >> (6 * i) & 63)
	}
}

// has reports whether the entry may have been added: false is certain.
//
// It does not branch on the content of a line: for new rows the branch would be unpredictable, and each misprediction would discard the
// speculative reads of the next lines.
func (f *filter) has(hi, lo uint64) bool {
	line, all := f.line(hi), uint64(1)
	for i := range line {
		all &= line[i] >> (lo >> (6 * i) & 63)
	}
	return all != 0
}

func (f *filter) line(hi uint64) *filterLine {
	at, _ := bits.Mul64(hi, uint64(len(f.lines)))
	return &f.lines[at]
}
