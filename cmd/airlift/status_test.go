package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/term"
	"airlift/queue/bolt"
	"airlift/queue/hold"
	"airlift/worker/air/airtest"
	"airlift/worker/service"
)

// statuses returns what `status --json` says of all batches, by their ids.
func (r *rig) statuses() map[string]summary {
	r.t.Helper()
	got := r.run("status", "--json").want(r.t, exit.OK)
	var all []summary
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil {
		r.t.Fatalf("status --json is no array: %v in %s", err, got.stdout)
	}
	by := map[string]summary{}
	for _, s := range all {
		by[s.Batch] = s
	}
	return by
}

// It is an array whatever there is, and during a run it has the batches too that the run does not touch.
func TestStatusIsOfAllBatches(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(5))
	db, err := bolt.Open(r.queue, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := r.run("status", "--json").want(t, exit.OK).stdout; got != "[]\n" {
		t.Errorf("an empty queue: got %s", got)
	}
	r.run("enqueue", r.manifest("old.csv", 7), "--batch", "old").want(t, exit.OK)
	r.run("cancel", "old", "--key", "*00001.mov").want(t, exit.OK)
	if all := r.statuses(); len(all) != 1 || all["old"].Pending != 6 {
		t.Errorf("one batch: got %+v", all)
	}
	p := r.start("run", r.manifest("new.csv", 20), "--batch", "new", "--workers", "1")
	await(t, h.posts.reached(5), "the run to be at work")
	r.awaitStatus("the run at work", func(s summary) bool { return s.Batch == "new" && s.Submitted == 4 })
	if all := r.statuses(); len(all) != 2 || all["old"].Pending != 6 || all["old"].Cancelled != 1 || all["old"].State != "idle" || all["new"].State != "running" {
		t.Errorf("during the run: got %+v", all)
	}
	r.run("status", "old").want(t, exit.OK).says(t, "7 = 0 submitted + 6 pending", "1 cancelled")
	r.run("status", "none").want(t, exit.Usage).says(t, `no batch "none"`)
	close(h.release)
	p.wait().want(t, exit.OK)
	if all := r.statuses(); len(all) != 2 || all["new"].Submitted != 20 || all["old"].Pending != 6 {
		t.Errorf("after the run: got %+v", all)
	}
}

// What stands at the status file's place and is no file is neither written nor read, and never waited for.
func TestStatusFileThatIsNone(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T, path string) error{
		"FIFO":               func(t *testing.T, path string) error { mkfifo(t, path); return nil },
		"folder":             func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) },
		"a link to a device": func(_ *testing.T, path string) error { return os.Symlink("/dev/zero", path) },
		"a link to a FIFO": func(t *testing.T, path string) error {
			fifo := filepath.Join(filepath.Dir(path), "fifo")
			mkfifo(t, fifo)
			return os.Symlink("fifo", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHeld()
			r := newRig(t, h.from(3))
			r.noSocket()
			path := r.queue + ".status.json"
			if err := make(t, path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			p := r.start("run", r.manifest("m.csv", 6), "--batch", "b", "--workers", "1")
			await(t, h.posts.reached(3), "the run to be at work")
			for _, args := range [][]string{{"status"}, {"status", "--json"}, {"status", "b"}} {
				r.run(args...).want(t, exit.Unexpected).says(t, path, "remove it")
			}
			close(h.release)
			p.wait().want(t, exit.OK).says(t, "the status file cannot be written", path)
			if after, err := os.Lstat(path); err != nil || after.Mode() != before.Mode() || !os.SameFile(before, after) {
				t.Errorf("it was replaced: %v, %v", after, err)
			}
			r.settled(6)
		})
	}
}

// A run's status file that a newer run has not written yet is said to be old.
func TestOldStatusIsSaid(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("m.csv", 3), "--batch", "b").want(t, exit.OK)
	db, err := bolt.Open(r.queue, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	old, err := json.Marshal(term.StatusFile{Updated: time.Now().Add(-time.Hour), Batches: []service.Status{{Batch: "b", State: "idle"}}})
	if err != nil {
		t.Fatal(err)
	}
	r.file("queue.db.status.json", string(old))
	r.run("status").want(t, exit.OK).says(t, "what follows is old")
}

// halfStatus is a command that writes half of the status file of the queue at its argument, says so, and waits to be killed.
func halfStatus() {
	err := hold.Replace(context.Background(), os.Args[1]+".status.json", hold.Options{Mode: 0o600}, func(w io.Writer) error {
		_, err := io.WriteString(w, `{"updated":`)
		fmt.Println("written")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return err
	})
	fmt.Println(err)
}

// What a process leaves that is killed as it writes the status file is gone after the next command.
func TestKilledAsItWritesTheStatusFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("m.csv", 3), "--batch", "b").want(t, exit.OK)
	cmd := exec.Command(filepath.Join(filepath.Dir(r.binary), "halfstatus"), r.queue)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "written\n" {
		t.Errorf("the writer says %q, %v", line, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	left := func() (names []string) {
		for name := range r.files() {
			if strings.Contains(name, "tmp") {
				names = append(names, name)
			}
		}
		return names
	}
	if len(left()) != 1 {
		t.Fatalf("the kill left %q, want a temporary file", left())
	}
	r.run("items", "b").want(t, exit.OK)
	if len(left()) != 0 {
		t.Errorf("left after the next command: %q", left())
	}
}
