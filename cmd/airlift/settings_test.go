package main

import (
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

func TestAWrongDestinationIsMendedAndRetried(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{DestinationExists: func(bucket, _ string) bool { return bucket == "results" }})
	m := r.manifest("archive.csv", 400)
	r.run("run", m, "--destination-bucket", "resluts").want(t, exit.Failures).says(t, "destination bucket not found")
	if got := r.air.Posts(); got < 100 || got > 110 {
		t.Errorf("%d POSTs, want about 100", got)
	}
	r.run("retry", r.status().Batch).want(t, exit.OK)
	r.run("run", m).want(t, exit.OK).says(t, "400 items")
	r.settled(400)
	for _, j := range r.air.Jobs() {
		if j.Destination.Bucket != "results" {
			t.Fatalf("job of %s has destination %q, want results", j.Source.ObjectKey, j.Destination.Bucket)
		}
	}
}

// What is sent already keeps its settings, and the announcement counts only what the change still touches.
func TestChangedSettingsAreAnnouncedWithWhatTheyTouch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.file("archive.csv", "bucket,key,priority\narchive,a.mov,\narchive,b.mov,\narchive,c.mov,3\narchive,d.mov,\n")
	r.run("run", m, "--workers", "1", "--max-items", "1").want(t, exit.WorkLeft)
	r.run("run", m, "--priority", "7").want(t, exit.OK).says(t, "2 items")
	r.settled(4)
	want := map[string]int{"a.mov": 0, "b.mov": 7, "c.mov": 3, "d.mov": 7}
	for _, j := range r.air.Jobs() {
		if j.Priority != want[j.Source.ObjectKey] {
			t.Errorf("%s has priority %d, want %d", j.Source.ObjectKey, j.Priority, want[j.Source.ObjectKey])
		}
	}
}
