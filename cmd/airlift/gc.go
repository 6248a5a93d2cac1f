package main

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
)

// The memory target: a base, plus the Bloom filter of known objects for each item. The collector runs
// more often to stay within it.
const (
	heapBase = 80 << 20 // bytes
	heapItem = 3        // bytes an item
)

// boundHeap sets the limit for so many items, unless GOMEMLIMIT is set.
func (a *app) boundHeap(items int64) {
	if _, set := a.getenv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(heapLimit(items, liveHeap()))
	}
}

// heapLimit allows garbage of at least half of the live heap, so that the collector does not run constantly if rows are
// large.
func heapLimit(items int64, live uint64) int64 {
	return max(heapBase+heapItem*items, int64(min(live, math.MaxInt64/2))*3/2)
}

// tuneGC, called once nothing more is enqueued, lets the heap grow to the limit between collections, unless GOGC is set:
// submitting keeps little memory and leaves some garbage for each item. It saves about a tenth of the CPU.
func (a *app) tuneGC() {
	if _, set := a.getenv("GOGC"); !set {
		debug.SetGCPercent(400)
	}
}

// liveHeap returns what the last collection found in use, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
