package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// moveCopyOver puts a copy of a file in its place, as a sync tool, a backup or a restore does.
func moveCopyOver(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path+".copy", data, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".copy", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// oneJobEach fails the test if an object has more than one job.
func (r *rig) oneJobEach() {
	r.t.Helper()
	if dup := r.air.Duplicates(); len(dup) > 0 {
		r.t.Errorf("%d objects have more than one job: %v", len(dup), dup)
	}
}

// The first run is held at AiR while its queue is replaced: the second sends nothing, and the first nothing more.
func TestAReplacedQueueEndsTheRunThatHoldsIt(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	args := []string{"run", r.manifest("archive.csv", 40), "--workers", "2", "--batch", "b"}
	first := r.start(args...)
	await(t, h.posts.reached(7), "both workers to be under way")
	moveCopyOver(t, r.queue)
	pid := fmt.Sprintf("process %d on", first.cmd.Process.Pid)
	r.run(args...).want(t, exit.Locked).says(t, pid, "the file at this path was replaced")
	r.run("status", "--json").want(t, exit.OK)
	r.run("compact").want(t, exit.Locked).says(t, pid)
	close(h.release)
	first.wait().want(t, exit.Unexpected).says(t, "replaced", "nothing more is sent", r.queue)
	if n := r.air.Posts(); n > 7 {
		t.Errorf("AiR got %d POSTs, want none after the two that were under way", n)
	}
	r.run("reconcile", "b").want(t, exit.OK)
	r.run(args...) // it may be told to adopt: the copy lacks what came after it
	r.oneJobEach()
}

// Whatever ends a run whose queue was replaced, it is said that what came since is not in the file that is there.
func TestAReplacedQueueIsSaidWhateverEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer airtest.Fault // to the POST that is under way
		signal bool
		says   string
	}{
		"a quota":       {answer: airtest.Fault{Kind: airtest.Forbid403}, says: "monthly quota reached"},
		"no access":     {answer: airtest.Fault{Kind: airtest.Access403}, says: "AiR refuses access"},
		"the daily cap": {answer: airtest.Fault{Kind: airtest.Cap429}, says: "daily cap reached"},
		"a signal":      {signal: true, says: "ending in good order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHeld()
			c := h.from(4)
			c.Script = func(q airtest.Request) airtest.Fault {
				if isPost(q) && q.N == 4 {
					return tt.answer
				}
				return airtest.Fault{}
			}
			r := newRig(t, c)
			args := []string{"run", r.manifest("archive.csv", 10), "--workers", "1", "--batch", "b", "--on-daily-cap", "exit"}
			p := r.start(args...)
			await(t, h.posts.reached(4), "a POST to be under way")
			moveCopyOver(t, r.queue)
			if tt.signal {
				p.signal(syscall.SIGTERM)
				eventually(t, "the run has heard the signal", func() bool { return strings.Contains(p.err.String(), tt.says) })
			}
			close(h.release)
			p.wait().want(t, exit.Unexpected).says(t, "replaced", r.queue, tt.says)
			if got := r.air.Posts(); got != 4 {
				t.Errorf("%d POSTs, want none after the fourth", got)
			}
		})
	}
}

// A pause lasts hours: the run notices meanwhile, without a claim.
func TestAQueueReplacedInAPauseEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(*testing.T, string){
		"by a copy": moveCopyOver,
		"by nothing": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 5}})
			p := r.start("run", r.manifest("archive.csv", 20))
			r.awaitPause()
			replace(t, r.queue)
			p.wait().want(t, exit.Unexpected).says(t, "replaced or removed", r.queue)
			if n := r.air.Accepted(); n != 5 {
				t.Errorf("AiR has %d jobs, want 5", n)
			}
			r.oneJobEach()
		})
	}
}

