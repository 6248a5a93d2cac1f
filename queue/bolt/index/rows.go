package index

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"runtime"
	"sync"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// hash identifies an object in the index: the first 16 bytes of a SHA-256 over the queue's random key and bucket and key of
// the object. Two objects with one hash would be taken for one, and the second would be lost. At 128 bits that does not happen by
// chance, and it cannot be provoked, because the key of the queue is random and secret.
type hash struct{ hi, lo uint64 }

func (h hash) compare(o hash) int {
	if c := cmp.Compare(h.hi, o.hi); c != 0 {
		return c
	}
	return cmp.Compare(h.lo, o.lo)
}

func (h hash) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, h.hi), h.lo)
}

func hashAt(b []byte) hash { return hash{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])} }

// anyFields is the fingerprint of an unsourced item, which no row contradicts.
const anyFields = math.MaxUint32

// Row is an item by the hash of its object.
type Row struct {
	hash hash
	// Print is a fingerprint of what else the row says of the job: its name and its own job fields. Rows of one object
	// with other fingerprints contradict each other. A row that says nothing has 0.
	Print uint32
	// N is the item's place in the list of items.
	N int32
}

// compare compares a row with a hash.
func (r Row) compare(h hash) int { return r.hash.compare(h) }

// Rows hashes items, on all cores, and returns their rows sorted by hash, equal ones in the order of the items.
func (x *Index) Rows(items []queue.Item) []Row {
	const worth = 512 // items for a goroutine of its own
	rows := make([]Row, len(items))
	size := max(worth, (len(items)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for from := 0; from < len(items); from += size {
		wg.Go(func() {
			h := hasher{key: x.config.Key}
			for i := from; i < min(from+size, len(items)); i++ {
				rows[i] = Row{h.object(items[i].Bucket, items[i].Key), h.fields(&items[i]), int32(i)}
			}
		})
	}
	wg.Wait()
	return sortRows(rows, 0)
}

// sortRows spreads the rows over their hashes' first bits behind those that all have in common, some eight to a place, and
// sorts each place by insertion: hashes are evenly spread, whatever the keys are. Equal ones stay in their order.
func sortRows(rows []Row, common int) []Row {
	shift := 64 - max(0, bits.Len(uint(len(rows)))-3)
	ends := make([]int32, 1<<(64-shift)+1)
	for i := range rows {
		ends[rows[i].hash.hi<<common>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	sorted := make([]Row, len(rows))
	for i := range rows {
		at := &ends[rows[i].hash.hi<<common>>shift]
		sorted[*at] = rows[i]
		*at++
	}
	start := int32(0)
	for _, end := range ends {
		place := sorted[start:end]
		for i := 1; i < len(place); i++ {
			r, j := place[i], i
			for ; j > 0 && r.compare(place[j-1].hash) < 0; j-- {
				place[j] = place[j-1]
			}
			place[j] = r
		}
		start = end
	}
	return sorted
}

// hasher hashes with the queue's key; it is not safe for concurrent use.
type hasher struct {
	key  [16]byte
	buf  []byte
	last queue.JobFields // own fields repeat from row to row
	fp   uint32
}

// object hashes bucket and key. The bucket's length keeps them apart.
func (h *hasher) object(bucket, key string) hash {
	h.buf = append(h.buf[:0], h.key[:]...)
	h.buf = codec.AppendString(h.buf, bucket)
	h.buf = append(h.buf, key...)
	sum := sha256.Sum256(h.buf)
	return hashAt(sum[:])
}

// fields returns the fingerprint of an item's row.
func (h *hasher) fields(it *queue.Item) uint32 {
	if it.Unsourced {
		return anyFields
	}
	if it.Name == "" && it.Own.Equal(h.last) {
		return h.fp
	}
	fp := uint32(0)
	if it.Name != "" || !it.Own.Equal(queue.JobFields{}) {
		h.buf = append(h.buf[:0], h.key[:]...)
		h.buf = codec.AppendString(h.buf, it.Name)
		h.buf = codec.AppendFields(h.buf, &it.Own)
		sum := sha256.Sum256(h.buf)
		fp = min(max(1, binary.BigEndian.Uint32(sum[:])), anyFields-1)
	}
	if it.Name == "" {
		h.last, h.fp = it.Own, fp
	}
	return fp
}

// FindUnsourced returns the items that the batch has of the objects of unsourced jobs.
func (x *Index) FindUnsourced(ctx context.Context, jobs []queue.Adopted) (map[queue.Object]uint64, error) {
	var items []queue.Item
	for i := range jobs {
		if jobs[i].Unsourced != nil {
			items = append(items, *jobs[i].Unsourced)
		}
	}
	firsts := map[queue.Object]uint64{}
	rows := x.Rows(items)
	found, err := x.Lookup(ctx, rows)
	for same, match := range Objects(rows, found) {
		if it := &items[same[0].N]; match != nil {
			firsts[queue.Object{Bucket: it.Bucket, Key: it.Key}] = match.Seq
		}
	}
	return firsts, err
}
