package main

import (
	"runtime/debug"
	"runtime/metrics"
)

// easeCollector lets the heap grow further before it is collected, once nothing is enqueued any more: what submitting
// keeps is small, and each item leaves some garbage. It spares about a tenth of the CPU. Whoever sets GOGC has the say.
func (a *app) easeCollector() {
	if _, set := a.getenv("GOGC"); !set {
		debug.SetGCPercent(easedPercent(liveHeap()))
	}
}

// easedPercent is Go's own 100 at least, and more as long as that does not make the heap larger by more than spare bytes.
func easedPercent(live uint64) int {
	const most, spare = 400, 64 << 20
	return int(max(100, min(most, spare*100/max(live, 1))))
}

// liveHeap is what the last collection found in use, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
