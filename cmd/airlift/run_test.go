package main

import (
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

func TestRunSubmitsEachRowOnceAndRerunSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 100)
	r.run("run", m).want(t, exit.OK)
	r.settled(100)
	posts := r.air.Posts()
	r.run("run", m).want(t, exit.OK)
	if got := r.air.Posts(); got != posts {
		t.Errorf("the rerun sent %d POSTs, want none", got-posts)
	}
	r.settled(100)
}
