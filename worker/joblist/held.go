package joblist

import "slices"

// noItem is the number under which heldJobs keeps the jobs of no item.
const noItem = ^uint64(0)

// maxHeld bounds the ids that are kept. Jobs beyond it are counted and reported each time they are
// shown, and their items are reported without ids.
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
