package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// A report into a named pipe waits for its reader, but no longer than until the first signal or --max-duration.
func TestReportIntoAPipeThatNobodyReads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		duration string
		signal   syscall.Signal
	}{
		{name: "SIGTERM", signal: syscall.SIGTERM},
		{name: "SIGINT", signal: syscall.SIGINT},
		{name: "--max-duration", duration: "2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			submitted := make(chan struct{}, 3)
			r := newRig(t, airtest.Config{OnAccept: func(air.Job) { submitted <- struct{}{} }})
			path := filepath.Join(r.dir, "pipe")
			mkfifo(t, path)
			args := []string{"run", r.manifest("m.csv", 3), "--batch", "b", "--report", path}
			if c.duration != "" {
				args = append(args, "--max-duration", c.duration)
			}
			p := r.start(args...)
			for range 3 {
				await(t, submitted, "a job")
			}
			if c.signal != 0 {
				p.signal(c.signal)
			}
			p.wait().want(t, exit.Unexpected).says(t, "no program reads this pipe")
			r.run("report", "b").want(t, exit.OK)
			r.settled(3)
		})
	}
}

// A reader gets the whole report, even if it comes late; one that stalls holds nothing up after a signal.
func TestReportIntoAPipeThatIsRead(t *testing.T) {
	t.Parallel()
	submitted := make(chan struct{}, 3000)
	r := newRig(t, airtest.Config{OnAccept: func(air.Job) { submitted <- struct{}{} }})
	path := filepath.Join(r.dir, "pipe")
	mkfifo(t, path)
	p := r.start("run", r.manifest("m.csv", 2000), "--batch", "b", "--report", path)
	for range 2000 {
		await(t, submitted, "a job")
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p.wait().want(t, exit.OK)
	if want := r.run("report", "b").want(t, exit.OK).stdout; string(got) != want || strings.Count(want, "\n") != 2001 {
		t.Errorf("the report through the pipe has %d bytes, want %d", len(got), len(want))
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	p = r.start("report", "b", "-o", path)
	if _, err := reader.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.Unexpected).says(t, "has stalled")
}
