package bolt

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"go.etcd.io/bbolt"
)

// The index finds an item by its object. It is a set of runs, each sorted by hash and written once, and in memory what is
// not in a run yet (see late.go); small runs are merged (see merge.go). A run is a bucket of groups (see group.go), each
// under the hash of its first entry: an object that is not found for a flipped bit would get a second job.

// runWriter packs sorted entries into the values of a run.
type runWriter struct {
	keys, values [][]byte
	entries      []entry // of the group that is being filled
	shape        groupShape
	total        int64
}

func (w *runWriter) add(e entry) {
	n := len(w.entries)
	before := w.shape
	if n == 0 {
		w.shape = shapeOf(&e)
	} else if w.shape.take(&e); groupHead+(n+1)*w.shape.width()+sumLen > groupMax {
		w.shape = before
		w.flush()
		w.shape = shapeOf(&e)
	}
	w.entries = append(w.entries, e)
	w.total++
}

func (w *runWriter) flush() {
	if len(w.entries) > 0 {
		key, value := packGroup(w.entries, w.shape)
		w.keys, w.values = append(w.keys, key), append(w.values, value)
		w.entries = w.entries[:0]
	}
}

// join appends a run whose hashes are all above; both are flushed.
func (w *runWriter) join(above *runWriter) {
	w.keys, w.values = append(w.keys, above.keys...), append(w.values, above.values...)
	w.total += above.total
}

// store writes the run.
func (w *runWriter) store(t *txn, b *batch, bk buckets) {
	w.flush()
	m := t.touch(b)
	num := numKey(m.Runs)
	m.Runs++
	run, err := bk.index.CreateBucket(num)
	if err != nil {
		t.note(err)
		return
	}
	run.FillPercent = 1
	for i, k := range w.keys {
		t.put(run, k, w.values[i])
	}
	t.put(bk.runs, num, bind(num, binary.AppendUvarint(nil, uint64(w.total))))
}

// runInfo is a run as the bucket of runs tells of it.
type runInfo struct {
	num   []byte
	count int64
}

func runsOf(bk buckets) ([]runInfo, error) {
	var list []runInfo
	err := bk.runs.ForEach(func(k, v []byte) error {
		value, ok := bound(k, v)
		r := reader{b: value}
		n := r.uvarint()
		if r.end() != nil || !ok || len(k) != 4 {
			return damaged("the index has a garbled run")
		}
		list = append(list, runInfo{append([]byte(nil), k...), int64(n)})
		return nil
	})
	return list, err
}

// probe is a hash to look up, and what was found.
type probe struct {
	hash
	found bool
	fp    uint32 // of the item that was found
	seq   uint64
}

// lookup looks the probes up, which must be sorted by hash and not found yet: first in the run of that number, where
// rows that come in the same order as before are, then in memory, then in the other runs, newest first. It returns the
// number of the run where most were found.
func lookup(bk buckets, l *late, near uint32, probes []probe) (uint32, error) {
	runs, err := runsOf(bk)
	if err != nil {
		return near, err
	}
	todo := make([]*probe, len(probes))
	for i := range probes {
		todo[i] = &probes[i]
	}
	most := 0
	best := near
	in := func(num []byte, count int64) error {
		run, have := bk.index.Bucket(num), len(todo)
		if run == nil {
			return damaged("run %d of the index is missing", binary.BigEndian.Uint32(num))
		}
		if err := lookupRun(run.Cursor(), todo, steps(len(todo), count)); err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(p *probe) bool { return p.found })
		if n := have - len(todo); n > most {
			most, best = n, binary.BigEndian.Uint32(num)
		}
		return nil
	}
	first := slices.IndexFunc(runs, func(r runInfo) bool { return binary.BigEndian.Uint32(r.num) == near })
	if first >= 0 {
		if err := in(runs[first].num, runs[first].count); err != nil {
			return near, err
		}
	}
	todo = l.lookup(todo)
	for i := len(runs) - 1; i >= 0 && len(todo) > 0; i-- {
		if i == first {
			continue
		}
		if err := in(runs[i].num, runs[i].count); err != nil {
			return near, err
		}
	}
	return best, nil
}

// steps returns how many values a lookup of so many hashes in so many entries is to step over before it seeks: none if
// they are far apart, for each value that it stands on is checked.
func steps(hashes int, entries int64) int {
	const far, near = 500, 4 // entries from one hash to the next; values
	if int64(hashes)*far < entries {
		return 0
	}
	return near
}

// lookupRun goes once through a run and the sorted probes.
func lookupRun(c *bbolt.Cursor, todo []*probe, near int) error {
	var g group
	var first, last hash
	stand := func(k, v []byte) (err error) {
		if g, err = groupOf(k, v); err == nil {
			first, last = hashAt(k), g.hashAt(g.len()-1)
		}
		return err
	}
	k, v := c.First()
	if k == nil {
		return nil
	}
	if err := stand(k, v); err != nil {
		return err
	}
	for _, p := range todo {
		for steps := 0; p.compare(last) > 0; steps++ {
			if steps < near {
				k, v = c.Next()
			} else {
				// The value that can hold the hash is the last whose key is not above it.
				if k, v = c.Seek(p.hash.append(nil)); k == nil {
					k, v = c.Last()
				} else if hashAt(k) != p.hash {
					if k, v = c.Prev(); k == nil {
						k, v = c.First()
					}
				}
				if err := stand(k, v); err != nil {
					return err
				}
				break
			}
			if k == nil {
				return nil // past the end of the run
			}
			if err := stand(k, v); err != nil {
				return err
			}
		}
		if p.compare(first) >= 0 && p.compare(last) <= 0 {
			if e, ok := g.find(p.hash); ok {
				p.found, p.fp, p.seq = true, e.fp, e.seq
			}
		}
	}
	return nil
}

// sizeClass puts runs of like size together: each class spans a factor of eight.
func sizeClass(n int64) int { return (bits.Len64(uint64(n)) - 1) / 3 }
