package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

var clockSteps = flag.Bool("clocksteps", false, "build the command with a clock that the test can set, and run the tests that need it")

// steppedClock stands behind time.Now in the command that TestTheWallClockIsStepped builds: once the file exists that
// the variable names, the wall clock is so many seconds off. The monotonic clock goes on as it was.
const steppedClock = `
var steppedBy atomic.Int64

func init() {
	file, _ := syscall.Getenv("STEPPED_CLOCK_FILE")
	by, _ := syscall.Getenv("STEPPED_CLOCK_BY")
	step := map[string]int64{"+1h": 3600, "-1h": -3600}[by]
	if step == 0 {
		return
	}
	go func() { // Now itself may be called where no system call is allowed
		for syscall.Access(file, 0) != nil {
			Sleep(10 * Millisecond)
		}
		steppedBy.Store(step)
	}()
}
`

// change is one of a file of Go's own source: what stands there is replaced, and the rest comes at its end.
type change struct {
	file    string
	replace []string // old, new, ...
	add     string
}

const (
	timeImports = "import (\n"
	readClock   = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
)

// buildStepped builds the command over a copy of the time package's Now whose wall clock can be stepped.
func buildStepped(t *testing.T) string {
	t.Helper()
	return buildOver(t, change{
		"time/time.go", []string{timeImports, timeImports + "\t\"sync/atomic\"\n\t\"syscall\"\n", readClock, readClock + "\tsec += steppedBy.Load()\n"}, steppedClock,
	})
}

// buildOver builds the command over changed copies of Go's own source.
func buildOver(t *testing.T, changes ...change) string {
	t.Helper()
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir, replaced := t.TempDir(), map[string]string{}
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range changes {
		real := filepath.Join(strings.TrimSpace(string(goroot)), "src", filepath.FromSlash(c.file))
		source, err := os.ReadFile(real)
		if err != nil {
			t.Fatal(err)
		}
		text := string(source)
		for i := 0; i < len(c.replace); i += 2 {
			if strings.Count(text, c.replace[i]) != 1 {
				t.Fatalf("%s of %s is not as this test knows it", real, runtime.Version())
			}
			text = strings.Replace(text, c.replace[i], c.replace[i+1], 1)
		}
		replaced[real] = write(strings.ReplaceAll(c.file, "/", "-"), text+c.add)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(dir, "airlift")
	build := exec.Command("go", "build", "-overlay", write("overlay.json", string(overlay)), "-o", built, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the command with a clock of its own: %v\n%s", err, out)
	}
	return built
}

// TestTheWallClockIsStepped sets the wall clock of a running command an hour forward or back, in a pause and while an
// answer is in doubt: the pause ends with the server's midnight, a step forward costs one probe, and no object gets a
// second job. It needs a build of its own, so it runs with -clocksteps only.
func TestTheWallClockIsStepped(t *testing.T) {
	if !*clockSteps {
		t.Skip("run it with -clocksteps (make clocksteps)")
	}
	stepped := buildStepped(t)
	for _, by := range []string{"+1h", "-1h"} {
		t.Run("in a pause "+by, func(t *testing.T) {
			t.Parallel()
			const dailyCap, items = 10, 16
			posts := &arrivals{}
			r, turn := posts.newCapRig(t, dailyCap, airtest.Settings{DailyCap: dailyCap}, 6*time.Second)
			step := r.stepClock(stepped, by)
			p := r.start("run", r.manifest("archive.csv", items), "--workers", "1", "--grace", "100ms")
			await(t, posts.reached(dailyCap+1), "the first POST over the cap")
			r.awaitPause()
			step()
			p.wait().want(t, exit.OK)
			r.settled(items)
			before, after := posts.split(<-turn)
			if before > dailyCap+2 || after != items-dailyCap {
				t.Errorf("%d POSTs before midnight and %d after, want at most %d, and %d", before, after, dailyCap+2, items-dailyCap)
			}
		})
		t.Run("in doubt "+by, func(t *testing.T) {
			t.Parallel()
			const items = 5
			posts := &tally{}
			struck := false // the requests of one worker come one after the other
			r := newRig(t, airtest.Config{
				Settings:  airtest.Settings{ListLag: airtest.Duration(2 * time.Second)},
				OnRequest: func(q airtest.Request) { countPost(posts, q) },
				Script: func(q airtest.Request) airtest.Fault {
					if strings.HasSuffix(q.Job.Source.ObjectKey, "00002.mov") && !struck {
						struck = true
						return airtest.Fault{Kind: airtest.ResetAfter}
					}
					return airtest.Fault{}
				},
			})
			r.setenv("AIRLIFT_SETTLE", "4s")
			step := r.stepClock(stepped, by)
			p := r.start("run", r.manifest("archive.csv", items), "--workers", "1")
			await(t, posts.reached(items), "the last item's POST")
			step()
			p.wait().want(t, exit.OK)
			r.settled(items)
			if got := r.air.Posts(); got != items {
				t.Errorf("%d POSTs for %d items", got, items)
			}
		})
	}
}

// stepClock lets the commands of this rig be those of the stepped build, and returns what steps their clock.
func (r *rig) stepClock(command, by string) (step func()) {
	file := filepath.Join(r.dir, "stepped")
	r.binary = command
	r.setenv("STEPPED_CLOCK_FILE", file)
	r.setenv("STEPPED_CLOCK_BY", by)
	return func() {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			r.t.Error(err)
		}
	}
}

func countPost(c *tally, q airtest.Request) {
	if isPost(q) {
		c.add()
	}
}
