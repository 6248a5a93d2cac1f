package metrics

import (
	"testing"
	"time"

	"airlift/queue"
	"airlift/worker/air"
	"airlift/worker/verdict"
)

// BenchmarkRequest counts a POST from its start to its outcome.
func BenchmarkRequest(b *testing.B) {
	m := newCounters(queue.DefaultAccount)
	o := air.Outcome{Status: 200, JobID: "j", Written: true, Sent: time.Now(), Ended: time.Now().Add(time.Second)}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Sent("b")
			m.Answered("b", o, verdict.Verdict{State: queue.Submitted})
		}
	})
}
