package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"airlift/worker/air/airtest"
)

// The keys of all tests that do not test keys. No output of any command may show them.
const (
	testAccessKey = "AKIAIRLIFTTESTACCESS"
	testSecretKey = "sEcrEt/airlift/test/canary+0123456789"
)

// binary is the command that the tests drive; see [TestMain].
var binary string

// rig is a folder, a queue and an AiR for one test.
type rig struct {
	t     testing.TB
	dir   string
	queue string
	air   *airtest.Server
	url   string
	env   []string
	// binary is the command that the rig runs.
	binary string
}

// newRig starts an AiR and makes a folder. All job settings are in the environment, as a cron job would have them; the
// rate is unlimited and the settle window short, so that a test takes no longer than it must.
func newRig(t testing.TB, c airtest.Config) *rig {
	t.Helper()
	c.AccessKey, c.SecretKey = testAccessKey, testSecretKey
	r := &rig{t: t, dir: t.TempDir(), air: airtest.NewServer(c), binary: binary}
	r.url = r.air.Start(t)
	r.queue = filepath.Join(r.dir, "queue.db")
	r.env = []string{
		"HOME=" + r.dir, "XDG_RUNTIME_DIR=" + shortDir(t), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(),
		"GORACE=atexit_sleep_ms=0", // else each command sleeps a second at its end
		"WASABI_ACCESS_KEY=" + testAccessKey, "WASABI_SECRET_KEY=" + testSecretKey,
		"AIRLIFT_QUEUE=" + r.queue, "AIRLIFT_AIR_URL=" + r.url, "AIRLIFT_SERVICES=ocr,s2t",
		"AIRLIFT_DESTINATION_BUCKET=results", "AIRLIFT_DESTINATION_REGION=us-east-1",
		"AIRLIFT_RATE=unlimited", "AIRLIFT_SETTLE=500ms",
	}
	return r
}

