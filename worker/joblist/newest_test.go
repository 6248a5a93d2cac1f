package joblist

import (
	"testing"
	"time"

	"airlift/queue"
)

// The time of an adopted job is AiR's own: it shows that the job is older than an attempt only if the queue was opened
// after the adoption and before the attempt, or if no clock can be so far off.
func TestTimesOfAdoptedJobsAreNotOurs(t *testing.T) {
	noon := time.Date(2024, 2, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		status int
		at     time.Time // by the queue; it was created at noon
		opened time.Time
		began  time.Time // of the attempt
		older  bool
	}{
		{"accepted before", 200, noon.Add(time.Second), noon, noon.Add(time.Minute), true},
		{"accepted after", 200, noon.Add(time.Hour), noon, noon.Add(time.Minute), false},
		{"accepted in the same millisecond", 200, noon, noon.Add(-time.Hour), noon, false},
		{"adopted after an attempt of an earlier run", 0, noon, noon.Add(10 * time.Hour), noon.Add(8 * time.Hour), false},
		{"adopted before this run and its attempt", 0, noon, noon.Add(10 * time.Hour), noon.Add(11 * time.Hour), true},
		{"adopted days before an attempt of an earlier run", 0, noon, noon.Add(90 * time.Hour), noon.Add(80 * time.Hour), true},
		{"found by a lookup", 0, noon.Add(time.Hour), noon, noon.Add(2 * time.Hour), true},
	} {
		r := newestReading{newest: newest{since: c.began, sorted: true}, opened: c.opened}
		r.had(&queue.Record{HTTPStatus: c.status, At: c.at}, noon)
		if older := r.boundary.Equal(noon) && r.tied.Before(c.began); older != c.older {
			t.Errorf("%s: got older than the attempt: %v, want %v", c.name, older, c.older)
		}
	}
}
