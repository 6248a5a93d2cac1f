package bolt

import (
	"context"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// dedupe is what an enqueue needs of a batch in memory: 1.6 to 3.1 bytes an item. It is filled by the first Add of a
// process, not at open, so that a run which only submits does not wait for it.
type dedupe struct {
	// turn is held by the one Add (or change of reading) at work on the batch. The index and what is below change
	// only under it, so that an Add may look up and pack outside the writer.
	turn   chan struct{}
	loaded bool
	bloom  bloom
	// indexed is the first item that no run has.
	indexed uint64
	// near is the number of the run where the last known rows were found.
	near atomic.Uint32
	// seen has a bit for each item that the present reading has had. It does not outlive the process.
	seen bitmap
	// whole says that seen has all that the present reading had: this process began it.
	whole bool
	// since is, in a reading that goes on, the first item that it had added before; else above all items.
	since uint64
	// alikes is nil until they are read, and again after each adoption of unsourced items.
	alikes *alikes
}

// lock waits for the turn.
func (d *dedupe) lock(ctx context.Context) error {
	select {
	case d.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *dedupe) unlock() { <-d.turn }

// forget gives the filter's memory free. Who needs it next reads it from the index.
func (d *dedupe) forget() { d.loaded, d.bloom = false, bloom{} }

// loadBloom fills the filter from the index, a stretch of a run at a time, if it is not there or has no room for more.
func (db *DB) loadBloom(ctx context.Context, b *batch, more int64) error {
	d := &b.adding
	if d.loaded && d.bloom.room >= more {
		return nil
	}
	d.forget()
	l, err := db.loadLate(ctx, b)
	if err != nil {
		return err
	}
	books := b.public.Load()
	items := books.Counts.Items - books.Versions // the index has the first of each object
	d.bloom = newBloom(items, more)
	var runs []runInfo
	err = db.viewBatch(ctx, b, func(bk buckets) (err error) {
		runs, err = runsOf(bk)
		return err
	})
	if err != nil {
		return err
	}
	found := int64(l.len())
	for _, s := range l.some {
		for i := range s.refs {
			d.bloom.add(s.refs[i].hash)
		}
	}
	for _, run := range runs {
		for from := (hash{}); ; {
			more := false
			err := db.viewBatch(ctx, b, func(bk buckets) (err error) {
				var n int64
				from, n, more, err = bloomStretch(&d.bloom, bk.index.Bucket(run.num), from)
				found += n
				return err
			})
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
	}
	if found != items {
		// An object that the index has lost would be added, and get a job, a second time.
		return damaged("batch %q: the index has %d of %d objects", b.public.Load().ID, found, items)
	}
	d.loaded = true
	return nil
}

// bloomStretch adds some values of a run from the given hash on and returns where the next stretch begins, and how many
// entries this one had.
func bloomStretch(f *bloom, run *bbolt.Bucket, from hash) (next hash, entries int64, more bool, err error) {
	if run == nil {
		return from, 0, false, damaged("a run of the index is missing")
	}
	c := run.Cursor()
	k, v := c.Seek(from.append(nil))
	for n := 0; k != nil; k, v = c.Next() {
		if n == viewRows {
			return hashAt(k), entries, true, nil
		}
		n++
		g, err := groupOf(k, v)
		if err != nil {
			return from, entries, false, err
		}
		entries += int64(g.len())
		for i := range g.len() {
			f.add(g.hashAt(i))
		}
	}
	return from, entries, false, nil
}

// bitmap is a growing set of sequence numbers.
type bitmap struct{ words []uint64 }

func (m *bitmap) has(seq uint64) bool {
	return seq/64 < uint64(len(m.words)) && m.words[seq/64]&(1<<(seq%64)) != 0
}

// grow makes room for the numbers below n.
func (m *bitmap) grow(n uint64) {
	if need := int(n/64) + 1; need > len(m.words) {
		m.words = append(m.words, make([]uint64, need-len(m.words))...)
	}
}

func (m *bitmap) set(seq uint64) {
	m.grow(seq + 1)
	m.words[seq/64] |= 1 << (seq % 64)
}
