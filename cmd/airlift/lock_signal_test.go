package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// held is an AiR that takes POSTs from the n-th on only after release.
type held struct {
	posts   tally
	release chan struct{}
}

func newHeld() *held { return &held{release: make(chan struct{})} }

func (h *held) from(n int) airtest.Config {
	return airtest.Config{OnRequest: func(q airtest.Request) {
		if isPost(q) && h.posts.add() >= n {
			<-h.release
		}
	}}
}

// A holder that cannot be asked.
func TestASecondRunOnTheSameQueueIsToldSo(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	r.noSocket()
	m := r.manifest("archive.csv", 20)
	first := r.start("run", m, "--workers", "1")
	await(t, h.posts.reached(6), "the first run to be at work")

	s := r.awaitStatus("20 items and 5 submitted", func(s summary) bool { return s.Items == 20 && s.Submitted == 5 && s.State == "running" })
	for _, args := range [][]string{{"run", m}, {"submit"}, {"report", s.Batch}, {"check"}} {
		began := time.Now()
		r.run(args...).want(t, exit.Locked).says(t, r.queue)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("airlift %s took %v to say that the queue is held, want 2 s", args[0], took)
		}
	}
	close(h.release)
	first.wait().want(t, exit.OK)
	r.settled(20)
}

func TestASignalEndsTheRunInGoodOrder(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			var p atomic.Pointer[process]
			posts := &tally{}
			started := make(chan struct{})
			r := newRig(t, airtest.Config{OnRequest: func(q airtest.Request) {
				if isPost(q) && posts.add() == 20 {
					<-started
					p.Load().signal(sig) // the answer comes after it
				}
			}})
			args := []string{"run", r.manifest("archive.csv", 400), "--workers", "4"}
			p.Store(r.start(args...))
			close(started)
			began := time.Now()
			p.Load().wait().want(t, exit.WorkLeft).says(t, "good order", "signal")
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %v to end, want no longer than --timeout", took)
			}
			s := r.status()
			if s.InDoubt != 0 || s.Sending != 0 || s.Failed != 0 || s.Pending == 0 || s.Submitted != int64(r.air.Accepted()) {
				t.Errorf("in doubt %d, sending %d, failed %d, pending %d, submitted %d of %d", s.InDoubt, s.Sending, s.Failed, s.Pending, s.Submitted, r.air.Accepted())
			}
			r.run(args...).want(t, exit.OK)
			r.settled(400)
		})
	}
}

// What AiR does not answer is awaited for --timeout and no longer, and is in doubt then.
func TestASignalWaitsNoLongerThanTheTimeout(t *testing.T) {
	t.Parallel()
	posts := &tally{}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if isPost(q) && posts.add() == 4 {
			return airtest.Fault{Kind: airtest.HangAfter}
		}
		return airtest.Fault{}
	}})
	args := []string{"run", r.manifest("archive.csv", 10), "--workers", "1", "--timeout", "1s"}
	p := r.start(args...)
	await(t, posts.reached(4), "the POST that hangs")
	p.signal(syscall.SIGINT)
	began := time.Now()
	p.wait().want(t, exit.WorkLeft)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to end with --timeout 1s", took)
	}
	if s := r.status(); s.Submitted != 3 || s.InDoubt != 1 || s.Pending != 6 {
		t.Errorf("submitted %d, in doubt %d, pending %d; want 3, 1, 6", s.Submitted, s.InDoubt, s.Pending)
	}
	r.run(args...).want(t, exit.OK)
	r.settled(10)
}

// heldRun starts a run of 20 items whose four workers all wait for an answer, after 5 items.
func heldRun(t *testing.T) (h *held, r *rig, p *process, args []string) {
	h = newHeld()
	r = newRig(t, h.from(6))
	args = []string{"run", r.manifest("archive.csv", 20), "--workers", "4"}
	p = r.start(args...)
	await(t, h.posts.reached(9), "all workers to be under way")
	return h, r, p, args
}

func TestASecondSignalExitsAtOnce(t *testing.T) {
	t.Parallel()
	h, r, p, args := heldRun(t)
	p.signal(syscall.SIGINT)
	ended := make(chan struct{})
	go func() { // one within a moment of the first counts as the first
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-ended:
				return
			case <-tick.C:
				p.signal(syscall.SIGTERM)
			}
		}
	}()
	got := p.wait()
	close(ended)
	got.want(t, exit.AtOnce)
	close(h.release)
	r.run(args...).want(t, exit.OK)
	r.settled(20)
}

// GNU timeout signals its child, and then the whole group: the echo does not count as the second signal.
func TestAnEchoOfTheSignalEndsNothingAtOnce(t *testing.T) {
	t.Parallel()
	h, r, p, args := heldRun(t)
	for range 3 {
		p.signal(syscall.SIGTERM)
		p.signal(syscall.SIGINT)
	}
	eventually(t, "the run has heard the signal", func() bool { return strings.Contains(p.err.String(), "good order") })
	close(h.release)
	p.wait().want(t, exit.WorkLeft).says(t, "ended by a signal")
	if s := r.status(); s.InDoubt != 0 || s.Submitted != 9 {
		t.Errorf("%d in doubt and %d submitted; want 0 and 9", s.InDoubt, s.Submitted)
	}
	r.run(args...).want(t, exit.OK)
	r.settled(20)
}

func TestASignalEndsAPause(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 3}})
	p := r.start("run", r.manifest("archive.csv", 10))
	eventually(t, "the cap was met", func() bool { return r.air.Statuses()[http.StatusTooManyRequests] > 0 })
	r.awaitPause()
	p.signal(syscall.SIGTERM)
	p.wait().want(t, exit.WorkLeft)
	if s := r.status(); s.Submitted != 3 || s.Pending != 7 || s.State != "paused" {
		t.Errorf("submitted %d, pending %d, %s; want 3, 7, paused", s.Submitted, s.Pending, s.State)
	}
}

// A listing that was cut off by the signal did not break off by itself.
func TestASignalEndsAListing(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	asked := &tally{}
	s3 := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		asked.add()
		<-q.Context().Done()
	}))
	t.Cleanup(s3.Close)
	r.setenv("AIRLIFT_SOURCE_ENDPOINT", s3.URL)
	r.setenv("AIRLIFT_SOURCE_REGION", "us-east-1")
	p := r.start("run", "s3://archive/")
	await(t, asked.reached(1), "the first page to be asked for")
	p.signal(syscall.SIGINT)
	if got := p.wait().want(t, exit.WorkLeft).says(t, "signal"); strings.Contains(got.stderr, "once it is mended") {
		t.Errorf("the signal was taken for a break-off:\n%s", got.stderr)
	}
}
