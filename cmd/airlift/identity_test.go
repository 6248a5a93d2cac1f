package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

func TestBadRowsAreNamedAndTheRestSubmitted(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	lines := strings.Split(strings.TrimSuffix(readFile(t, r.manifest("archive.csv", 400)), "\n"), "\n")
	lines[10], lines[200], lines[400] = "archive,", ",reel/no-bucket.mov", "archive,"+strings.Repeat("x", 1025)
	m := r.file("archive.csv", strings.Join(lines, "\n")+"\n")

	r.run("run", m).want(t, exit.Incomplete).says(t, "line 11", "line 201", "line 401")
	r.settled(397)
	if got := len(r.inState("rejected")); got != 3 {
		t.Errorf("the report has %d rejected rows, want 3", got)
	}
	requests := r.requests()
	r.run("run", m).want(t, exit.Incomplete).says(t, "line 11", "line 201", "line 401")
	if sent := r.requests() - requests; sent != 0 {
		t.Errorf("the same command again sent %d requests, want none", sent)
	}
}

func TestAManifestThatBrokeOffOrGrewIsCompleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	whole := readFile(t, r.manifest("archive.csv", 40))
	half := strings.Index(whole, "clip-00020")
	m := r.file("archive.csv", whole[:half]+`"never closed`)
	r.run("run", m).want(t, exit.Incomplete)
	r.settled(20)

	r.file("archive.csv", whole)
	r.run("run", m).want(t, exit.OK)
	r.settled(40)

	r.manifest("archive.csv", 60)
	r.run("run", m).want(t, exit.OK)
	r.settled(60)
	if got := r.air.Posts(); got != 60 {
		t.Errorf("%d POSTs for 60 items", got)
	}
	if s := r.status(); s.Added != 20 || s.Known != 40 || s.Rows != 60 {
		t.Errorf("the latest reading: got %d rows, %d added, %d known; want 60, 20, 40", s.Rows, s.Added, s.Known)
	}
}

func TestAnotherAccountSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	other := airtest.NewServer(airtest.Config{AccessKey: "OTHER", SecretKey: "other-secret"})
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("X-Amz-Access-Key") == "OTHER" {
			other.ServeHTTP(w, q)
			return
		}
		r.air.ServeHTTP(w, q)
	}))
	t.Cleanup(both.Close)
	r.setenv("AIRLIFT_AIR_URL", both.URL)
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--max-items", "10").want(t, exit.WorkLeft)

	r.setenv("WASABI_ACCESS_KEY", "OTHER")
	r.setenv("WASABI_SECRET_KEY", "other-secret")
	r.run("run", m, "--settle", "1ms").want(t, exit.Usage).says(t, "account", "--trust-queue")
	if got := other.Posts(); got != 0 {
		t.Errorf("the other account got %d POSTs, want none", got)
	}
	r.setenv("WASABI_ACCESS_KEY", testAccessKey)
	r.setenv("WASABI_SECRET_KEY", testSecretKey)
	r.run("run", m).want(t, exit.OK)
	r.settled(20)
}

func TestAnEmptyAiRSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 20)
	r.run("run", m, "--max-items", "10").want(t, exit.WorkLeft)
	other := airtest.NewServer(airtest.Config{})
	r.run("run", m, "--settle", "1ms", "--air-url", other.Start(t)).want(t, exit.Usage).says(t, "URL")
	if got := other.Posts(); got != 0 {
		t.Errorf("the other AiR got %d POSTs, want none", got)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(20)
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
