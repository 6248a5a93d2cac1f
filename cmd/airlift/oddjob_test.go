package main

import (
	"sync/atomic"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A lost queue, and a job of somebody else whose record in AiR's list cannot be read, or that names no object: nothing is
// sent twice, and both the refusal and the adoption name the way on.
func TestJobsThatNoAdoptionTakesIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*air.Job)
		says string
	}{
		"an odd id": {func(j *air.Job) { j.ID = "x y" }, "by hand: AiR has a job for it that cannot be read: record"},
		"no object": {func(j *air.Job) { j.Source.ObjectKey = "" }, "1 jobs do not name their object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lost atomic.Bool
			r := newRig(t, airtest.Config{EditRecords: func(_ airtest.Request, page []air.Job) []air.Job {
				for i := range page {
					if page[i].Source.ObjectKey == "by hand" && lost.Load() {
						c.edit(&page[i])
					}
				}
				return page
			}})
			m := r.manifest("archive.csv", 5)
			r.run("run", m, "--batch", "b", "--max-items", "4").want(t, exit.WorkLeft)
			r.byHand("b", "x", "by hand")
			r.lose()
			lost.Store(true)
			refused := r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "nothing was sent", "--trust-queue")
			r.adoptAsTold(refused).want(t, exit.Incomplete).says(t, c.says, "4 adopted", "of none of the archive's objects", "`airlift run --trust-queue`")
			r.run("run", m, "--batch", "b").want(t, exit.Usage).says(t, "--trust-queue")
			r.run("run", m, "--batch", "b", "--trust-queue").want(t, exit.OK)
			if posts := r.air.Posts(); posts != 5 {
				t.Errorf("POSTs: got %d, want 5", posts)
			}
		})
	}
}
