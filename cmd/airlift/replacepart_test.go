package main

import (
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// --replace needs a reading of all that the sources have.
func TestReplaceIsRefusedWithAPart(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 10)
	r.run("enqueue", m, "--batch", "b").want(t, exit.OK)
	for _, part := range [][]string{{"--limit", "2"}, {"--sample", "50%"}, {"--sample", "3"}} {
		for _, command := range [][]string{{"run"}, {"run", "--dry-run"}, {"enqueue"}} {
			r.run(append(append(command, m, "--batch", "b", "--replace"), part...)...).want(t, exit.Usage).says(t, "--replace", part[0])
		}
	}
	r.setenv("AIRLIFT_LIMIT", "2")
	r.run("run", m, "--batch", "b", "--replace").want(t, exit.Usage)
	r.setenv("AIRLIFT_LIMIT", "")
	r.unsent()
	if s := r.status(); s.Pending != 10 || s.Cancelled != 0 {
		t.Errorf("got %+v", s)
	}
	dry := r.run("run", m, "--batch", "b", "--replace", "--include", "*-00001.mov", "--dry-run").want(t, exit.OK)
	dry.says(t, "replaced   9 items", "rows that were skipped, also by a filter, count as missing from the sources")
}
