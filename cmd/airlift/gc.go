package main

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
)

// The memory that airlift means to hold: a base, and what the filter of known objects takes for each item. The collector
// runs more often rather than go beyond it.
const (
	heapBase = 80 << 20 // bytes
	heapItem = 3        // bytes an item
)

// boundHeap sets the limit for so many items. Whoever sets GOMEMLIMIT has the say.
func (a *app) boundHeap(items int64) {
	if _, set := a.getenv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(heapLimit(items, liveHeap()))
	}
}

// heapLimit leaves half as much as is in use for garbage at least: rows may be large, and the collector must not run all
// the time.
func heapLimit(items int64, live uint64) int64 {
	return max(heapBase+heapItem*items, int64(min(live, math.MaxInt64/2))*3/2)
}

// tuneGC lets the heap grow to the limit before it is collected, once nothing is enqueued any more: what submitting
// keeps is small, and each item leaves some garbage. It spares about a tenth of the CPU. Whoever sets GOGC has the say.
func (a *app) tuneGC() {
	if _, set := a.getenv("GOGC"); !set {
		debug.SetGCPercent(400)
	}
}

// liveHeap is what the last collection found in use, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
