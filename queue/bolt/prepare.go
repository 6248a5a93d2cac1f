package bolt

import (
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"

	"airlift/queue"
)

// ref is a row of a chunk by its hash.
type ref struct {
	hash
	fp  uint32
	row int32
}

// prepare hashes the rows on all cores and returns them sorted by hash, equal ones in the order of the rows.
func prepare(key [16]byte, items []queue.Item) []ref {
	refs := make([]ref, len(items))
	parallel(len(items), func(from, to int) {
		h := newHasher(key)
		for i := from; i < to; i++ {
			it := &items[i]
			refs[i] = ref{h.object(it.Bucket, it.Key), h.fields(it), int32(i)}
		}
	})
	return sortRefs(refs, 0)
}

// sortRefs spreads the rows over their hashes' first bits behind those that all have in common, some eight to a place,
// and sorts each place by insertion: hashes are evenly spread, whatever the keys are. Equal ones stay in their order.
func sortRefs(refs []ref, common int) []ref {
	shift := 64 - max(0, bits.Len(uint(len(refs)))-3)
	ends := make([]int32, 1<<(64-shift)+1)
	for i := range refs {
		ends[refs[i].hi<<common>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	sorted := make([]ref, len(refs))
	for i := range refs {
		at := &ends[refs[i].hi<<common>>shift]
		sorted[*at] = refs[i]
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

// parallel calls fn for stretches of 0 to n, on all cores if that is worth it, and waits.
func parallel(n int, fn func(from, to int)) {
	const worth = 512
	parts := min(runtime.GOMAXPROCS(0), n/worth)
	if parts < 2 {
		fn(0, n)
		return
	}
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { fn(i*n/parts, (i+1)*n/parts) })
	}
	wg.Wait()
}

// each calls a function for every i below n, on all cores. start gives each core a function of its own.
func each(n int, start func() func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			fn := start()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				fn(int(i))
			}
		})
	}
	wg.Wait()
}
