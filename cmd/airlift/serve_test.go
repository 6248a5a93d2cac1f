//go:build unix

package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
	"airlift/worker/service/notify"
)

// serving starts serve, and waits until it answers.
func (r *rig) serving(args ...string) *process {
	r.t.Helper()
	p := r.start(append([]string{"serve"}, args...)...)
	eventually(r.t, "serve answers", func() bool {
		return strings.Contains(p.err.String(), "holding the queue") && r.run("status").code == exit.OK
	})
	return p
}

// end ends it by a signal, in good order.
func (p *process) end(t *testing.T) result {
	t.Helper()
	p.signal(syscall.SIGTERM)
	return p.wait().want(t, exit.OK)
}

// serve works what is there, in doubt or pending, and what comes, from runs and from enqueue.
func TestServeWorksWhatIsThereAndWhatComes(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(3))
	killed := r.start("run", r.manifest("big.csv", 10), "--batch", "big", "--workers", "2")
	await(t, h.posts.reached(3), "the first to be at work")
	killed.signal(syscall.SIGKILL)
	killed.wait()
	close(h.release)
	p := r.serving()
	eventually(t, "what is there is sent", func() bool { s := r.statuses()["big"]; return s.Submitted == 10 })
	r.run("run", r.night(5), "--batch", "night").want(t, exit.OK)
	r.run("enqueue", r.file("e.csv", "bucket,key\narchive,e.mov\n"), "--batch", "e").want(t, exit.OK)
	eventually(t, "what was enqueued is sent", func() bool { return r.statuses()["e"].Submitted == 1 })
	r.run("serve").want(t, exit.Locked)
	p.end(t)
	r.allSettled(16)
	r.alone()
	r.run("serve", "--report", "r.csv").want(t, exit.Usage)
}

// A signal ends serve with 5 if it leaves items, and the last lines say so.
func TestServeEndedWithItemsLeft(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(3))
	to := r.newReceiver(nil)
	r.run("enqueue", r.manifest("m.csv", 10), "--batch", "b").want(t, exit.OK)
	p := r.serving("--workers", "1")
	await(t, h.posts.reached(3), "it to be at work")
	p.signal(syscall.SIGTERM)
	close(h.release)
	p.wait().want(t, exit.WorkLeft).says(t, "ended by a signal", " items are left; the same command carries on", " of 10 submitted", "exit 5")
	if e := to.one(notify.Stopped); *e.ExitCode != exit.WorkLeft {
		t.Errorf("stopped: %s", e.body)
	}
	p = r.serving()
	eventually(t, "the rest is sent", func() bool { return r.statuses()["b"].Submitted == 10 })
	p.end(t)
	r.oneJobEach()
}

// One batch of bad rows ends its own run, and no other.
func TestServeOutlivesABadBatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{RejectKeys: []string{"bad"}}}})
	p := r.serving()
	rows := "bucket,key\n"
	for i := range 300 {
		rows += fmt.Sprintf("archive,bad/%d.mov\n", i)
	}
	r.run("run", r.file("bad.csv", rows), "--batch", "bad").want(t, exit.Failures).says(t, "of the last")
	r.run("run", r.night(5), "--batch", "night").want(t, exit.OK)
	if s := r.statuses()["bad"]; s.Pending == 0 || s.Failed == 0 {
		t.Errorf("the bad batch: %+v", s)
	}
	r.run("run", "bad.csv", "--batch", "bad").want(t, exit.Failures) // it is tried again
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.WorkLeft)
	r.oneJobEach()
}

// reconcile sends nothing, whoever holds the queue.
func TestReconcileBesideARunSendsNothing(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	r.run("enqueue", r.night(5), "--batch", "night").want(t, exit.OK)
	r.run("reconcile", "night").want(t, exit.OK)
	close(h.release)
	first.wait().want(t, exit.OK)
	if s := r.statuses(); s["night"].Pending != 5 || r.air.Accepted() != 40 {
		t.Errorf("AiR has %d jobs, the batch is %+v", r.air.Accepted(), s["night"])
	}
}

// Under systemd serve says when it is ready and what it does, and feeds the watchdog.
func TestServeTellsSystemd(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	path := filepath.Join(shortDir(t), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r.setenv("NOTIFY_SOCKET", path)
	r.setenv("WATCHDOG_USEC", "300000")
	p := r.serving()
	told := ""
	for b := make([]byte, 1000); strings.Count(told, "WATCHDOG=1") < 3; {
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		told += string(b[:n]) + "\n"
	}
	if !strings.HasPrefix(told, "READY=1\n") || !strings.Contains(told, "STATUS=waiting for items") {
		t.Errorf("systemd was told:\n%s", told)
	}
	p.end(t)
}

// A run that begins in a pause and is to end there reads its sources to their end first, by itself and beside a holder.
func TestARunThatBeginsInAPauseReadsItsSources(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 5}})
	const rows = 60_000
	exits := []string{"--workers", "1", "--on-daily-cap", "exit", "--batch"}
	r.run(append([]string{"run", r.manifest("first.csv", 8)}, append(exits, "first")...)...).want(t, exit.WorkLeft)
	posts := r.air.Posts()
	big := r.manifest("big.csv", rows)
	nightly := func(batch string) {
		t.Helper()
		got := r.run(append([]string{"run", big}, append(exits, batch)...)...).want(t, exit.WorkLeft).says(t, "--on-daily-cap exit")
		if s := r.statuses()[batch]; s.Items != rows || s.Incomplete {
			t.Errorf("batch %s: %d items, incomplete %v, want all %d\n%s", batch, s.Items, s.Incomplete, rows, got.stderr)
		}
	}
	nightly("alone")
	p := r.serving()
	nightly("beside")
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.WorkLeft)
	if got := r.air.Posts(); got != posts {
		t.Errorf("%d POSTs in the pause", got-posts)
	}
}
