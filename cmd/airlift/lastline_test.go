package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// lastLine is the form of a command's last line, as `airlift help unattended` has it.
var lastLine = regexp.MustCompile(`^airlift: (.+): ([\d,]+) of ([\d,]+) submitted, ([\d,]+) failed, ([\d,]+) in doubt, ([\d,]+) rejected; (-?[\d,]+) new; (\S+) at ([\d.]+)/s; exit (\d+)$`)

// lastLineIs fails the test unless the command's last line says so, but for the time that it took.
func (g result) lastLineIs(t *testing.T, want ...string) result {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(g.stderr, "\n"), "\n")
	m := lastLine.FindStringSubmatch(lines[len(lines)-1])
	if m == nil {
		t.Fatalf("the last line has another form:\n%s", g.stderr)
	}
	got := strings.Join(append(m[1:8:8], m[10]), " ")
	if got != strings.Join(want, " ") {
		t.Errorf("the last line says %q, want %q", got, want)
	}
	return g
}

// The last line of each run says all, whatever it did, and none of it is on standard output.
func TestTheLastLineSaysAll(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"clip-00003"}}}})
	m := r.manifest("m.csv", 10)
	r.run("run", m, "--batch", "b", "--max-items", "3").want(t, exit.WorkLeft).lastLineIs(t, "b", "3", "10", "0", "0", "0", "3", "5")
	r.run("run", m, "--batch", "b").want(t, exit.Incomplete).lastLineIs(t, "b", "9", "10", "1", "0", "0", "6", "4")
	got := r.run("run", m, "--batch", "b", "--json").want(t, exit.Incomplete).lastLineIs(t, "b", "9", "10", "1", "0", "0", "0", "4")
	if !json.Valid([]byte(got.stdout)) {
		t.Errorf("standard output: %s", got.stdout)
	}
	r.run("cancel", "b", "--all").want(t, exit.OK)
	bad := r.file("bad.csv", "bucket,key\narchive,x.mov\narchive,\n")
	r.run("run", bad, "--batch", "my batch").want(t, exit.Incomplete).lastLineIs(t, "'my batch'", "1", "1", "0", "0", "1", "1", "4")
	got = r.run("submit").want(t, exit.OK).lastLineIs(t, "all 2 batches", "10", "10", "0", "0", "1", "0", "0")
	if n := strings.Count(got.stderr, "; exit 0\n"); n != 3 {
		t.Errorf("two batches: %d lines, want 3:\n%s", n, got.stderr)
	}
}

// With --quiet a run of which all is well prints nothing at all, be AiR slow or its rate limited meanwhile; any other prints
// what came up, the summary and the last line.
func TestQuietUnlessSomethingMatters(t *testing.T) {
	t.Parallel()
	busy := airtest.Fault{Kind: airtest.StatusBefore, Status: 429, Code: "TooManyRequests", Message: "slow down", Header: map[string]string{"Retry-After": "0"}}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if isPost(q) && q.N%4 == 2 {
			return busy
		}
		return airtest.Fault{}
	}})
	m := r.manifest("m.csv", 8)
	r.run("run", m, "--batch", "loud").want(t, exit.OK).says(t, "rate of requests is limited")
	if got := r.run("run", m, "--batch", "b", "--quiet", "--trust-queue").want(t, exit.OK); got.stdout+got.stderr != "" {
		t.Errorf("all is well, and it prints:\n%s%s", got.stdout, got.stderr)
	}
	r.run("run", m, "--batch", "c", "--quiet", "--trust-queue", "--max-items", "5").want(t, exit.WorkLeft).
		says(t, "rate of requests is limited", "8 = 5 submitted", "--max-items").lastLineIs(t, "c", "5", "8", "0", "0", "0", "5", "5")
}
