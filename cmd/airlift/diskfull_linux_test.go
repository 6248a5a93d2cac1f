package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A file system that fills up while jobs are sent ends the run; with room again the same command finishes.
func TestRunOnAFileSystemThatFillsUp(t *testing.T) {
	t.Parallel()
	const items, fullAt = 1500, 50 // the file has room for some hundred more before it must grow
	dir := tmpfs(t, "16m")
	ballast := filepath.Join(dir, "ballast")
	r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
		if isPost(q) && q.N == fullAt {
			_ = os.WriteFile(ballast, make([]byte, 32<<20), 0o600) // as much as there is room for
		}
	}})
	r.queue = filepath.Join(dir, "queue.db")
	r.setenv("AIRLIFT_QUEUE", r.queue)
	m := r.manifest("m.csv", items)
	r.run("run", m).want(t, exit.Unexpected).says(t, r.queue, "no space left on device", "see to the disk", "nothing is lost", "it first looks up what was in flight")
	if got, most := r.air.Posts(), items/2; got > most {
		t.Errorf("POSTs: got %d, want at most %d: the disk was full after %d", got, most, fullAt)
	}
	r.run("run", m).want(t, exit.Unexpected).says(t, r.queue, "no space left on device", "see to the disk", "nothing is lost", "it first looks up what was in flight")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(items)
}

// In a folder that cannot be written no queue is made and nothing is sent; one that is there already is worked on.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	open := r.openToOthers()
	m := r.manifest("m.csv", 20)
	chmod := func(modes map[string]os.FileMode) {
		t.Helper()
		for path, mode := range modes {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod(map[string]os.FileMode{open: 0o555, m: 0o644})
	r.asNobody("run", m).want(t, exit.Unexpected).says(t, r.queue, "permission denied", "see to the disk and to the rights")
	r.unsent()
	r.noQueue()
	r.run("enqueue", m).want(t, exit.OK)
	chmod(map[string]os.FileMode{r.queue: 0o666})
	r.asNobody("run", m).want(t, exit.OK)
	r.settled(20)
	r.asNobody("compact").want(t, exit.Unexpected).says(t, r.queue, "permission denied", "see to the disk and to the rights")
	r.run("check").want(t, exit.OK)
}

// On a file system that became read-only, as Linux makes one after errors, nothing is sent.
func TestReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	dir := tmpfs(t, "16m")
	r := newRig(t, airtest.Config{})
	r.queue = filepath.Join(dir, "queue.db")
	r.setenv("AIRLIFT_QUEUE", r.queue)
	m := r.manifest("m.csv", 20)
	r.run("enqueue", m).want(t, exit.OK)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("this needs the right to mount a file system again: %v", err)
	}
	for _, args := range [][]string{{"run", m}, {"submit"}, {"compact"}} {
		r.run(args...).want(t, exit.Unexpected).says(t, r.queue, "read-only file system", "see to the disk")
	}
	r.unsent()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	r.run("run", m).want(t, exit.OK)
	r.settled(20)
}

// A queue in which a bit was flipped, or whose end is gone, in the middle of the work: no object gets a second job, nothing
// panics, a run that does not finish the work names the file and the remedy, and that remedy works.
func TestDamagedQueue(t *testing.T) {
	t.Parallel()
	const items, sent = 300, 100
	damages := 24
	if raceFlag != "" {
		damages = 8 // ten times as slow
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range damages {
		r := newRig(t, airtest.Config{})
		m := r.manifest("m.csv", items)
		r.run("run", m, "--max-items", fmt.Sprint(sent)).want(t, exit.WorkLeft)
		sound, err := os.ReadFile(r.queue)
		if err != nil {
			t.Fatal(err)
		}
		used := len(bytes.TrimRight(sound, "\x00"))
		damaged, what := bytes.Clone(sound), ""
		if i%4 == 0 {
			n := 1 + rng.IntN(used-1)
			damaged, what = damaged[:n], fmt.Sprintf("cut to %d bytes", n)
		} else {
			at, bit := rng.IntN(used), rng.IntN(8)
			damaged[at] ^= 1 << bit
			what = fmt.Sprintf("bit %d of byte %d flipped", bit, at)
		}
		if err := os.WriteFile(r.queue, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		got := r.run("run", m)
		switch {
		case got.code == exit.OK && i%4 != 0: // in a place that is free, or of no account
			if dup := r.air.Duplicates(); r.air.Accepted() != items || len(dup) > 0 {
				t.Errorf("seed %d: %s: %d jobs, want %d; %d objects with more than one", seed, what, r.air.Accepted(), items, len(dup))
			}
			continue
		case got.code == exit.Usage && strings.Contains(got.stderr, "this queue never sent"): // AiR's list showed it
		case got.code != exit.Unexpected || !strings.Contains(got.stderr, r.queue) || !strings.Contains(got.stderr, "restore the file from a copy"):
			t.Errorf("seed %d: %s: exit code %d, want %d with the file and the remedy\n%s", seed, what, got.code, exit.Unexpected, got.stderr)
		}
		r.run("check").want(t, exit.Unexpected)
		if err := os.WriteFile(r.queue, sound, 0o600); err != nil {
			t.Fatal(err)
		}
		if r.air.Posts() > sent { // the damage was met on the way, so the copy is an old one
			batch := r.status().Batch
			r.run("run", m).want(t, exit.Usage).says(t, "airlift adopt "+batch)
			r.run("adopt", batch, m).want(t, exit.OK)
		}
		r.run("run", m).want(t, exit.OK)
		r.settled(items)
	}
}
