package bolt

import (
	"bytes"
	"context"
	"hash/maphash"
	"sync"

	"go.etcd.io/bbolt"

	"airlift/queue/bolt/block"
	"airlift/queue/bolt/index"
)

// jobIDs remembers which job ids the items of a batch have, so that an id given twice is noticed. It is a Bloom filter:
// most new ids need no look at the results. It is read from the results when the batch first needs it.
type jobIDs struct {
	loading sync.Mutex
	loaded  bool // guarded by loading
	// filters belong to whoever loads, and to the writer from then on. Each is twice as large as the one before it.
	filters []*index.Filter
	room    int64 // of the last one when it was new
}

const (
	// idsEach is how many ids a line of a filter takes: about one new id in 200,000 is taken for a known one, which costs
	// a search through the results.
	idsEach  = 14
	idsFirst = 1 << 12
)

// The seeds make the hash of an id in this process.
var seedHigh, seedLow = maphash.MakeSeed(), maphash.MakeSeed()

// has reports whether the id may have been added: false is certain.
func (j *jobIDs) has(id string) bool {
	high, low := maphash.String(seedHigh, id), maphash.String(seedLow, id)
	for _, f := range j.filters {
		if f.Has(high, low) {
			return true
		}
	}
	return false
}

// add notes an id. The first filter has room for expected ids.
func (j *jobIDs) add(id string, expected int64) {
	n := len(j.filters)
	if n == 0 || j.filters[n-1].Room() == 0 {
		j.room = max(2*j.room, expected, idsFirst)
		j.filters = append(j.filters, index.NewFilter(j.room, idsEach))
		n++
	}
	j.filters[n-1].Add(maphash.String(seedHigh, id), maphash.String(seedLow, id))
}

// loadJobIDs reads the job ids of the batch, unless that was done before. Until it is done nobody stores new ones.
func (db *DB) loadJobIDs(ctx context.Context, b *batch) error {
	j := &b.ids
	j.loading.Lock()
	defer j.loading.Unlock()
	if j.loaded {
		return nil
	}
	j.filters, j.room = nil, 0 // what an attempt that failed has read
	expected := b.public.Load().Counts.Items
	for _, pick := range []func(bk buckets) *bbolt.Bucket{
		func(bk buckets) *bbolt.Bucket { return bk.results },
		func(bk buckets) *bbolt.Bucket { return bk.open },
	} {
		for next := []byte{}; next != nil; {
			err := db.viewBatch(ctx, b, func(bk buckets) error {
				c := pick(bk).Cursor()
				k, v := c.Seek(next)
				for n := 0; k != nil && n < viewRows; n++ {
					rec, err := block.RecordAt(k, v)
					if err != nil {
						return err
					}
					for _, id := range []string{rec.JobID, rec.ContestedID()} {
						if id != "" {
							j.add(id, expected)
						}
					}
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

// ownerOf returns the submitted item that has the job id, or one that is in doubt for it. It searches all results, but
// only for an id that the filter knows.
func (b *batch) ownerOf(bk buckets, id string) (seq uint64, ok bool, err error) {
	if !b.ids.has(id) {
		return 0, false, nil
	}
	stored := block.StoredJobID(id)
	c := bk.results.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if !bytes.Contains(v, stored) {
			continue
		}
		if rec, err := block.RecordAt(k, v); err != nil {
			return 0, false, err
		} else if rec.JobID != id {
			continue
		}
		seq := keySeq(k)
		rec, _, err := current(bk, seq)
		if err != nil {
			return 0, false, err
		}
		if rec.JobID == id {
			return seq, true, nil
		}
	}
	c = bk.open.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		rec, err := block.RecordAt(k, v)
		if err != nil {
			return 0, false, err
		}
		if rec.ContestedID() == id {
			return keySeq(k), true, nil
		}
	}
	return 0, false, nil
}
