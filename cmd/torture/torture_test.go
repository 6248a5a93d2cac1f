package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// binary is the airlift that the rig drives.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "torture-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "airlift")
	args := []string{"build", "-o", binary}
	if raceFlag != "" {
		args = append(args, raceFlag)
	}
	if out, err := exec.Command("go", append(args, "airlift/cmd/airlift")...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build airlift: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// The short form of `make torture`: whatever ends airlift, each object has exactly one job.
func TestCrashesAndFaultsMakeOneJobEach(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	// The slack is generous, for other tests keep the machine busy at the same time.
	err := run(t.Context(), []string{"-airlift", binary, "-rounds", "8", "-seed", "7", "-slack", "1s", "-dir", shortDir(t), "-workers-of-rig", "8"}, &out)
	t.Logf("\n%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"duplicates  0", "lost        0"} {
		if !strings.Contains(collapsed(out.String()), collapsed(name)) {
			t.Errorf("the table lacks %q", name)
		}
	}
}

// shortDir returns a temporary folder whose path leaves room for that of a socket in the folder of a round.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "rig-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func collapsed(s string) string { return strings.Join(strings.Fields(s), " ") }

// The proof that the rig would notice: AiR's list lags a second, and airlift is told that it never does.
func TestTheRigFindsDuplicates(t *testing.T) {
	t.Parallel()
	p := plan{
		Seed: 1, Objects: 30, Way: runIt, Workers: 8, Rate: "unlimited", Timeout: time.Second, MaxAttempts: 50,
		Lag: time.Second, Settle: 0, Post: mix{P: 0.3, Kinds: []airtest.Kind{airtest.ResetAfter}},
	}
	r := newRound(&config{airlift: binary, dir: t.TempDir(), limit: time.Minute, slack: time.Minute}, p)
	if err := r.run(t.Context()); err == nil || len(r.air.Duplicates()) == 0 {
		t.Errorf("got %v and %d duplicates, want some of both", err, len(r.air.Duplicates()))
	}
	if _, err := os.Stat(filepath.Join(r.dir, "events.log")); err != nil {
		t.Errorf("a failed round keeps its folder: %v", err)
	}
}

// The proof that the rig would notice a limit that is not kept, and a key that is told.
func TestTheRigFindsBrokenLimits(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]limits{
		"open with --max-open 2":           {MaxOpen: 2, Lifecycle: time.Hour},
		"3 jobs with --daily-limit 2":      {Own: 2, OwnFlag: "--daily-limit"},
		"that the batch is finished was n": {Notify: true},
		"no hook was told that the batch":  {Hook: true},
	} {
		r := newRound(&config{}, plan{Way: runIt, limits: l})
		r.dir = t.TempDir()
		for range 3 {
			r.note(air.Job{Batch: "torture"})
		}
		if err := r.verifyLimits(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	r := newRound(&config{}, plan{})
	if r.dir = t.TempDir(); os.WriteFile(filepath.Join(r.dir, hooked), []byte("KEY="+secondSecretKey), 0o600) != nil || r.verifyLimits() == nil {
		t.Error("a hook that was given a key is not noticed")
	}
}
