package main

import (
	"testing"

	"airlift/worker/air/airtest"
)

func TestRunSubmitsEachRowOnceAndRerunSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 100)
	r.run("run", m).want(t, exitOK)
	r.settled(100)
	posts := r.air.Posts()
	r.run("run", m).want(t, exitOK)
	if got := r.air.Posts(); got != posts {
		t.Errorf("the rerun sent %d POSTs, want none", got-posts)
	}
	r.settled(100)
}