// Two runs on a queue that was replaced in the first one's pause, both still there after midnight: the second is told to
// wait for the first, the first ends, and what follows goes on with the copy. Each object has one job.
func TestTwoRunsOnAReplacedQueueMakeOneJobEach(t *testing.T) {
	t.Parallel()
	const dailyCap, items = 5, 20
	posts := &arrivals{}
	r, _ := posts.newCapRig(t, dailyCap, airtest.Settings{DailyCap: dailyCap}, 6*time.Second)
	args := []string{"run", r.manifest("archive.csv", items), "--batch", "b", "--workers", "2", "--grace", "0s"}
	first := r.start(args...)
	r.awaitPause()
	moveCopyOver(t, r.queue)
	second := r.start(args...)
	first.wait().want(t, exit.Unexpected).says(t, "replaced")
	r.oneJobEach()
	r.change(func(s *airtest.Settings) { s.DailyCap = 0 })
	if end := second.wait(); end.code != exit.OK { // the first may have ended before it
		end.want(t, exit.Locked)
		r.run(args...).want(t, exit.OK)
	}
	r.settled(items)
}

func TestAnEnqueueIntoAReplacedQueueSaysSo(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	fifo := filepath.Join(r.dir, "rows.csv")
	mkfifo(t, fifo)
	p := r.start("enqueue", fifo, "--batch", "b", "--format", "csv")
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(w, "bucket,key\narchive,one.mov")
	eventually(t, "the queue is there", func() bool { _, err := os.Stat(r.queue + ".status.json"); return err == nil })
	moveCopyOver(t, r.queue)
	fmt.Fprintln(w, "archive,two.mov")
	w.Close()
	p.wait().want(t, exit.Unexpected).says(t, "replaced", r.queue)
}

// Two names of a queue, and a compact in between: the link stays a link, and no name an old copy.
func TestAllNamesOfAQueueAreOne(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(20))
	link := filepath.Join(r.dir, "link.db")
	if err := os.Symlink("state/real.db", link); err != nil {
		t.Fatal(err)
	}
	real := filepath.Join(r.dir, "state", "real.db")
	r.run("enqueue", r.manifest("archive.csv", 80), "--batch", "b", "--queue", link).want(t, exit.OK)
	if _, err := os.Stat(real); err != nil {
		t.Fatal("the target of a dangling link was not made")
	}
	r.run("compact", "--queue", link).want(t, exit.OK)
	r.setenv("AIRLIFT_QUEUE", real)
	first := r.start("submit", "--workers", "2")
	await(t, h.posts.reached(21), "the first to be under way")
	r.run("submit", "--queue", link, "--on-daily-cap", "exit", "--max-duration", "1s").want(t, exit.WorkLeft).says(t, "only the wait has ended")
	r.run("compact", "--queue", link).want(t, exit.Locked)
	var all []summary
	got := r.run("status", "--json", "--queue", link).want(t, exit.OK).stdout
	if json.Unmarshal([]byte(got), &all) != nil && !strings.Contains(got, `"b"`) {
		t.Errorf("status by the link shows %s", got)
	}
	if _, err := os.Stat(link + ".status.json"); err == nil {
		t.Error("the status file lies beside the link, not beside the queue")
	}
	close(h.release)
	first.wait().want(t, exit.OK)
	r.run("submit", "--queue", link).want(t, exit.OK)
	r.settled(80)
}

func TestWithoutAHomeThereIsNoDefaultQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 3)
	r.setenv("AIRLIFT_QUEUE", "")
	for _, home := range []string{"", "relative/home"} {
		r.setenv("HOME", home)
		for _, args := range [][]string{{"run", m}, {"enqueue", m}, {"status"}, {"compact"}, {"check"}} {
			r.run(args...).want(t, exit.Usage).says(t, "--queue", "HOME", "XDG_STATE_HOME")
		}
	}
	r.run("version").want(t, exit.OK)
	for name := range r.files() {
		if strings.Contains(name, "airlift") || strings.Contains(name, "queue") {
			t.Errorf("%s was made", name)
		}
	}
	r.unsent()
	r.run("run", m, "--queue", "q.db").want(t, exit.OK)
	r.setenv("XDG_STATE_HOME", filepath.Join(r.dir, "xdg"))
	r.run("enqueue", m).want(t, exit.OK)
	if _, err := os.Stat(filepath.Join(r.dir, "xdg", "airlift", "queue.db")); err != nil {
		t.Error(err)
	}
	r.run("enqueue", m, "--queue", r.dir).want(t, exit.Unexpected).says(t, "is a directory")
}

