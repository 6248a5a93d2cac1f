package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{}) // stands for the other host
			var asked atomic.Int64
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				asked.Add(1)
				http.Redirect(w, q, r.url+q.URL.RequestURI(), status)
			}))
			t.Cleanup(front.Close)
			r.run("run", r.manifest("archive.csv", 5), "--air-url", front.URL).want(t, exit.Usage).says(t, "redirect")
			if got := r.requests(); got != 0 {
				t.Errorf("the other host saw %d requests, want none", got)
			}
			if got := asked.Load(); got != 1 {
				t.Errorf("the first host saw %d requests, want 1", got)
			}
			if s := r.status(); s.Pending != 5 {
				t.Errorf("%d of 5 items are pending, want all", s.Pending)
			}
		})
	}
}

func TestIfAllAreRefusedTheRunEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip"}}}})
	r.run("run", r.manifest("archive.csv", 400)).want(t, exit.Failures).says(t, "--max-failures")
	if got := r.air.Posts(); got < 100 || got > 110 {
		t.Errorf("%d POSTs, want about 100", got)
	}
	if s := r.status(); s.Failed != int64(r.air.Posts()) || s.Pending != 400-s.Failed {
		t.Errorf("%d failed and %d pending after %d POSTs", s.Failed, s.Pending, r.air.Posts())
	}
}

func TestWithNobodyThereTheRunGivesUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--air-url", "http://"+closedPort(t), "--give-up", "2s").want(t, exit.Unexpected).says(t, "--give-up")
	if s := r.status(); s.Pending != 20 || s.Failed != 0 || s.InDoubt != 0 {
		t.Errorf("pending %d, failed %d, in doubt %d; want 20, 0, 0", s.Pending, s.Failed, s.InDoubt)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(20)
}

// closedPort returns an address at which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
