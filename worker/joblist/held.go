package joblist

import "slices"

// noItem is the number under which heldJobs keeps the jobs of no item.
const noItem = ^uint64(0)

// maxHeld bounds the ids that are kept. What is found beyond is counted and reported, once for each time that it is
// shown, and for items without the ids.
const maxHeld = 100_000

// heldJobs keeps the ids of jobs that do not agree with the queue, by the number of their item.
type heldJobs struct {
	ids     map[uint64][]string
	unknown map[string]bool // of no item, where there may be many under one number
	n       int
}

// add keeps an id and reports whether it is new, as far as that is known.
func (h *heldJobs) add(seq uint64, id string) bool {
	if h.ids == nil {
		h.ids, h.unknown = map[uint64][]string{}, map[string]bool{}
	}
	if h.unknown[id] && seq == noItem || slices.Contains(h.ids[seq], id) {
		return false
	}
	if h.n == maxHeld {
		return true
	}
	h.n++
	if seq == noItem {
		h.unknown[id] = true
	} else {
		h.ids[seq] = append(h.ids[seq], id)
	}
	return true
}

// bits is a growing set of numbers.
type bits struct {
	words []uint64
	any   bool // it is not empty
}

func (b *bits) has(n uint64) bool {
	return n/64 < uint64(len(b.words)) && b.words[n/64]&(1<<(n%64)) != 0
}

// set adds a number and reports whether it is new.
func (b *bits) set(n uint64) bool {
	if b.has(n) {
		return false
	}
	if need := int(n/64) + 1; need > len(b.words) {
		b.words = append(b.words, make([]uint64, need-len(b.words))...)
	}
	b.words[n/64] |= 1 << (n % 64)
	b.any = true
	return true
}
