package index

import (
	"hash/maphash"
	"slices"
)

// JobIDs remembers job ids, so that an id given twice is noticed. It is a Bloom filter that grows: most new ids need no
// look at what is stored. The zero JobIDs has none.
type JobIDs struct {
	filters []*filter // each is twice as large as the one before it
	room    int64     // of the last one when it was new
}

const (
	// idsEach is how many ids a line of a filter takes: about one new id in 200,000 is a false positive, which costs
	// a search through the results.
	idsEach  = 14
	idsFirst = 1 << 12
)

// The seeds make the hash of an id in this process.
var seedHigh, seedLow = maphash.MakeSeed(), maphash.MakeSeed()

// Has reports whether the id may have been added: false is certain.
func (j *JobIDs) Has(id string) bool {
	high, low := maphash.String(seedHigh, id), maphash.String(seedLow, id)
	return slices.ContainsFunc(j.filters, func(f *filter) bool { return f.has(high, low) })
}

// Add adds an id, unless it is empty. The first filter has room for expected ids.
func (j *JobIDs) Add(id string, expected int64) {
	if id == "" {
		return
	}
	n := len(j.filters)
	if n == 0 || j.filters[n-1].room <= 0 {
		j.room = max(2*j.room, expected, idsFirst)
		j.filters = append(j.filters, newFilter(j.room, idsEach))
		n++
	}
	j.filters[n-1].add(maphash.String(seedHigh, id), maphash.String(seedLow, id))
}
