package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// The mode of the socket is right from the bind on: no mode is changed after it.
func TestNoModeIsChangedAfterTheBind(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("there is no strace")
	}
	r := newRig(t, airtest.Config{})
	m, trace := r.manifest("m.csv", 3), filepath.Join(r.dir, "trace")
	r.binary = strace
	r.run("-f", "-o", trace, "-e", "signal=none", "-e", "trace=bind,chmod,fchmod,fchmodat,mkdirat,mkdir", binary, "run", m).want(t, exit.OK)
	out, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	before, after, bound := strings.Cut(string(out), "bind(")
	if !bound || !strings.Contains(after, "AF_UNIX") {
		t.Fatalf("no socket was bound:\n%s", out)
	}
	if changed := regexp.MustCompile(`chmod(at)?\(`).FindString(after); changed != "" {
		t.Errorf("a mode is changed after the bind:\n%s", out)
	}
	if !regexp.MustCompile(`mkdir(at)?\([^\n]*0700\)`).MatchString(before) {
		t.Errorf("the socket's folder is not made with mode 0700 before the bind:\n%s", out)
	}
}
