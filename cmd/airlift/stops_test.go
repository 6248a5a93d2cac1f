package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"airlift/worker/air/airtest"
)

func TestWrongKeysCostOneRequest(t *testing.T) {
	t.Parallel()
	requests := &tally{}
	r := newRig(t, airtest.Config{OnRequest: func(airtest.Request) { requests.add() }})
	m := r.manifest("archive.csv", 20)
	r.setenv("WASABI_SECRET_KEY", "wrong/secret/0123456789")
	r.run("run", m).want(t, exitCredentials).says(t, "credentials")
	if got := requests.count(); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	if s := r.status(); s.Pending != 20 {
		t.Errorf("%d of 20 items are pending, want all", s.Pending)
	}
	r.setenv("WASABI_SECRET_KEY", testSecretKey)
	r.run("run", m).want(t, exitOK)
	r.settled(20)
}

func TestAWrongPathCostsOneRequest(t *testing.T) {
	t.Parallel()
	requests := &tally{}
	r := newRig(t, airtest.Config{OnRequest: func(airtest.Request) { requests.add() }})
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--air-url", r.url+"/v9/air").want(t, exitUsage).says(t, "--air-url", "404")
	if got := requests.count(); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	if s := r.status(); s.Pending != 20 || s.Failed != 0 {
		t.Errorf("%d of 20 items are pending and %d failed, want all and none", s.Pending, s.Failed)
	}
	r.run("run", m).want(t, exitOK)
	r.settled(20)
}

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
			r.run("run", r.manifest("archive.csv", 5), "--air-url", front.URL).want(t, exitUsage).says(t, "redirect")
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

// A portal that answers everything with a page is no AiR, and the millionth request would not show it better.
func TestAPageWithStatus200IsNoAiR(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: func(airtest.Request) airtest.Fault { return airtest.Fault{Kind: airtest.HTML200Before} }})
	r.run("run", r.manifest("archive.csv", 20)).want(t, exitUsage).says(t, "--air-url")
	if got := r.air.Posts(); got > 1 {
		t.Errorf("%d POSTs, want 1 at most", got)
	}
	if s := r.status(); s.Failed != 0 || s.Pending+s.InDoubt != 20 {
		t.Errorf("failed %d, pending %d, in doubt %d: want 0 and 20 together", s.Failed, s.Pending, s.InDoubt)
	}
}

func TestTheMonthlyQuotaStopsTheRunAndTheNextSendsACanary(t *testing.T) {
	t.Parallel()
	const workers = 4
	r := newRig(t, airtest.Config{Settings: airtest.Settings{MonthlyQuota: 30}})
	args := []string{"run", r.manifest("archive.csv", 100), "--workers", "4"}
	r.run(args...).want(t, exitQuota).says(t, "quota")
	if posts := r.air.Posts(); posts <= 30 || posts > 30+1+workers {
		t.Errorf("%d POSTs for a quota of 30, want at most %d after the first 403", posts, workers)
	}
	if s := r.status(); s.Submitted != 30 || s.Pending != 70 || s.State != "stopped" {
		t.Errorf("%d submitted, %d pending, %s; want 30, 70, stopped", s.Submitted, s.Pending, s.State)
	}
	for range 2 {
		posts := r.air.Posts()
		r.run(args...).want(t, exitQuota)
		if sent := r.air.Posts() - posts; sent != 1 {
			t.Errorf("the same command again sent %d POSTs, want a canary alone", sent)
		}
	}
	r.change(func(s *airtest.Settings) { s.MonthlyQuota = 1000 })
	r.run(args...).want(t, exitOK)
	r.settled(100)
	if s := r.status(); s.State != "idle" || s.Reason != "" {
		t.Errorf("afterwards it is %s (%s), want idle", s.State, s.Reason)
	}
}

func TestOneRefusedObjectFailsAlone(t *testing.T) {
	t.Parallel()
	const message = "source object not found or inaccessible"
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00007"}}}})
	m := r.manifest("archive.csv", 50)
	r.run("run", m, "--report", "report.csv").want(t, exitIncomplete).says(t, "BAD_REQUEST", message, "clip-00007")
	failed := r.inState("failed")
	if len(failed) != 1 || failed[0]["key"] != "reel/clip-00007.mov" || failed[0]["error"] != message ||
		failed[0]["error_code"] != "BAD_REQUEST" || failed[0]["http_status"] != "400" {
		t.Errorf("the failed rows of the report: %v", failed)
	}
	if want := r.run("report", r.status().Batch).stdout; readFile(t, r.dir+"/report.csv") != want {
		t.Error("--report wrote another report than `airlift report`")
	}
	if got := r.air.Accepted(); got != 49 {
		t.Errorf("%d jobs, want 49", got)
	}
	r.quiet(func() { r.run("run", m).want(t, exitIncomplete) })
}

func TestIfAllAreRefusedTheRunEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip"}}}})
	r.run("run", r.manifest("archive.csv", 400)).want(t, exitFailures).says(t, "--max-failures")
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
	r.run("run", m, "--air-url", "http://"+closedPort(t), "--give-up", "2s").want(t, exitUnexpected).says(t, "--give-up")
	if s := r.status(); s.Pending != 20 || s.Failed != 0 || s.InDoubt != 0 {
		t.Errorf("pending %d, failed %d, in doubt %d; want 20, 0, 0", s.Pending, s.Failed, s.InDoubt)
	}
	r.run("run", m).want(t, exitOK)
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