// A signal that was ignored at the start stays ignored: nohup's SIGHUP, a background job's SIGINT.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			h := newHeld()
			r := newRig(t, h.from(3))
			name := map[syscall.Signal]string{syscall.SIGHUP: "HUP", syscall.SIGINT: "INT"}[sig]
			r.manifest("archive.csv", 6)
			airlift := r.binary
			r.binary = "/bin/sh"
			p := r.start("-c", fmt.Sprintf(`trap '' %s; exec "$0" "$@"`, name), airlift, "run", "archive.csv", "--workers", "1")
			r.binary = airlift
			await(t, h.posts.reached(3), "the run to be at work")
			p.signal(sig)
			p.signal(sig)
			close(h.release)
			p.wait().want(t, exit.OK)
			r.settled(6)
		})
	}
}

// What kills leave is overwritten by the next run, a report keeps the mode that it had, and a new one follows the umask.
func TestFilesThatAreWritten(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("archive.csv", 3)
	report, target := filepath.Join(r.dir, "report.csv"), filepath.Join(r.dir, "target.csv")
	for _, left := range []string{report, r.queue + ".status.json"} {
		if err := os.WriteFile(left+".airlift-tmp", []byte("torn"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	r.file("target.csv", "old")
	if err := os.Symlink("target.csv", filepath.Join(r.dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(target, 0o640); err != nil {
		t.Fatal(err)
	}
	airlift := r.binary
	sh := func(umask string, args ...string) result {
		cmd := exec.Command("/bin/sh", append([]string{"-c", "umask " + umask + `; exec "$0" "$@"`, airlift}, args...)...)
		cmd.Dir, cmd.Env = r.dir, r.env
		out, _ := cmd.CombinedOutput()
		return result{cmd.ProcessState.ExitCode(), string(out), ""}
	}
	sh("027", "run", m, "--batch", "b", "--report", report).want(t, exit.OK)
	sh("077", "report", "b", "-o", "link.csv").want(t, exit.OK)
	sh("077", "plan", m, "--batch", "c", "--save", filepath.Join(r.dir, "saved.csv")).want(t, exit.OK)
	for name, want := range map[string]os.FileMode{report: 0o640, target: 0o640, "saved.csv": 0o600, r.queue + ".status.json": 0o600} {
		if !filepath.IsAbs(name) {
			name = filepath.Join(r.dir, name)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("mode of %s: got %v, want %v", name, info.Mode(), want)
		}
	}
	if info, err := os.Lstat(filepath.Join(r.dir, "link.csv")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	for name, content := range r.files() {
		if strings.Contains(name, "tmp") || strings.Contains(name, ".lock") || content == "torn" {
			t.Errorf("%s is left", name)
		}
	}
}

// Runs that are killed leave at most one file of each kind, and the next run none.
func TestKillsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(1))
	args := []string{"run", r.manifest("archive.csv", 3), "--report", filepath.Join(r.dir, "report.csv")}
	for i := range 5 {
		p := r.start(args...)
		await(t, h.posts.reached(i+1), "a POST")
		_ = p.cmd.Process.Kill()
		p.wait()
	}
	close(h.release)
	r.run(args...)
	for name := range r.files() {
		switch name {
		case "archive.csv", "report.csv", "queue.db", "queue.db.status.json":
		default:
			t.Errorf("%s is left", name)
		}
	}
}
