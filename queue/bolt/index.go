package bolt

import (
	"encoding/binary"
	"math/bits"

	"go.etcd.io/bbolt"
)

// The index finds an item by its object. It is a set of runs, each sorted by hash and written once: an Add appends one,
// and small ones are merged (see merge.go). A run is a bucket of values that hold indexEntries entries each and a
// checksum, under the hash of their first entry: an object that is not found for a flipped bit would get a second job.
const (
	entryLen = 16 + 4 + 5 // hash, fingerprint, seq
	// indexEntries makes two values fill a page of 4,096 bytes, the least that bbolt puts into a leaf.
	indexEntries = 80
	// maxSeq is what five bytes hold.
	maxSeq = 1<<40 - 1
)

// entry is an item in the index.
type entry struct {
	hash
	fp  uint32
	seq uint64
}

func (e entry) append(b []byte) []byte {
	b = e.hash.append(b)
	b = binary.BigEndian.AppendUint32(b, e.fp)
	return append(b, byte(e.seq>>32), byte(e.seq>>24), byte(e.seq>>16), byte(e.seq>>8), byte(e.seq))
}

func entryAt(b []byte) entry {
	return entry{
		hashAt(b), binary.BigEndian.Uint32(b[16:]),
		uint64(b[20])<<32 | uint64(binary.BigEndian.Uint32(b[21:])),
	}
}

// entriesOf returns the entries of a value of the index, at least one, if they are as they were written.
func entriesOf(k, v []byte) ([]byte, error) {
	entries, ok := summed(v)
	if !ok || len(entries) == 0 || len(entries)%entryLen != 0 || len(k) != 16 || hashAt(k) != hashAt(v) {
		return nil, damaged("a value of the index is garbled")
	}
	return entries, nil
}

// runWriter packs sorted entries into the values of a run.
type runWriter struct {
	keys, values [][]byte
	buf          []byte
	n            int
	total        int64
}

func (w *runWriter) add(e entry) {
	if w.n == 0 {
		w.buf = make([]byte, 0, indexEntries*entryLen+sumLen)
		w.keys = append(w.keys, e.hash.append(nil))
	}
	w.buf = e.append(w.buf)
	w.n++
	w.total++
	if w.n == indexEntries {
		w.flush()
	}
}

func (w *runWriter) flush() {
	if w.n > 0 {
		w.values = append(w.values, appendSum(w.buf))
		w.buf, w.n = nil, 0
	}
}

// store writes the run and returns its number.
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

// lookupRuns looks the probes up, which must be sorted by hash and not found yet, newest run first.
func lookupRuns(bk buckets, probes []probe) error {
	runs, err := runsOf(bk)
	if err != nil {
		return err
	}
	todo := make([]*probe, len(probes))
	for i := range probes {
		todo[i] = &probes[i]
	}
	for i := len(runs) - 1; i >= 0 && len(todo) > 0; i-- {
		run := bk.index.Bucket(runs[i].num)
		if run == nil {
			return damaged("run %d of the index is missing", binary.BigEndian.Uint32(runs[i].num))
		}
		if err := lookupRun(run.Cursor(), todo); err != nil {
			return err
		}
		left := todo[:0]
		for _, p := range todo {
			if !p.found {
				left = append(left, p)
			}
		}
		todo = left
	}
	return nil
}

// nearValues is how many values a lookup steps over before it seeks.
const nearValues = 4

// lookupRun goes once through a run and the sorted probes.
func lookupRun(c *bbolt.Cursor, todo []*probe) error {
	var value []byte
	var first, last hash
	stand := func(k, v []byte) (err error) {
		if value, err = entriesOf(k, v); err == nil {
			first, last = hashAt(value), hashAt(value[len(value)-entryLen:])
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
			if steps < nearValues {
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
			p.search(value)
		}
	}
	return nil
}

// search looks into one value.
func (p *probe) search(value []byte) {
	low, high := 0, len(value)/entryLen
	for low < high {
		mid := int(uint(low+high) / 2)
		at := value[mid*entryLen:]
		switch c := p.compare(hashAt(at)); {
		case c == 0:
			e := entryAt(at)
			p.found, p.fp, p.seq = true, e.fp, e.seq
			return
		case c < 0:
			high = mid
		default:
			low = mid + 1
		}
	}
}

// sizeClass puts runs of like size together: each class spans a factor of eight.
func sizeClass(n int64) int { return (bits.Len64(uint64(n)) - 1) / 3 }
