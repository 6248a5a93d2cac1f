package main

import (
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

func TestMaxDurationEndsInGoodOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(20 * time.Millisecond)}})
	args := []string{"run", r.manifest("archive.csv", 300), "--workers", "2"}
	began := time.Now()
	r.run(append(args, "--max-duration", "1s")...).want(t, exit.WorkLeft).says(t, "--max-duration")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("--max-duration 1s took %v", took)
	}
	s := r.status()
	if s.Submitted == 0 || s.Pending == 0 || s.InDoubt != 0 || s.Sending != 0 || s.Submitted != int64(r.air.Accepted()) {
		t.Errorf("submitted %d of %d, pending %d, in doubt %d, sending %d", s.Submitted, r.air.Accepted(), s.Pending, s.InDoubt, s.Sending)
	}
	r.change(func(s *airtest.Settings) { s.Latency = 0 })
	r.run(args...).want(t, exit.OK)
	r.settled(300)
}

// The rate is for all requests together, from the first on.
func TestTheRateIsKept(t *testing.T) {
	t.Parallel()
	posts := &arrivals{}
	r := newRig(t, airtest.Config{OnRequest: posts.note})
	r.run("run", r.manifest("archive.csv", 30), "--rate", "10/s", "--workers", "8").want(t, exit.OK)
	r.settled(30)
	posts.mu.Lock()
	defer posts.mu.Unlock()
	if took := posts.at[29].Sub(posts.at[0]); took < 2500*time.Millisecond {
		t.Errorf("30 POSTs at 10/s came within %v, want 2.9 s", took)
	}
}
