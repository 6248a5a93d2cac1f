package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// fileSizeLimit makes every write of a process beyond its files' first byte fail, as on a disk that is full. It needs no
// rights, unlike a small file system.
func fileSizeLimit(pid int) error {
	limit := syscall.Rlimit{Cur: 1, Max: 1}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// runFull runs a command that can write no file.
func (r *rig) runFull(args ...string) result {
	r.t.Helper()
	p := &process{r: r, cmd: exec.Command("/bin/sh", append([]string{"-c", `ulimit -f 0 && exec "$0" "$@"`, binary}, args...)...)}
	p.cmd.Dir, p.cmd.Env = r.dir, r.env
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err // pipes: these are no files
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	return p.wait()
}

// A disk that fills up ends the run: after the commit that failed nothing more is claimed, and on a sound disk the same
// command finishes with one job per object.
func TestDiskThatFillsUpInTheMiddle(t *testing.T) {
	t.Parallel()
	const items, fullAt, workers = 400, 60, 8
	pid := make(chan int, 1)
	r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
		if q.Method == "POST" && q.N == fullAt {
			if err := fileSizeLimit(<-pid); err != nil {
				t.Errorf("limit the size of files: %v", err)
			}
		}
	}})
	m := r.manifest("m.csv", items)
	p := r.start("run", m)
	pid <- p.cmd.Process.Pid
	p.wait().want(t, exit.Unexpected).says(t, "queue.db", "can no longer be written", "file too large")
	// What was claimed by then may go: at most 4 x workers ahead (the contract), and what the workers had in hand.
	if got, most := r.air.Posts(), fullAt+5*workers; got > most {
		t.Errorf("POSTs: got %d, want at most %d: the disk was full after %d", got, most, fullAt)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(items)
}

func TestDiskThatIsFullFromTheStart(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	m := r.manifest("m.csv", 5)
	r.runFull("run", m).want(t, exit.Unexpected).says(t, "queue.db", "file too large")
	r.unsent()
	r.noQueue() // no half of one either
	r.run("enqueue", m).want(t, exit.OK)
	r.runFull("run", m).want(t, exit.Unexpected).says(t, "queue.db", "file too large")
	r.runFull("submit").want(t, exit.Unexpected).says(t, "queue.db", "file too large") // here the first commit is a claim
	r.unsent()
	r.run("run", m).want(t, exit.OK)
	r.settled(5)
}

// A report that cannot be written leaves the one that was there.
func TestReportOnAFullDisk(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.manifest("m.csv", 5), "--report", "report.csv").want(t, exit.OK)
	before := r.files()
	r.runFull("report", r.status().Batch, "-o", "report.csv").want(t, exit.Unexpected).says(t, "report.csv", "file too large")
	after := r.files()
	if after["report.csv"] != before["report.csv"] || len(after) != len(before) {
		t.Errorf("the old report was touched, or rubbish was left: %d files, want %d", len(after), len(before))
	}
}

// tmpfs mounts a small file system, or skips the test.
func tmpfs(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("this needs the right to mount a file system (TestDiskThatFillsUpInTheMiddle does without): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// On a file system without room for the whole manifest nothing that was stored is lost, and with room it goes on.
func TestNoSpaceLeftOnDevice(t *testing.T) {
	t.Parallel()
	dir := tmpfs(t, "8m")
	r := newRig(t, airtest.Config{})
	r.setenv("AIRLIFT_QUEUE", filepath.Join(dir, "queue.db"))
	const items = 60_000
	var b strings.Builder
	for i := range items {
		fmt.Fprintf(&b, "%x/%x.mov\n", uint64(i+1)*0x9e3779b97f4a7c15, uint64(i+1)*0xc2b2ae3d27d4eb4f) // hard to compress
	}
	m := r.file("m.txt", b.String())
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 7<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	r.run("enqueue", m, "--source-bucket", "archive").want(t, exit.Unexpected).says(t, "queue.db", "no space left on device")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	r.run("enqueue", m, "--source-bucket", "archive").want(t, exit.OK)
	if s := r.status(); s.Items != items || s.Rows != items {
		t.Errorf("items: got %d of %d rows, want %d", s.Items, s.Rows, items)
	}
	r.run("check").want(t, exit.OK)
}

// asNobody runs a command as a user who owns nothing, or as oneself if one is no root.
func (r *rig) asNobody(args ...string) result {
	r.t.Helper()
	p := &process{r: r, cmd: r.command(args...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if os.Getuid() == 0 {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := p.cmd.Start(); errors.Is(err, syscall.EPERM) {
		r.t.Skipf("this needs the right to become another user: %v", err)
	} else if err != nil {
		r.t.Fatal(err)
	}
	return p.wait()
}

// openToOthers moves the rig to a folder that another user may enter (t.TempDir is closed to others), and returns it.
func (r *rig) openToOthers() string {
	r.t.Helper()
	dir, err := os.MkdirTemp("", "airlift-test-*")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r.dir, r.queue = dir, filepath.Join(dir, "queue.db")
	r.setenv("AIRLIFT_QUEUE", r.queue)
	r.setenv("HOME", dir)
	return dir
}

func TestQueueThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	open := r.openToOthers()
	m := r.manifest("m.csv", 3)
	r.run("enqueue", m).want(t, exit.OK)
	for path, mode := range map[string]os.FileMode{open: 0o755, m: 0o644, r.queue: 0} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"run", m}, {"status"}, {"submit"}, {"check"}} {
		r.asNobody(args...).want(t, exit.Unexpected).says(t, r.queue, "permission denied")
	}
	r.unsent()
	if err := os.Chmod(r.queue, 0o600); err != nil {
		t.Fatal(err)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(3)
}
