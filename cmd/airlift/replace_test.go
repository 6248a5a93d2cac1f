package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// wrongColumn are sources of 150 objects that were read by a wrong column, of which AiR knows no object: either airlift
// was told it, or the export had it.
var wrongColumn = []struct {
	name, file, head string
	row              func(i int, wrong bool) string
	wrong, right     []string // flags
}{
	{"csv", "archive.csv", "Volume,Clip,Path\n", func(i int, _ bool) string { return fmt.Sprintf("archive,CLIP%03d,reel/%03d.mov\n", i, i) },
		[]string{"--columns", "bucket=Volume,key=Clip"}, []string{"--columns", "bucket=Volume,key=Path"}},
	{"csv without a header", "plain.csv", "", func(i int, _ bool) string { return fmt.Sprintf("CLIP%03d,reel/%03d.mov\n", i, i) },
		[]string{"--source-bucket", "archive", "--columns", "key=1"}, []string{"--source-bucket", "archive", "--columns", "key=2"}},
	{"jsonl", "archive.jsonl", "", func(i int, wrong bool) string {
		return fmt.Sprintf(`{"bucket":"archive","key":%q}`+"\n", clipOr(wrong, i))
	}, nil, nil},
	{"txt", "archive.txt", "", func(i int, wrong bool) string { return "s3://archive/" + clipOr(wrong, i) + "\n" }, nil, nil},
}

func clipOr(wrong bool, i int) string {
	if wrong {
		return fmt.Sprintf("CLIP%03d", i)
	}
	return fmt.Sprintf("reel/%03d.mov", i)
}

// rejecting is an AiR that refuses every object whose key has the word.
func rejecting(t *testing.T, word string) *rig {
	return newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{word}}}})
}

// reels are the keys that the sources have indeed.
func reels(n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("reel/%03d.mov", i))
	}
	return keys
}

// A wrong column must not poison the batch: the run ends, and the same command with the right column and --replace
// submits what is meant, and nothing else.
func TestAWrongColumnIsReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range wrongColumn {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := rejecting(t, "CLIP")
			m := ""
			write := func(wrong bool) {
				text := c.head
				for i := range 150 {
					text += c.row(i, wrong)
				}
				m = r.file(c.file, text)
			}
			write(true)
			r.run(append([]string{"run", m}, c.wrong...)...).want(t, exit.Failures).says(t, "--replace", "--reading 1")
			refused := r.air.Posts()
			write(false)
			dry := r.run(append([]string{"run", m, "--replace", "--dry-run"}, c.right...)...).want(t, exit.OK)
			dry.says(t, "replaced   150 items", "300 = 0 submitted + 150 pending + 0 sending + 0 in doubt + 0 failed + 150 cancelled")
			r.run(append([]string{"run", m, "--replace"}, c.right...)...).want(t, exit.OK).says(t, "replaced   150 items")
			r.submittedKeys(reels(150)...)
			if got := r.air.Posts() - refused; got != 150 {
				t.Errorf("%d POSTs with the right column, want one for each of the 150 objects", got)
			}
			if s := r.status(); s.Cancelled != 150 || s.Submitted != 150 || s.Failed != 0 || s.Replaced != 150 || len(s.Errors) != 0 {
				t.Errorf("the status after it: %+v", s)
			}
			r.run("check").want(t, exit.OK)
			r.quiet(func() { r.run(append([]string{"run", m, "--replace"}, c.right...)...).want(t, exit.OK) })
		})
	}
}

// told returns the command line that a message gives, for a shell, with the built binary for airlift.
func (r *rig) told(g result, before string) string {
	r.t.Helper()
	_, line, found := strings.Cut(g.stderr, before)
	if !found {
		r.t.Fatalf("no %q in %s", before, g.stderr)
	}
	line, _, _ = strings.Cut(line, "\n")
	rest, found := strings.CutPrefix(line, "airlift ")
	if !found {
		r.t.Fatalf("no command of airlift: %q", line)
	}
	return config.Quote(r.binary) + " " + rest
}

// commandLine runs a command line in the rig's environment.
func (r *rig) commandLine(line string) result {
	r.t.Helper()
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir, cmd.Env = r.dir, r.env
	var out, err strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run() // the code says it
	return result{cmd.ProcessState.ExitCode(), out.String(), err.String()}
}

const takeBack = "or cancel what that reading added: "

// The message gives the command that takes the failing reading back, whatever the names are, and it works as it stands.
func TestAFailingReadingIsTakenBackAsTold(t *testing.T) {
	t.Parallel()
	for _, batch := range []string{"b", "Mary's $(reels) `x`", "-dash", "--all"} {
		t.Run(batch, func(t *testing.T) {
			t.Parallel()
			r := rejecting(t, "wrong")
			queue := filepath.Join(r.dir, "another queue", "q's.db")
			r.setenv("AIRLIFT_QUEUE", queue)
			args := []string{"--batch=" + batch, "--queue", queue}
			r.setenv("AIRLIFT_QUEUE", "")
			good, wrong := r.file("good.txt", "archive/a.mov\narchive/b.mov\n"), r.file("wrong.txt", "archive/a.mov\n"+keysText("wrong/%03d.mov", 130))
			r.setenv("AIRLIFT_SOURCE_BUCKET", "archive")
			r.run(append([]string{"run", good}, args...)...).want(t, exit.OK)
			got := r.run(append([]string{"run", wrong}, args...)...).want(t, exit.Failures)
			line := r.told(got, takeBack)
			if !strings.Contains(line, "--reading 2") {
				t.Errorf("the line is %s, want the second reading", line)
			}
			r.commandLine(line).want(t, exit.OK).says(t, "130 items cancelled")
			r.commandLine(line).want(t, exit.Usage).says(t, "nothing was changed")
			r.run(append([]string{"run", good}, args...)...).want(t, exit.OK)
			r.submittedKeys("archive/a.mov", "archive/b.mov")
			// Once the objects can be read after all, the same source sends them.
			r.change(func(s *airtest.Settings) { s.Faults.RejectKeys = nil })
			r.run(append([]string{"run", wrong}, args...)...).want(t, exit.OK).says(t, "130 of the known had been withdrawn")
			if n := len(r.jobs()); n != 132 {
				t.Errorf("%d jobs, want 132", n)
			}
		})
	}
}

