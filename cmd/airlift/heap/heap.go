package heap

import (
	"math"
	"runtime/debug"
	"runtime/metrics"
)

// The memory target: a base, plus the Bloom filter of known objects for each item. The collector runs
// more often to stay within it.
const (
	base    = 80 << 20 // bytes
	perItem = 3        // bytes an item
)

// readingGC is the garbage collection percentage while sources are read: the limit above bounds the heap, and the default of
// 100 collects while it is half as large (measured: 7 % of the rate of a JSONL manifest).
const readingGC = 200

// Env looks a variable of the environment up.
type Env func(name string) (string, bool)

// Bound sets the limit for so many items, unless GOMEMLIMIT is set, and lets the heap grow to it, unless GOGC is.
func (lookup Env) Bound(items int64) {
	_, limited := lookup("GOMEMLIMIT")
	if !limited {
		debug.SetMemoryLimit(limit(items, live()))
	}
	if _, set := lookup("GOGC"); !set && !limited {
		debug.SetGCPercent(readingGC)
	}
}

// limit allows garbage of at least half of the live heap, so that the collector does not run constantly if rows are
// large.
func limit(items int64, live uint64) int64 {
	return max(base+perItem*items, int64(min(live, math.MaxInt64/2))*3/2)
}

// Grow, called once nothing more is enqueued, lets the heap grow to the limit between collections, unless GOGC is set:
// submitting keeps little memory and leaves some garbage for each item. It saves about a tenth of the CPU.
func (lookup Env) Grow() {
	if _, set := lookup("GOGC"); !set {
		debug.SetGCPercent(400)
	}
}

// live returns what the last collection found in use, in bytes.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
