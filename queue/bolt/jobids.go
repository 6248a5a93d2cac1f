package bolt

import (
	"bytes"
	"context"
	"sync"

	"go.etcd.io/bbolt"

	"airlift/queue/bolt/block"
	"airlift/queue/bolt/index"
)

// jobIDs are the job ids of a batch's items. They are read from the results when the batch first needs them.
type jobIDs struct {
	loading      sync.Mutex
	loaded       bool // guarded by loading
	index.JobIDs      // belongs to whoever loads, and to the writer from then on
}

// loadJobIDs reads the job ids of the batch, unless that was done before. Until it is done nobody stores new ones.
func (db *DB) loadJobIDs(ctx context.Context, b *batch) error {
	j := &b.ids
	j.loading.Lock()
	defer j.loading.Unlock()
	if j.loaded {
		return nil
	}
	j.JobIDs = index.JobIDs{} // without what an attempt that failed has read
	expected := b.public.Load().Counts.Items
	for _, pick := range []func(bk buckets) *bbolt.Bucket{
		func(bk buckets) *bbolt.Bucket { return bk.results },
		func(bk buckets) *bbolt.Bucket { return bk.open },
	} {
		err := db.scan(ctx, b, pick, func(k, v []byte) error {
			rec, err := block.RecordAt(k, v)
			j.Add(rec.JobID, expected)
			j.Add(rec.ContestedID(), expected)
			return err
		})
		if err != nil {
			return err
		}
	}
	j.loaded = true
	return nil
}

// ownerOf returns the submitted item that has the job id, or one that is in doubt for it. It searches all results, but
// only for an id that the filter knows.
func (b *batch) ownerOf(bk buckets, id string) (seq uint64, ok bool, err error) {
	if !b.ids.Has(id) {
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