func keysText(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i)
	}
	return b.String()
}

// What was sent and whose fate is unknown is looked up, never sent again, and cancelled if it has no job.
func TestReplacedDoubtsAreLookedUp(t *testing.T) {
	t.Parallel()
	script := func(q airtest.Request) airtest.Fault {
		kinds := []airtest.Kind{airtest.None, airtest.CloseBefore, airtest.CloseAfter, airtest.CloseBefore, airtest.CloseAfter}
		if q.Method == "POST" && q.N <= len(kinds) {
			return airtest.Fault{Kind: kinds[q.N-1]}
		}
		return airtest.Fault{}
	}
	r := newRig(t, airtest.Config{Script: script})
	m := r.file("m.txt", keysText("wrong/%03d.mov", 50))
	args := []string{"run", m, "--source-bucket", "archive", "--workers", "1"}
	r.run(append(args, "--max-items", "5", "--settle", "1h")...).want(t, exit.WorkLeft)
	if s := r.status(); s.InDoubt != 4 {
		t.Fatalf("%d in doubt, want 4", s.InDoubt)
	}
	posts, want := r.air.Posts(), reels(20)
	for key := range r.jobs() {
		want = append(want, key)
	}
	r.file("m.txt", keysText("reel/%03d.mov", 20)+"wrong/000.mov\n")
	r.run(append(args, "--replace")...).want(t, exit.OK).says(t, "replaced   49 items")
	r.submittedKeys(want...)
	if got := r.air.Posts() - posts; got != 20 {
		t.Errorf("%d POSTs, want 20: one for each new object", got)
	}
	if s := r.status(); s.Submitted != 23 || s.Cancelled != 47 || s.InDoubt != 0 {
		t.Errorf("the status after it: %+v", s)
	}
	r.run("check").want(t, exit.OK)
}

// Killed at any moment of --replace, the same command completes it, and nothing that it takes back is ever sent.
func TestReplaceKilledIsCompleted(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	const old = 30_000
	r.manifest("m.csv", old)
	args := []string{filepath.Join(r.dir, "m.csv"), "--batch", "b"}
	r.run(append([]string{"enqueue"}, args...)...).want(t, exit.OK)
	r.file("m.csv", "bucket,key\narchive,reel/000.mov\narchive,reel/clip-00007.mov\n")
	args = append([]string{"run"}, append(args, "--replace")...)
	midway := 0
	for wait := 20 * time.Millisecond; ; wait += wait / 8 {
		p := r.start(args...)
		ended := make(chan struct{})
		go func() {
			select {
			case <-time.After(wait):
				p.signal(syscall.SIGKILL)
			case <-ended:
			}
		}()
		got := p.wait()
		close(ended)
		if n := len(r.jobs()); n > 2 {
			t.Fatalf("%d jobs after a kill", n)
		}
		if got.code == exit.OK {
			break
		}
		if s := r.status(); s.Cancelled > 0 && s.Cancelled < old-1 {
			midway++
		}
	}
	t.Logf("killed %d times in the middle", midway)
	r.run(args...).want(t, exit.OK)
	r.submittedKeys("reel/000.mov", "reel/clip-00007.mov")
	if s := r.status(); s.Cancelled != old-1 || s.Submitted != 2 {
		t.Errorf("at the end: %+v", s)
	}
	r.run("check").want(t, exit.OK)
	if keys := r.run("items", "b", "--state", "submitted").stdout; strings.Count(keys, "\n") != 2 || !slices.Contains(strings.Fields(keys), "s3://archive/reel/000.mov") {
		t.Errorf("submitted: %s", keys)
	}
}

// A scan with --replace that was killed is read afresh, for the process that ends it must know all that it has.
func TestAKilledScanReplacesOnlyOnceItIsWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	s := r.withS3()
	s.SetPageSize(50)
	deepBucket(s, 600)
	r.run("enqueue", r.file("m.csv", "bucket,key\narchive,old-a.mov\narchive,flat/clip-0000003.mp4\narchive,old-b.mov\n"), "--batch", "b").want(t, exit.OK)
	args := []string{"enqueue", "s3://archive/", "--batch", "b", "--scan-workers", "1", "--replace"}
	got := r.killedAtRequest(s, len(s.Requests())+6, args...)
	if before := r.status(); got.code != -1 || !before.Incomplete || before.Cancelled != 0 {
		t.Errorf("after the kill: exit %d, %+v", got.code, before)
	}
	r.run(args...).want(t, exit.OK).says(t, "replaced   2 items")
	if after := r.status(); after.Pending != 600 || after.Cancelled != 2 || after.Rows != 600 {
		t.Errorf("at the end: %+v", after)
	}
	r.run("check").want(t, exit.OK)
}
