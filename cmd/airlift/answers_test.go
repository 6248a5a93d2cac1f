package main

import (
	"fmt"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A server that says each answer a second time, half a millisecond later on the same connection, makes airlift call
// nothing submitted that has no job: after every run the jobs at the server are the items submitted.
func TestStrayAnswers(t *testing.T) {
	t.Parallel()
	const batches, items = 5, 50
	for _, kind := range []airtest.Kind{airtest.StrayAnswer, airtest.LateRepeat} {
		for _, workers := range []string{"1", "8"} {
			t.Run(string(kind)+" "+workers, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, airtest.Config{Script: func(airtest.Request) airtest.Fault { return airtest.Fault{Kind: kind} }})
				r.setenv("AIRLIFT_SETTLE", "250ms")
				m := r.manifest("m.csv", items)
				runs := 0
				for n := range batches {
					batch := fmt.Sprintf("b%d", n)
					for {
						runs++
						got := r.run("run", m, "--batch", batch, "--workers", workers)
						if got.code == exit.OK {
							break
						}
						got.want(t, exit.Usage).says(t, "answers in a row belonged to other requests")
					}
					submitted := 0
					for _, row := range r.report(batch) {
						ids := r.air.ByObject()[airtest.Object{Batch: batch, Bucket: row["bucket"], Key: row["key"]}]
						if row["state"] != "submitted" || len(ids) != 1 || ids[0] != row["job_id"] {
							t.Errorf("%s: got state %s and job %s, the server has %v", row["key"], row["state"], row["job_id"], ids)
						}
						submitted++
					}
					if submitted != items || r.air.Accepted() != items*(n+1) {
						t.Fatalf("after batch %d: %d items submitted, %d jobs at the server, want %d and %d", n, submitted, r.air.Accepted(), items, items*(n+1))
					}
				}
				t.Logf("%d runs for %d batches, %d faults", runs, batches, r.air.Injected()[kind])
			})
		}
	}
}
