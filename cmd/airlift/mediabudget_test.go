package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// --budget counts what the manifest says that objects play, over runs, and says what it could not count and how to go on.
func TestBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	rows := "bucket,key,Duration\n"
	for i := range 8 {
		rows += fmt.Sprintf("archive,%d.mov,%d\n", i, 1800*(i+1)) // 30 minutes, an hour, ...
	}
	args := []string{"run", r.file("m.csv", strings.Replace(rows, ",1800\n", ",half an hour\n", 1)), "--batch", "b", "--budget"}
	r.run(append(args, "-1h")...).want(t, exit.Usage).says(t, "--budget -1h", "such as 500h")
	r.run(append(args, "500")...).want(t, exit.Usage).says(t, "--budget")
	r.unsent()
	for range 2 {
		r.run(append(args, "300m")...).want(t, exit.WorkLeft).says(t, "--budget 5h reached: 4h30m0s of media were sent so far, and 1 items whose duration is not known",
			"the next item plays 2h30m0s", "run again with a higher --budget")
		if s := r.status(); s.Submitted != 4 || s.Pending != 4 {
			t.Errorf("%d are submitted and %d pending, want 4 of each", s.Submitted, s.Pending)
		}
	}
	r.run(append(args, "17h30m")...).want(t, exit.OK)
	r.settled(8)
}

// --preflight keeps what it found of films for the budget and for the report; a row's own column stays.
func TestBudgetOfPreflight(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s3 := r.withS3()
	s3.Put("archive", "0.mov", movie) // which does not say how long it plays
	rows := "bucket,key,duration\narchive,0.mov,\n"
	for i := range 4 {
		s3.Put("archive", fmt.Sprintf("%d.mov", i+1), film("avc1"))
		rows += fmt.Sprintf("archive,%d.mov,\n", i+1)
	}
	s3.Put("archive", "own.mov", film("avc1"))
	rows += "archive,own.mov,10\n"
	for name, source := range map[string]string{"scan": "s3://archive/", "rows": r.file("m.csv", rows)} {
		want := []string{"", "90.000", "90.000", "90.000", "90.000", map[string]string{"scan": "90.000", "rows": "10"}[name]}
		args := []string{"--batch", name, "--preflight", "--preflight-rate", "unlimited"}
		r.run(append([]string{"enqueue", source}, args...)...).want(t, exit.OK)
		r.run("submit", name, "--budget", "3m15s").want(t, exit.WorkLeft).says(t, "3m0s of media were sent so far, and 1 items", "the next item plays 1m30s")
		var got []string
		for _, row := range r.report(name) {
			got = append(got, row["duration"])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the report says %q, want %q", name, got, want)
		}
	}
	if n := r.air.Accepted(); n != 6 {
		t.Errorf("%d jobs, want 3 of each batch", n)
	}
}
