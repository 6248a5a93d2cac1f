package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// hangingS3 is an S3 server that answers nothing.
func hangingS3(r *rig) {
	s3 := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() }))
	r.t.Cleanup(s3.Close)
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", s3.URL)
	r.setenv("AIRLIFT_SOURCE_REGION", "us-east-1")
}

// --max-duration ends a run in good order, whatever it waits for: exit 5, before anything was sent.
func TestMaxDurationBeforeAnythingBegan(t *testing.T) {
	t.Parallel()
	held := func(q airtest.Request) airtest.Fault {
		if q.Method == "GET" {
			return airtest.Fault{Kind: airtest.HangBefore, Delay: time.Minute}
		}
		return airtest.Fault{}
	}
	for _, c := range []struct {
		name    string
		config  airtest.Config
		prepare func(r *rig)
		stdin   bool // a pipe that stays open and gives nothing
		args    []string
	}{
		{name: "a pipe, of which the format is known", stdin: true, args: []string{"run", "-", "--format", "csv", "--batch", "b"}},
		{name: "a pipe, of which it is not", stdin: true, args: []string{"run", "-", "--batch", "b"}},
		{name: "a pipe, to be read twice", stdin: true, args: []string{"run", "-", "--format", "csv", "--batch", "b", "--strict"}},
		{name: "a pipe, to be replaced by", stdin: true, args: []string{"run", "-", "--format", "csv", "--batch", "b", "--replace"}},
		{name: "a pipe, dry", stdin: true, args: []string{"run", "-", "--format", "csv", "--batch", "b", "--dry-run"}},
		{name: "a named pipe", prepare: func(r *rig) { mkfifo(r.t, filepath.Join(r.dir, "p.csv")) }, args: []string{"run", "p.csv", "--batch", "b"}},
		{name: "a scan", prepare: hangingS3, args: []string{"run", "s3://archive/"}},
		{name: "a scan, dry", prepare: hangingS3, args: []string{"run", "s3://archive/", "--dry-run"}},
		{name: "a manifest in a bucket", prepare: hangingS3, args: []string{"run", "s3://archive/m.csv"}},
		{name: "preflight", prepare: hangingS3, args: []string{"run", "m.csv", "--preflight"}},
		{name: "AiR's list", config: airtest.Config{Script: held}, prepare: func(r *rig) { r.setenv("AIRLIFT_TIMEOUT", "1s") }, args: []string{"run", "m.csv"}},
		{name: "a stored pause", config: airtest.Config{Settings: airtest.Settings{DailyCap: 1}}, prepare: paused, args: []string{"run", "other.csv", "--batch", "b"}},
		{name: "a stored pause, submit", config: airtest.Config{Settings: airtest.Settings{DailyCap: 1}}, prepare: paused, args: []string{"submit"}},
		{name: "no time at all", args: []string{"run", "m.csv"}, prepare: func(r *rig) { r.setenv("AIRLIFT_MAX_DURATION", "1ns") }},
		{name: "no time at all, submit", args: []string{"submit"}, prepare: func(r *rig) {
			r.run("enqueue", "m.csv").want(r.t, exit.OK)
			r.setenv("AIRLIFT_MAX_DURATION", "1ns")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.config)
			r.manifest("m.csv", 5)
			r.setenv("AIRLIFT_MAX_DURATION", "300ms")
			if c.prepare != nil {
				c.prepare(r)
			}
			posts := r.air.Posts()
			p := &process{r: r, cmd: r.command(c.args...)}
			p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
			if c.stdin {
				from, to, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer to.Close()
				defer from.Close()
				p.cmd.Stdin = from
			}
			if err := p.cmd.Start(); err != nil {
				t.Fatal(err)
			}
			got := p.wait().want(t, exit.WorkLeft).says(t, "--max-duration reached")
			if strings.Contains(got.stderr, "once it is mended") || strings.Contains(got.stderr, "context") {
				t.Errorf("the end of the time was taken for something else:\n%s", got.stderr)
			}
			if n := r.air.Posts(); n != posts {
				t.Errorf("%d POSTs, want none", n-posts)
			}
			left, err := filepath.Glob(filepath.Join(tempDir(r), "airlift-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %q, %v", left, err)
			}
		})
	}
}

// paused leaves a pause in the queue, and items of batch b.
func paused(r *rig) {
	r.setenv("AIRLIFT_MAX_DURATION", "")
	r.run("run", "m.csv", "--on-daily-cap", "exit", "--batch", "b").want(r.t, exit.WorkLeft)
	r.file("other.csv", "bucket,key\narchive,other.mov\n")
	r.setenv("AIRLIFT_MAX_DURATION", "300ms")
}

// tempDir is that of the commands.
func tempDir(r *rig) string {
	for _, e := range r.env {
		if dir, ok := strings.CutPrefix(e, "TMPDIR="); ok {
			return dir
		}
	}
	r.t.Fatal("no TMPDIR")
	return ""
}

// A signal ends the wait for a pipe as well.
func TestASignalEndsTheWaitForAPipe(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "enqueue"} {
		r := newRig(t, airtest.Config{})
		p := &process{r: r, cmd: r.command(command, "-", "--batch", "b")}
		in, err := p.cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		p.cmd.Stderr = &p.err
		if err := p.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Half a row is taken out of the pipe by the command alone.
		if _, err := io.WriteString(in, strings.Repeat("x", 1<<17)); err != nil {
			t.Fatal(err)
		}
		p.signal(syscall.SIGTERM)
		_, _ = io.ReadAll(out)
		p.wait().want(t, exit.WorkLeft).says(t, "signal")
		in.Close()
		r.unsent()
	}
}

// A share ends the run as soon as it is reached, a number at that number, and without either it is over half.
func TestMaxFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		every int // of so many objects AiR refuses the last
		args  []string
		code  int
		posts int
	}{
		{"a fifth, reached", 5, []string{"--max-failures", "20%"}, exit.Failures, 100},
		{"a fifth, allowed a little more", 5, []string{"--max-failures", "21%"}, exit.Incomplete, 300},
		{"half, reached", 2, []string{"--max-failures", "50%"}, exit.Failures, 100},
		{"half, by default", 2, nil, exit.Incomplete, 300},
		{"all, by default", 1, nil, exit.Failures, 100},
		{"a number", 2, []string{"--max-failures", "7"}, exit.Failures, 14},
		{"off", 1, []string{"--max-failures", "off"}, exit.Incomplete, 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rejecting(t, "bad")
			text := ""
			for i := range 300 {
				text += fmt.Sprintf("archive/%03d%s.mov\n", i, map[bool]string{true: "bad"}[i%c.every == c.every-1])
			}
			args := append([]string{"run", r.file("m.txt", text), "--source-bucket", "archive", "--workers", "1"}, c.args...)
			r.run(args...).want(t, c.code)
			if got := r.air.Posts(); got != c.posts {
				t.Errorf("%d POSTs, want %d", got, c.posts)
			}
		})
	}
}
