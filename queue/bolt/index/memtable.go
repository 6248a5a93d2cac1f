package index

import (
	"slices"
	"sync"
)

// maxRun is how many entries the memtable takes before it is stored as a run: large, so that an entry is written once and a
// lookup goes through few runs, but small enough for memory (13 MB) and for a fast rebuild after a crash.
// It also bounds a merged run, which is built in memory.
const maxRun = 1 << 19

// maxSegments is how many segments of fewer entries than this part of a run are kept: a scan may go on for hours, and add
// what it finds twenty times a second.
const maxSegments = 32

// memtable holds the index entries of the newest items. It is immutable once published.
type memtable struct {
	segments []segment // in the order of the items
}

// segment is what the index has of some items, sorted by hash.
type segment struct {
	base uint64
	rows []Row
}

// entry returns the i-th entry.
func (s *segment) entry(i int) entry {
	r := &s.rows[i]
	return entry{hash: r.hash, fp: r.Print, seq: s.base + uint64(r.N)}
}

// len returns the number of entries.
func (m *memtable) len() (n int) {
	for _, s := range m.segments {
		n += len(s.rows)
	}
	return n
}

// with returns the memtable with one more segment.
func (m *memtable) with(s segment) *memtable {
	if len(s.rows) == 0 {
		return m
	}
	all := append(slices.Clip(m.segments), s)
	small := len(all)
	for small > 0 && len(all[small-1].rows) < maxRun/maxSegments {
		small--
	}
	if len(all)-small >= maxSegments {
		all = append(all[:small:small], join(all[small:], 0))
	}
	return &memtable{all}
}

// lookup looks objects up, which must be sorted by hash, and returns those that are not found.
func (m *memtable) lookup(todo []*Match) []*Match {
	for _, s := range m.segments {
		left := todo[:0]
		for _, o := range todo {
			at, found := slices.BinarySearchFunc(s.rows, o.hash, Row.compare)
			s.rows = s.rows[at:]
			if found {
				o.set(s.entry(0))
			} else {
				left = append(left, o)
			}
		}
		todo = left
	}
	return todo
}

// run packs all entries as one run, on all cores.
func (m *memtable) run() *runWriter {
	const partBits = 3
	var parts [1 << partBits]runWriter
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			part := join(m.between(uint64(i), partBits), partBits)
			for n := range part.rows {
				parts[i].add(part.entry(n))
			}
			parts[i].flush()
		})
	}
	wg.Wait()
	w := &parts[0]
	for i := range parts[1:] {
		w.keys, w.values = append(w.keys, parts[i+1].keys...), append(w.values, parts[i+1].values...)
		w.entries += parts[i+1].entries
	}
	return w
}

// between returns what the segments have of the hashes that begin with so many given bits.
func (m *memtable) between(first uint64, n int) []segment {
	some := slices.Clone(m.segments)
	from, to := hash{hi: first << (64 - n)}, hash{hi: (first + 1) << (64 - n)}
	for i := range some {
		rows := some[i].rows
		low, _ := slices.BinarySearchFunc(rows, from, Row.compare)
		high := len(rows)
		if to.hi > 0 {
			high, _ = slices.BinarySearchFunc(rows, to, Row.compare)
		}
		some[i].rows = rows[low:high]
	}
	return some
}

// join makes one segment of several, which are in the order of the items, and whose hashes have so many first bits in
// common.
func join(some []segment, common int) segment {
	n := 0
	for _, s := range some {
		n += len(s.rows)
	}
	one := segment{some[0].base, make([]Row, 0, n)}
	for _, s := range some {
		for _, r := range s.rows {
			r.N += int32(s.base - one.base)
			one.rows = append(one.rows, r)
		}
	}
	one.rows = sortRows(one.rows, common)
	return one
}
