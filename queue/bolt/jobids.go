package bolt

import (
	"bytes"
	"context"
	"hash/maphash"
	"math/bits"
	"sync"

	"go.etcd.io/bbolt"

	"airlift/queue"
)

// jobIDs remembers which job ids the items of a batch have, so that an id given twice is noticed. It is a Bloom filter:
// most new ids need no look at the results. It is read from the results when the batch first needs it.
type jobIDs struct {
	loading sync.Mutex
	loaded  bool // guarded by loading
	// filters belong to whoever loads, and to the writer from then on. Each is twice as large as the one before it.
	filters []idFilter
}

// idFilter is a blocked Bloom filter: an id sets 10 bits of one cache line. At 16 ids a line, about one new id in
// 200,000 is taken for a known one, which costs a search through the results.
type idFilter struct {
	lines []bloomLine
	room  int64
}

const (
	idsEach  = 16 // ids a line
	idsFirst = 1 << 12
	idBits   = 10
)

// The seeds make the hash of an id in this process.
var idLine, idMask = maphash.MakeSeed(), maphash.MakeSeed()

// visit sets the bits of an id if it is to, and reports whether all were set before.
func (f *idFilter) visit(id string, set bool) bool {
	at, _ := bits.Mul64(maphash.String(idLine, id), uint64(len(f.lines)))
	line, all := &f.lines[at], true
	for i, x := 0, maphash.String(idMask, id); i < idBits; i, x = i+1, x>>6 {
		bit := uint64(1) << (x & 63)
		all = all && line[i&7]&bit != 0
		if set {
			line[i&7] |= bit
		}
	}
	return all
}

// has reports whether the id may have been added: false is certain.
func (j *jobIDs) has(id string) bool {
	for i := range j.filters {
		if j.filters[i].visit(id, false) {
			return true
		}
	}
	return false
}

// add notes an id. The first filter has room for expected ids.
func (j *jobIDs) add(id string, expected int64) {
	n := len(j.filters)
	if n == 0 || j.filters[n-1].room == 0 {
		room := max(expected, idsFirst)
		if n > 0 {
			room = 2 * int64(len(j.filters[n-1].lines)) * idsEach
		}
		lines := room/idsEach + 1
		j.filters = append(j.filters, idFilter{make([]bloomLine, lines), lines * idsEach})
		n++
	}
	j.filters[n-1].room--
	j.filters[n-1].visit(id, true)
}

// loadJobIDs reads the job ids of the batch, unless that was done before. Until it is done nobody stores new ones.
func (db *DB) loadJobIDs(ctx context.Context, b *batch) error {
	j := &b.ids
	j.loading.Lock()
	defer j.loading.Unlock()
	if j.loaded {
		return nil
	}
	j.filters = nil // what an attempt that failed has read
	expected := b.public.Load().Counts.Items
	note := func(rec record) {
		for _, id := range []string{rec.JobID, rec.ContestedID()} {
			if id != "" {
				j.add(id, expected)
			}
		}
	}
	for _, pick := range []func(bk buckets) *bbolt.Bucket{
		func(bk buckets) *bbolt.Bucket { return bk.results },
		func(bk buckets) *bbolt.Bucket { return bk.open },
	} {
		for next := []byte{}; next != nil; {
			err := db.viewBatch(ctx, b, func(bk buckets) error {
				c := pick(bk).Cursor()
				k, v := c.Seek(next)
				for n := 0; k != nil && n < viewRows; n++ {
					rec, err := recordAt(k, v)
					if err != nil {
						return err
					}
					note(rec)
					k, v = c.Next()
				}
				next = bytes.Clone(k)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	j.loaded = true
	return nil
}

// loadIDsOf makes ready what results that name a job are compared with.
func (db *DB) loadIDsOf(ctx context.Context, batches []*batch, results []queue.Result) error {
	for i := range results {
		if results[i].To == queue.Submitted {
			if err := db.loadJobIDs(ctx, batches[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// storedOwner returns the submitted item that has the job id, or one that is in doubt for it; nil if there is none. It
// searches all results, but only for an id that the filter knows.
func (b *batch) storedOwner(bk buckets, id string) (*idOwner, error) {
	if !b.ids.has(id) {
		return nil, nil
	}
	stored := []byte(id)
	if isHexID(id) {
		stored = appendUnhexed(nil, id)
	}
	c := bk.results.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if !bytes.Contains(v, stored) {
			continue
		}
		if rec, err := recordAt(k, v); err != nil || rec.JobID != id {
			if err != nil {
				return nil, err
			}
			continue
		}
		seq := keySeq(k)
		rec, _, err := current(bk, seq)
		if err != nil {
			return nil, err
		}
		if rec.JobID == id {
			return &idOwner{seq: seq, record: rec}, nil
		}
	}
	c = bk.open.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		rec, err := recordAt(k, v)
		if err != nil {
			return nil, err
		}
		if rec.ContestedID() == id {
			return &idOwner{seq: keySeq(k), record: rec}, nil
		}
	}
	return nil, nil
}
