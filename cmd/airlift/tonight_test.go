//go:build unix

package main

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// order notes the batches of the POSTs, in the order in which they arrive.
type order struct {
	mu    sync.Mutex
	batch []string // guarded by mu
	kill  func()   // called at the at-th POST, if set; guarded by mu
	at    int
}

func (o *order) note(q airtest.Request) {
	if !isPost(q) {
		return
	}
	o.mu.Lock()
	o.batch = append(o.batch, q.Job.Batch)
	kill := o.kill
	if kill != nil && len(o.batch) == o.at {
		o.kill = nil
	} else {
		kill = nil
	}
	o.mu.Unlock()
	if kill != nil {
		kill()
	}
}

// count returns how many have arrived.
func (o *order) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.batch)
}

// position returns how many POSTs arrived up to the n-th of a batch, after the first skip.
func (o *order) position(batch string, n, skip int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, id := range o.batch[skip:] {
		if id == batch {
			if n--; n == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// killAfter makes the n-th POST from now on kill a process.
func (o *order) killAfter(n int, p *process) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = len(o.batch) + n
	o.kill = func() { p.signal(syscall.SIGKILL) }
}

// asleep is a rig with a backfill that sleeps at its cap, and another run that waits with n rows.
func asleep(t *testing.T, backfill, capped, n int) (r *rig, o *order, holder, night *process) {
	t.Helper()
	o = &order{}
	r = newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: capped}, OnRequest: o.note})
	r.air.SetMidnightIn(time.Hour)
	holder = r.start("run", r.manifest("big.csv", backfill), "--batch", "big", "--workers", "8")
	r.awaitPause()
	night = r.start("run", r.night(n), "--batch", "night", "--workers", "8")
	eventually(t, "the second run has handed its rows over", func() bool { s := r.statuses()["night"]; return int(s.Items) == n && !s.Incomplete })
	r.change(func(s *airtest.Settings) { s.DailyCap = backfill + n + 100 })
	return r, o, holder, night
}

// A backfill sleeps at its cap. What comes meanwhile does not wait behind it.
func TestTonightsObjectsDoNotWaitBehindABackfill(t *testing.T) {
	t.Parallel()
	r, o, holder, night := asleep(t, 3000, 100, 500)
	skip := o.count()
	r.run("resume").want(t, exit.OK).says(t, "lifted")
	night.wait().want(t, exit.OK)
	if at := o.position("night", 500, skip); at < 500 || at > 1200 {
		t.Errorf("the last of the 500 was POST %d, want at most 1,200", at)
	}
	holder.wait().want(t, exit.OK)
	r.allSettled(3500)
}

// With a share of 10 they go before nearly everything else; of a paused batch nothing goes.
func TestSharesAndPausesOfABatch(t *testing.T) {
	t.Parallel()
	r, o, holder, night := asleep(t, 2000, 100, 300)
	r.run("set", "night", "--share", "10").want(t, exit.OK).says(t, "share of batch night 10")
	skip := o.count()
	r.run("resume").want(t, exit.OK)
	night.wait().want(t, exit.OK)
	if at := o.position("night", 300, skip); at < 300 || at > 360 {
		t.Errorf("the last of the 300 was POST %d, want about 330", at)
	}
	holder.wait().want(t, exit.OK)
	r.run("pause", "big").want(t, exit.OK)
	r.run("status", "big").want(t, exit.OK).says(t, "paused by hand")
	r.run("resume").want(t, exit.OK).says(t, "neither a pause nor a stop", "batch big is paused by itself: `airlift resume big` lifts that")
	more := r.file("more.csv", "bucket,key\narchive,more/1.mov\n")
	r.quiet(func() {
		p := r.start("run", more, "--batch", "big")
		r.awaitStatus("a paused batch", func(s summary) bool { return s.Batch == "big" && s.Pending == 1 })
		p.signal(syscall.SIGTERM)
		p.wait().want(t, exit.WorkLeft)
	})
	r.run("resume", "big").want(t, exit.OK).says(t, "lifted")
	r.run("run", more, "--batch", "big").want(t, exit.OK)
	r.allSettled(2301)
}

