//go:build unix

package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
)

// waitsForLock waits until the process has said, once, that it waits for the queue.
func (p *process) waitsForLock() {
	p.r.t.Helper()
	eventually(p.r.t, strings.Join(p.cmd.Args, " ")+" says that it waits", func() bool { return strings.Contains(p.err.String(), "waits for its end, at most --wait-lock") })
}

// With --wait-lock a command waits for a holder that cannot be asked; the signal of a service manager ends the wait.
func TestWaitLockWaitsForAHolderThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	r.noSocket()
	holder := r.start("run", r.manifest("big.csv", 40), "--batch", "big", "--workers", "2")
	await(t, h.posts.reached(6), "the holder to be at work")

	r.run("submit", "--wait-lock", "1ms").want(t, exit.Locked)
	ended := r.start("submit", "--wait-lock", "1h")
	waits := r.start("run", r.night(5), "--batch", "night", "--wait-lock", "1h")
	ended.waitsForLock()
	waits.waitsForLock()
	began := time.Now()
	ended.signal(syscall.SIGTERM)
	ended.wait().want(t, exit.WorkLeft)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the signal ended the wait after %v", took)
	}
	close(h.release)
	holder.wait().want(t, exit.OK)
	got := waits.wait().want(t, exit.OK)
	if n := strings.Count(got.stderr, "at most --wait-lock"); n != 1 {
		t.Errorf("it says %d times that it waits:\n%s", n, got.stderr)
	}
	r.allSettled(45)
}

// Commands that need the queue for themselves wait for a holder that could be asked.
func TestWaitLockWaitsForTheQueueAlone(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	r.run("check").want(t, exit.Locked)
	var all []*process
	for _, args := range [][]string{{"check"}, {"compact"}, {"adopt", "big", "big.csv"}} {
		all = append(all, r.start(slices.Concat(args, []string{"--wait-lock", "1h"})...))
	}
	for _, p := range all {
		p.waitsForLock()
	}
	close(h.release)
	first.wait().want(t, exit.OK)
	for _, p := range all {
		p.wait().want(t, exit.OK)
	}
	r.settled(40)
}
