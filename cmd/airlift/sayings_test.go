package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/manifest/s3test"
	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/worker/air/airtest"
)

// Off a terminal progress is a line from time to time; with --json standard output has one object and nothing else.
func TestProgressIsLogged(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(100 * time.Millisecond)}})
	args := []string{"run", r.manifest("m.csv", 3), "--workers", "1", "--json", "--log-format", "json"}
	got := r.run(append(args, "--stats", "10ms")...).want(t, exit.OK).says(t, `"message":"progress"`)
	var s summary
	if d := json.NewDecoder(strings.NewReader(got.stdout)); d.Decode(&s) != nil || s.Submitted != 3 || d.More() {
		t.Errorf("standard output: %s", got.stdout)
	}
	for line := range strings.Lines(got.stderr) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON in the log: %s", line)
		}
	}
	for batch, more := range map[string][]string{"none": {"--stats", "0"}, "quiet": {"--stats", "10ms", "--quiet"}} {
		if got := r.run(append(args, append(more, "--batch", batch, "--trust-queue")...)...); strings.Contains(got.stderr, "progress") {
			t.Errorf("%q: %s", more, got.stderr)
		}
	}
}

// check and plan leave everything as it is.
func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00003"}}}})
	m := r.manifest("m.csv", 12)
	r.run("run", m, "--batch", "b", "--max-items", "6").want(t, exit.WorkLeft)
	before := r.report("b")
	r.quiet(func() {
		r.run("check").want(t, exit.OK)
		r.run("plan", m, "--batch", "b", "--rate", "1/s").want(t, exit.OK)
		r.run("run", m, "--batch", "b", "--dry-run").want(t, exit.OK)
	})
	if after := r.report("b"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("before %v\nafter %v", before, after)
	}
}

// The sandbox prints its URL, wants the keys that it was given, shows its jobs, and ends with what it was sent.
func TestSandboxCommand(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_SANDBOX_ACCESS_KEY", testAccessKey)
	r.setenv("AIRLIFT_SANDBOX_SECRET_KEY", testSecretKey)
	cmd := r.command("sandbox", "--listen", "127.0.0.1:0", "--reject-key", "00001")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(first), "AiR sandbox on ")
	if err != nil || !found {
		t.Fatalf("got %q, %v", first, err)
	}
	m := r.manifest("m.csv", 4)
	r.run("run", m, "--air-url", url).want(t, exit.Incomplete).says(t, "1 failed")
	r.setenv("WASABI_SECRET_KEY", "another")
	r.run("run", m, "--batch", "second", "--air-url", url).want(t, exit.Credentials)
	answer, err := http.Get(url + "/debug/jobs")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if !strings.Contains(string(body), `"accepted":3`) || !strings.Contains(string(body), `"duplicates":[]`) {
		t.Errorf("/debug/jobs: %s", body)
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	rest, _ := io.ReadAll(lines)
	if err := cmd.Wait(); err != nil || !strings.Contains(string(rest), "3 jobs for 3 objects: every object has exactly one job") {
		t.Errorf("at its end: %v, %s", err, rest)
	}
}

// When a scan that broke off is not gone on with.
func TestWhenAScanBeginsAfresh(t *testing.T) {
	t.Parallel()
	scan := []string{"enqueue", "s3://archive/", "--batch", "b"}
	for name, c := range map[string]struct {
		between func(*rig)
		args    []string
		goesOn  bool
	}{
		"nothing between": {goesOn: true},
		"23 hours":        {between: func(r *rig) { r.ageScan(23 * time.Hour) }, goesOn: true},
		"another reading": {between: func(r *rig) { r.run("enqueue", r.manifest("m.csv", 1), "--batch", "b").want(t, exit.OK) }},
		"--limit":         {args: []string{"--limit", "1000"}},
		"--sample":        {args: []string{"--sample", "1000"}},
		"a manifest too":  {args: []string{"m.csv"}},
		"after a day":     {between: func(r *rig) { r.ageScan(25 * time.Hour) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{})
			s := r.withS3()
			s.SetPageSize(10)
			deepBucket(s, 100)
			r.manifest("m.csv", 1)
			s.SetFault(s3test.AccessDenied, 9)
			r.run(scan...).want(t, exit.Incomplete)
			s.SetFault(s3test.NoFault, 0)
			if c.between != nil {
				c.between(r)
			}
			got := r.run(append(slices.Clone(scan), c.args...)...).want(t, exit.OK)
			if s := r.status(); s.Rows < 100 || s.Incomplete {
				t.Errorf("got %d rows, incomplete %v; want all 100", s.Rows, s.Incomplete)
			}
			if goesOn := strings.Contains(got.stderr, "going on with the scan that broke off"); goesOn != c.goesOn {
				t.Errorf("it goes on: %v, want %v\n%s", goesOn, c.goesOn, got.stderr)
			}
		})
	}
}

// ageScan makes the scan of batch b that broke off so much older.
func (r *rig) ageScan(by time.Duration) {
	r.t.Helper()
	db, err := bolt.Open(r.queue, bolt.Options{MustExist: true})
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	marks, err := db.Marks(r.t.Context(), "b")
	if err != nil || len(marks) == 0 {
		r.t.Fatalf("%d marks, %v", len(marks), err)
	}
	for i := range marks {
		var begun struct{ Begun time.Time }
		m := map[string]any{}
		if err := errors.Join(json.Unmarshal(marks[i].Value, &m), json.Unmarshal(marks[i].Value, &begun)); err != nil {
			r.t.Fatal(err)
		}
		m["begun"] = begun.Begun.Add(-by)
		if marks[i].Value, err = json.Marshal(m); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := db.BeginReading(r.t.Context(), "b", true); err != nil {
		r.t.Fatal(err)
	}
	if _, err := db.Add(r.t.Context(), "b", queue.Chunk{Marks: marks}); err != nil {
		r.t.Fatal(err)
	}
	if err := db.EndReading(r.t.Context(), "b", false); err != nil {
		r.t.Fatal(err)
	}
}