// The same with kill -9 of the holder, or of the one that waits, at many moments.
func TestTonightWithKills(t *testing.T) {
	t.Parallel()
	for _, at := range []int{1, 2, 3, 4, 5, 7, 9, 12, 16, 20, 26, 33, 41, 50, 58, 66, 75, 88, 99, 110} {
		for _, who := range []string{"holder", "waiting"} {
			if who == "waiting" && at > 50 {
				continue // its batch is done by then
			}
			t.Run(fmt.Sprintf("%s at POST %d", who, at), func(t *testing.T) {
				t.Parallel()
				r, o, holder, night := asleep(t, 120, 20, 30)
				victim, other := holder, night
				if who == "waiting" {
					victim, other = night, holder
				}
				o.killAfter(at, victim)
				r.run("resume").want(t, exit.OK)
				other.wait().want(t, exit.OK)
				victim.wait()
				for _, args := range [][]string{{"run", "big.csv", "--batch", "big"}, {"run", "night.csv", "--batch", "night"}} {
					r.run(args...).want(t, exit.OK)
				}
				r.allSettled(150)
			})
		}
	}
}

// What is set applies at once, is kept, and is said.
func TestSetAppliesAtOnceAndIsKept(t *testing.T) {
	t.Parallel()
	r, h, first := holding(t, 6)
	r.run("set").want(t, exit.OK).says(t, "nothing is set")
	r.run("set", "--rate", "7/s", "--workers", "3", "--daily-limit", "1000").want(t, exit.OK).says(t, "set: rate 7/s, workers 3, daily limit 1,000")
	waiting := r.start("run", r.night(3), "--batch", "night", "--rate", "9/s", "--workers", "3", "--daily-limit", "1000")
	eventually(t, "the difference is said", func() bool { return strings.Contains(waiting.err.String(), "`airlift set --rate 9/s`") })
	r.run("pause", "--reason", "").want(t, exit.OK)
	r.run("resume").want(t, exit.OK).says(t, "lifted: a pause by hand")
	r.run("pause", "--for", "1h", "--reason", "the library\nneeds it").want(t, exit.OK)
	got := r.awaitPause()
	if !strings.Contains(got.Reason, "the library needs it") || got.PausedUntil == nil {
		t.Errorf("status says %+v", got)
	}
	close(h.release)
	eventually(t, "what was on its way is done", func() bool { return r.statuses()["big"].Sending == 0 })
	before := r.air.Posts()
	first.signal(syscall.SIGTERM)
	first.wait().want(t, exit.WorkLeft)
	// The one that waits goes on, and is paused too.
	eventually(t, "the other holds the queue", func() bool { s, is := r.statuses()["night"]; return is && s.State == "paused" })
	if n := r.air.Posts(); n != before {
		t.Errorf("%d POSTs in the pause", n-before)
	}
	r.run("set", "--reset", "--rate", "unlimited").want(t, exit.OK).says(t, "rate unlimited")
	r.run("resume").want(t, exit.OK).says(t, "lifted: the library")
	waiting.wait().want(t, exit.OK)
	r.run("run", "big.csv", "--batch", "big").want(t, exit.OK)
	r.allSettled(43)
	for _, args := range [][]string{
		{"set", "--share", "3"}, {"set", "big"}, {"set", "big", "--share", "0"}, {"set", "--rate", "fast"}, {"set", "--workers", "0"},
		{"pause", "--for", "0s"}, {"pause", "--for", "1h", "--until", "22:00"}, {"pause", "--until", "2001-01-01T00:00:00Z"}, {"pause", "none"}, {"resume", "a", "b"},
	} {
		r.run(args...).want(t, exit.Usage)
	}
}
