package index

import (
	"hash/maphash"

	"airlift/queue"
)

// Alikes are the unsourced items of a batch whose jobs may be those of objects in another spelling (see
// [queue.AlikeReason]), by the hashes of their own spellings. Their number is that of the items whose names do not prove
// their objects, mostly none. A nil Alikes is empty.
type Alikes struct {
	names queue.Namer
	seed  maphash.Seed
	seqs  map[uint64]uint64 // each sequence number plus one
}

// NewAlikes returns the empty Alikes of a batch.
func NewAlikes(b queue.Batch) (*Alikes, error) {
	names, err := queue.NewNamer(b)
	return &Alikes{names: names, seed: maphash.MakeSeed(), seqs: map[uint64]uint64{}}, err
}

// Add adds an unsourced item, unless its name proves its object.
func (a *Alikes) Add(it *queue.Item) {
	if a.names.Proves(it) {
		return
	}
	for _, o := range a.names.Spellings(it) {
		if h := maphash.Comparable(a.seed, o); a.seqs[h] == 0 {
			a.seqs[h] = it.Seq + 1
		}
	}
}

// Empty reports whether there is nothing to find.
func (a *Alikes) Empty() bool { return a == nil || len(a.seqs) == 0 }

// Find returns the unsourced item whose job may be that of a row.
func (a *Alikes) Find(row *queue.Item) (seq uint64, found bool) {
	if a.Empty() {
		return 0, false
	}
	for _, o := range a.names.Spellings(row) {
		if next := a.seqs[maphash.Comparable(a.seed, o)]; next > 0 {
			return next - 1, true
		}
	}
	return 0, false
}
