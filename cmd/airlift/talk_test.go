//go:build unix

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

var talkRounds = flag.Int("talkrounds", 6, "how often TestStartsAndKillsTogether starts and kills processes")

// holding is a rig with a run at work that AiR keeps from ending until release.
func holding(t *testing.T, from int, args ...string) (r *rig, h *held, p *process) {
	t.Helper()
	h = newHeld()
	r = newRig(t, h.from(from))
	p = r.start(append([]string{"run", r.manifest("big.csv", 40), "--batch", "big", "--workers", "2"}, args...)...)
	await(t, h.posts.reached(from), "the holder to be at work")
	return r, h, p
}

// night writes a manifest of n objects that no other has.
func (r *rig) night(n int) string {
	var b strings.Builder
	b.WriteString("bucket,key\n")
	for i := range n {
		fmt.Fprintf(&b, "archive,night/%05d.mov\n", i)
	}
	return r.file("night.csv", b.String())
}

// allSettled fails the test unless n items of all batches have one job each and the queue is sound.
func (r *rig) allSettled(n int) {
	r.t.Helper()
	submitted := int64(0)
	for _, s := range r.statuses() {
		submitted += s.Submitted
		if s.Pending+s.Sending+s.InDoubt+s.Failed > 0 {
			r.t.Errorf("not all of batch %s is submitted: %+v", s.Batch, s)
		}
	}
	if int(submitted) != n || r.air.Accepted() != n {
		r.t.Errorf("the queue has %d items submitted and AiR %d jobs, want %d", submitted, r.air.Accepted(), n)
	}
	r.oneJobEach()
	r.run("check").want(r.t, exit.OK)
}

// alone fails the test if something of a socket is left.
func (r *rig) alone() {
	r.t.Helper()
	if left, _ := filepath.Glob(r.queue + ".run"); len(left) > 0 {
		r.t.Errorf("left over: %v", left)
	}
}

func TestASecondRunHandsItsRowsToTheFirst(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	night := r.start("run", r.night(10), "--batch", "night", "--json")
	r.awaitStatus("the rows of the second run", func(s summary) bool { return s.Batch == "big" && s.Items == 40 })
	eventually(t, "the second run has handed its rows over", func() bool { return r.statuses()["night"].Items == 10 })
	// Everything else works meanwhile.
	r.run("items", "big").want(t, exit.OK).says(t, "clip-00039.mov")
	r.run("report", "night", "-o", filepath.Join(r.dir, "report.csv")).want(t, exit.OK)
	r.run("resume").want(t, exit.OK).says(t, "neither a pause nor a stop")
	r.run("cancel", "big", "--key", "reel/clip-0003*").want(t, exit.OK).says(t, "10 items cancelled")
	r.run("retry", "big", "--state", "cancelled", "--expect", "9").want(t, exit.Usage).says(t, "has 10 items, not the 9")
	r.run("retry", "big", "--state", "cancelled", "--dry-run").want(t, exit.OK).says(t, "10 items would be retried")
	r.run("retry", "big", "--state", "cancelled", "--expect", "10").want(t, exit.OK).says(t, "10 items retried")
	r.run("reconcile", "night").want(t, exit.OK)
	r.run("reconcile", "night", "--verify", "--json").want(t, exit.OK).says(t, `"complete":true`)
	r.run("items", "none").want(t, exit.Usage).says(t, `has no batch "none": it has "big" "night"`)
	for _, args := range [][]string{{"check"}, {"compact"}, {"adopt", "big", "big.csv"}} {
		r.run(args...).want(t, exit.Locked)
	}
	close(h.release)
	got := night.wait().want(t, exit.OK)
	if !strings.Contains(got.stdout, `"submitted":10`) && !strings.Contains(got.stdout, `"submitted": 10`) {
		t.Errorf("the summary of the second run: %s", got.stdout)
	}
	first.wait().want(t, exit.OK)
	r.alone()
	r.allSettled(50)
}

// The summary and the exit code of a second run are those of its own batch.
func TestEachRunEndsWithItsOwnCode(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	bad := r.start("run", r.file("bad.csv", "bucket,key\narchive,x.mov\narchive,\n"), "--batch", "bad")
	eventually(t, "the second run has handed its rows over", func() bool { return r.statuses()["bad"].Rejected == 1 })
	// A run of the same batch reads it again, and waits for it too.
	again := r.start("run", r.manifest("big.csv", 40), "--batch", "big")
	eventually(t, "the third run has read", func() bool { s := r.statuses()["big"]; return s.Known == 40 && !s.Incomplete })
	r.run("run", "big.csv", "--batch", "big", "--on-daily-cap", "exit", "--detach").want(t, exit.OK)
	r.run("run", "big.csv", "--batch", "big", "--air-url", "http://127.0.0.1:1").want(t, exit.Usage).says(t, "holds the queue and sends to")
	close(h.release)
	bad.wait().want(t, exit.Incomplete).says(t, "1 rejected")
	again.wait().want(t, exit.OK)
	first.wait().want(t, exit.OK)
	r.allSettled(41)
	r.run("run", "big.csv", "--batch", "big", "--detach").want(t, exit.Usage).says(t, "airlift serve")
}

