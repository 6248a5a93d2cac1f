package main

import (
	"strings"
	"sync/atomic"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A lost queue, sources that lack some objects, and a list that changes while it is read and passes some jobs over: the
// adoption says what it could not prove, and objects that return get no second job.
func TestAdoptionOfAListThatIsNeverAtRest(t *testing.T) {
	t.Parallel()
	var restless atomic.Bool
	var passedOver string // the rows of objects whose jobs no reading shows
	r := newRig(t, airtest.Config{EditRecords: func(q airtest.Request, page []air.Job) []air.Job {
		if !restless.Load() || q.Query.Get("name") != "" {
			return page
		}
		shown := append([]air.Job{}, page...)
		for i := range page {
			if strings.Contains(passedOver, page[i].Source.ObjectKey) {
				shown[i] = page[(i+1)%len(page)] // as if a tie had turned
			}
		}
		return shown
	}})
	whole := r.manifest("whole.csv", 12)
	r.run("run", whole, "--batch", "b", "--workers", "1").want(t, exit.OK) // in the order of the rows
	rows := strings.SplitAfter(readFile(t, whole), "\n")
	part := r.file("part.csv", rows[0]+strings.Join(rows[7:], ""))
	passedOver = rows[2] + rows[5]
	r.lose()
	restless.Store(true)
	r.run("adopt", "b", part).want(t, exit.OK).says(t, "no other jobs: until one is proven, each item is looked up by name before it is first sent",
		"queue and AiR agree in all jobs that it showed")
	r.run("status").want(t, exit.OK).says(t, "each item is looked up by name before it is first sent")
	if s := r.status(); !s.Unproven || s.Adopting || s.Items != 10 {
		t.Errorf("status: got %+v, want two jobs passed over, without proof", s)
	}
	r.run("run", whole, "--batch", "b").want(t, exit.OK)
	r.settled(12)
	if posts := r.air.Posts(); posts != 12 {
		t.Errorf("POSTs: got %d, want 12", posts)
	}
	restless.Store(false)
	r.run("adopt", "b", whole).want(t, exit.OK).says(t, "queue and AiR agree\n")
	if s := r.status(); s.Unproven {
		t.Errorf("status: got %+v, want proof", s)
	}
}