// shortDir returns a folder whose path leaves room for that of a socket.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "al")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// noSocket keeps the holder of the queue from being asked: what stands in the socket's place is no folder.
func (r *rig) noSocket() {
	r.t.Helper()
	r.setenv("XDG_RUNTIME_DIR", "")
	if err := os.WriteFile(r.queue+".run", nil, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// failPosts is a script that answers each POST for an object whose key has the part with the fault.
func failPosts(part string, fault airtest.Fault) func(airtest.Request) airtest.Fault {
	return func(q airtest.Request) airtest.Fault {
		if isPost(q) && strings.Contains(q.Job.Source.ObjectKey, part) {
			return fault
		}
		return airtest.Fault{}
	}
}

// setenv sets or replaces a variable of the commands that follow; an empty value takes it away.
func (r *rig) setenv(name, value string) {
	kept := r.env[:0:0]
	for _, e := range r.env {
		if !strings.HasPrefix(e, name+"=") {
			kept = append(kept, e)
		}
	}
	if value != "" {
		kept = append(kept, name+"="+value)
	}
	r.env = kept
}

// result is what a command left behind.
type result struct {
	code           int
	stdout, stderr string
}

func (r *rig) command(args ...string) *exec.Cmd {
	cmd := exec.Command(r.binary, args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	return cmd
}

// run runs a command to its end.
func (r *rig) run(args ...string) result {
	r.t.Helper()
	if len(args) > 0 && slices.Contains(inspected, args[0]) {
		return r.inspect(args...)
	}
	return r.runIn("", args...)
}

// inspect runs a command that only reads the queue. It does so in this process if it can, because the start of a binary with
// the race detector takes longer than all that the command does.
func (r *rig) inspect(args ...string) result {
	r.t.Helper()
	env := map[string]string{"GOGC": "100", "GOMEMLIMIT": "off"} // else it would set those of this process
	for _, e := range r.env {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	if r.binary != binary || !filepath.IsAbs(env["AIRLIFT_QUEUE"]) || slices.ContainsFunc(args, isRelative) {
		return r.start(args...).wait()
	}
	var out, errs bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &out, err: &errs, environ: func() []string { return r.env }}
	a.getenv = func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	got := result{code: a.run(context.Background(), args)}
	got.stdout, got.stderr = out.String(), errs.String()
	r.checkOutput(args, got)
	return got
}

// isRelative reports whether an argument may name a file in the folder of the rig, which is not that of this process, or make the
// command look for files in the home folder.
func isRelative(arg string) bool {
	switch {
	case filepath.IsAbs(arg):
		return false
	case strings.HasPrefix(arg, "-"):
		return strings.Contains(arg, "=") || slices.Contains([]string{"-o", "--save", "--profile", "--config"}, arg)
	}
	return strings.ContainsAny(arg, "./@*")
}

// inspected are the commands that [rig.run] runs in this process: they send nothing and wait for nothing.
var inspected = []string{"status", "report", "items", "show", "check", "plan", "forecast", "retry", "cancel", "set", "pause", "resume", "version"}

// runIn is run with standard input.
func (r *rig) runIn(stdin string, args ...string) result {
	r.t.Helper()
	p := r.startIn(stdin, args...)
	return p.wait()
}

// process is a command that runs.
type process struct {
	r        *rig
	cmd      *exec.Cmd
	out, err output
}

// output is what a process has written so far. It may be read while the process runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (r *rig) start(args ...string) *process { return r.startIn("", args...) }

func (r *rig) startIn(stdin string, args ...string) *process {
	r.t.Helper()
	p := &process{r: r, cmd: r.command(args...)}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = strings.NewReader(stdin), &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		r.t.Fatalf("start airlift %v: %v", args, err)
	}
	r.t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// wait waits for the end and checks what no command may ever do.
func (p *process) wait() result {
	p.r.t.Helper()
	stuck := time.AfterFunc(patience, func() { p.signal(syscall.SIGQUIT) }) // it shows where
	_ = p.cmd.Wait()                                                        // the code says it
	stuck.Stop()
	got := result{p.cmd.ProcessState.ExitCode(), p.out.String(), p.err.String()}
	p.r.checkOutput(p.cmd.Args[1:], got)
	return got
}

// checkOutput checks what no command may ever print.
func (r *rig) checkOutput(args []string, got result) {
	r.t.Helper()
	for _, secret := range []string{testAccessKey, testSecretKey} {
		if strings.Contains(got.stdout+got.stderr, secret) {
			r.t.Errorf("airlift %v shows a credential", args)
		}
	}
	r.steersNothing(args, got)
	if strings.Contains(got.stderr, "goroutine ") || strings.Contains(got.stderr, "DATA RACE") {
		r.t.Errorf("airlift %v panicked or raced:\n%s", args, got.stderr)
	}
}

// want fails the test unless the command exited with the code.
func (g result) want(t testing.TB, code int) result {
	t.Helper()
	if g.code != code {
		t.Fatalf("exit code: got %d, want %d\nstdout:\n%s\nstderr:\n%s", g.code, code, g.stdout, g.stderr)
	}
	return g
}

// says fails the test unless standard error has the text.
func (g result) says(t testing.TB, texts ...string) result {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(g.stderr+g.stdout, text) {
			t.Errorf("the output lacks %q\nstdout:\n%s\nstderr:\n%s", text, g.stdout, g.stderr)
		}
	}
	return g
}

// file writes a file into the rig's folder and returns its path.
func (r *rig) file(name, content string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// manifest writes a CSV of n objects.
func (r *rig) manifest(name string, n int) string {
	r.t.Helper()
	var b strings.Builder
	b.WriteString("bucket,key\n")
	for i := range n {
		fmt.Fprintf(&b, "archive,reel/clip-%05d.mov\n", i)
	}
	return r.file(name, b.String())
}

// status returns the summary of the queue's only batch, by `status --json`.
func (r *rig) status() summary {
	r.t.Helper()
	got := r.inspect("status", "--json").want(r.t, 0)
	var all []summary
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil || len(all) != 1 {
		r.t.Fatalf("status --json: %d batches, %v in %s", len(all), err, got.stdout)
	}
	return all[0]
}

// report returns the rows of a batch's CSV report, by its header.
func (r *rig) report(batch string) []map[string]string {
	r.t.Helper()
	got := r.inspect("report", batch).want(r.t, 0)
	records := readCSV(r.t, got.stdout)
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// settled checks the promise at the end of a test: every item has exactly one job, the books balance, and the queue and
// AiR tell the same story, job by job.
func (r *rig) settled(items int) {
	r.t.Helper()
	if dup := r.air.Duplicates(); len(dup) > 0 {
		r.t.Errorf("%d objects have more than one job: %v", len(dup), dup)
	}
	if got := r.air.Accepted(); got != items {
		r.t.Errorf("jobs at AiR: got %d, want %d", got, items)
	}
	s := r.status()
	if s.Submitted != int64(items) || s.Items != int64(items) {
		r.t.Errorf("the queue has %d of %d items submitted, want %d", s.Submitted, s.Items, items)
	}
	byObject := r.air.ByObject()
	for _, row := range r.report(s.Batch) {
		if row["state"] != "submitted" {
			continue
		}
		ids := byObject[airtest.Object{Batch: s.Batch, Bucket: row["bucket"], Key: row["key"]}]
		if len(ids) != 1 || ids[0] != row["job_id"] {
			r.t.Errorf("%s: the report has job %s, AiR has %v", row["key"], row["job_id"], ids)
		}
	}
	r.inspect("check").want(r.t, 0)
}