// Ctrl-C ends the wait and not the work, and says so.
func TestASignalEndsTheWaitAlone(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	night := r.start("run", r.night(10), "--batch", "night")
	eventually(t, "the second run has handed its rows over", func() bool { s := r.statuses()["night"]; return s.Items == 10 && !s.Incomplete })
	night.signal(syscall.SIGINT)
	night.wait().want(t, exit.WorkLeft).says(t, "only the wait has ended", fmt.Sprintf("process %d goes on", first.cmd.Process.Pid))
	close(h.release)
	first.wait().want(t, exit.OK)
	r.run("submit").want(t, exit.OK) // what the holder had not sent when its own batch was done
	r.allSettled(50)
}

// However the holder ends, one of those that wait goes on.
func TestTheOneThatWaitsTakesOver(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			r, h, first := holding(t, 6)
			var waiting []*process
			for i, batch := range []string{"n1", "n2", "n3"} {
				m := r.file(batch+".csv", fmt.Sprintf("bucket,key\narchive,%[1]d/a.mov\narchive,%[1]d/b.mov\n", i))
				waiting = append(waiting, r.start("run", m, "--batch", batch, "--workers", "2"))
			}
			eventually(t, "the rows are handed over", func() bool {
				all := r.statuses()
				return all["n1"].Items == 2 && all["n2"].Items == 2 && all["n3"].Items == 2
			})
			first.signal(s)
			close(h.release)
			first.wait()
			for _, p := range waiting {
				p.wait().want(t, exit.OK)
			}
			r.run("run", "big.csv", "--batch", "big").want(t, exit.OK)
			r.allSettled(46)
			r.alone()
		})
	}
}

// A client that says nothing delays neither the end of the holder nor the one that takes over.
func TestAMuteClientDelaysNobody(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	night := r.start("run", r.night(10), "--batch", "night")
	eventually(t, "the second run has handed its rows over", func() bool { s := r.statuses()["night"]; return s.Items == 10 && !s.Incomplete })
	mute, err := net.Dial("unix", filepath.Join(r.queue+".run", "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	close(h.release)
	first.wait().want(t, exit.OK)
	if _, err := mute.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the holder left the connection with %v, want it closed", err)
	}
	night.wait().want(t, exit.OK)
	r.allSettled(50)
}

// A client that dies in mid-reading leaves an incomplete reading that the same command completes.
func TestAClientKilledInMidReading(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	fifo := filepath.Join(r.dir, "rows.csv")
	mkfifo(t, fifo)
	client := r.start("run", fifo, "--batch", "night")
	rows := []string{"archive,n/0.mov\n", "archive,n/1.mov\n"}
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err == nil {
		_, err = w.WriteString("bucket,key\n" + rows[0])
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first row is handed over", func() bool { return r.statuses()["night"].Items == 1 })
	client.signal(syscall.SIGKILL)
	client.wait()
	w.Close()
	eventually(t, "its reading has ended", func() bool { return r.statuses()["night"].Incomplete })
	if err := os.Remove(fifo); err != nil {
		t.Fatal(err)
	}
	again := r.start("run", r.file("rows.csv", "bucket,key\n"+rows[0]+rows[1]), "--batch", "night")
	eventually(t, "the rerun has read", func() bool { s := r.statuses()["night"]; return s.Items == 2 && !s.Incomplete })
	close(h.release)
	again.wait().want(t, exit.OK)
	first.wait().want(t, exit.OK)
	r.allSettled(42)
}

// Processes that start together and are killed at any time: one holder at a time, one job each, no file that others can open.
func TestStartsAndKillsTogether(t *testing.T) {
	t.Parallel()
	rounds := *talkRounds
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.night(200), "--batch", "night").want(t, exit.OK)
	for round := range rounds {
		var all sync.WaitGroup
		for i := range 2 {
			p := r.start("submit", "night", "--max-duration", "2s", "--rate", "50/s")
			all.Go(func() {
				time.AfterFunc(time.Duration((round*37+i*91)%400)*time.Millisecond, func() { p.signal(syscall.SIGKILL) })
				_ = p.cmd.Wait()
				for _, out := range []string{"DATA RACE", "panic", "another process listens"} {
					if strings.Contains(p.err.String(), out) {
						t.Errorf("round %d: %s", round, p.err.String())
					}
				}
			})
		}
		all.Wait()
		_ = filepath.Walk(r.queue+".run", func(path string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return nil
		})
	}
	r.run("submit", "night").want(t, exit.OK)
	r.alone()
	r.settled(200)
}

// A process that holds the queue only to look is waited for, and never fed: it may end before the rows do.
func TestNothingIsFedToAHolderThatSendsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("enqueue", r.manifest("big.csv", 20000), "--batch", "big").want(t, exit.OK)
	fifo := filepath.Join(r.dir, "report.csv")
	mkfifo(t, fifo)
	looking := r.start("report", "big", "-o", fifo)
	eventually(t, "the report holds the queue", func() bool {
		lock, _ := os.ReadFile(r.queue + ".lock") // it may not be there yet
		return strings.Contains(string(lock), "socket")
	})
	run := r.startIn("bucket,key\narchive,x.mov\n", "run", "-", "--batch", "night")
	enqueue := r.startIn("bucket,key\narchive,y.mov\n", "enqueue", "-", "--batch", "more")
	detached := r.start("run", r.night(3), "--batch", "detached", "--detach")
	for _, p := range []*process{run, enqueue, detached} {
		eventually(t, "it waits", func() bool { return strings.Contains(p.err.String(), "sends nothing: this one waits for its end") })
	}
	report := readFile(t, fifo)
	looking.wait().want(t, exit.OK)
	if n := strings.Count(report, "\n"); n != 20001 {
		t.Errorf("the report has %d lines, want 20,001", n)
	}
	run.wait().want(t, exit.OK)
	enqueue.wait().want(t, exit.OK)
	if got := detached.wait(); got.code != exit.OK && got.code != exit.Usage { // as the run still holds the queue, or not
		t.Errorf("run --detach: %+v", got)
	}
}

// A batch that does not match what AiR holds ends its own run alone, and is told the command line of its own.
func TestABatchThatCannotBeSentEndsItsOwnRunAlone(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	r.byHand("night", "other-name", "elsewhere.mov")
	got := r.run("run", r.night(3), "--batch", "night").want(t, exit.Usage)
	if !strings.Contains(got.stderr, fmt.Sprintf("process %d holds the queue: end that", first.cmd.Process.Pid)) || !strings.Contains(got.stderr, `airlift adopt "night" SOURCE...`) || strings.Contains(got.stderr, "big.csv") {
		t.Errorf("the advice: %s", got.stderr)
	}
	r.run("run", "night.csv", "--batch", "night").want(t, exit.Usage) // and again, without asking AiR again
	close(h.release)
	first.wait().want(t, exit.OK)
	if s := r.statuses(); s["big"].Submitted != 40 || s["night"].Pending != 3 {
		t.Errorf("got %+v", s)
	}
}

// A pipe cannot be read a second time, so its run does not begin again when the holder ends in the middle.
func TestAPipeIsNotReadTwice(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	fifo := filepath.Join(r.dir, "rows")
	mkfifo(t, fifo)
	client := r.start("run", fifo, "--batch", "night", "--replace", "--format", "csv")
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err == nil {
		_, err = w.WriteString("bucket,key\narchive,n/0.mov\n")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	eventually(t, "the first row is handed over", func() bool { return r.statuses()["night"].Items == 1 })
	first.signal(syscall.SIGKILL)
	close(h.release)
	first.wait()
	client.wait().want(t, exit.Incomplete).says(t, "cannot be read again")
	if s := r.statuses()["night"]; s.Cancelled != 0 || !s.Incomplete {
		t.Errorf("got %+v", s)
	}
}

// While a client reads with --replace, nothing of the batch is sent, whoever else asks for it.
func TestNothingIsSentWhileAClientReplaces(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(5))
	holder := r.start("serve", "--workers", "2")
	eventually(t, "the holder serves", func() bool { return r.run("status").code == exit.OK })
	first := r.start("run", r.night(50), "--batch", "night")
	await(t, h.posts.reached(5), "the batch to be sent")
	fifo := filepath.Join(r.dir, "rows.csv")
	mkfifo(t, fifo)
	second := r.start("run", fifo, "--batch", "night", "--replace")
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err == nil {
		_, err = w.WriteString("bucket,key\narchive,night/00000.mov\narchive,new.mov\n")
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second run reads", func() bool { s := r.statuses()["night"]; return s.Items == 51 })
	close(h.release)
	eventually(t, "what was on its way is done", func() bool { return r.statuses()["night"].Sending == 0 })
	before := r.air.Posts()
	r.run("retry", "night").want(t, exit.OK) // a change that wakes the holder
	r.run("enqueue", r.manifest("m.csv", 1), "--batch", "other").want(t, exit.OK)
	eventually(t, "another batch is sent meanwhile", func() bool { return r.statuses()["other"].Submitted == 1 })
	if n := r.air.Posts(); n != before+1 {
		t.Errorf("%d POSTs of the batch while it is replaced", n-before-1)
	}
	w.Close()
	second.wait().want(t, exit.OK)
	first.wait().want(t, exit.OK)
	if s := r.statuses()["night"]; s.Cancelled < 40 || s.Pending+s.Sending+s.InDoubt > 0 {
		t.Errorf("got %+v", s)
	}
	holder.signal(syscall.SIGTERM)
	holder.wait().want(t, exit.OK)
	r.oneJobEach()
}
