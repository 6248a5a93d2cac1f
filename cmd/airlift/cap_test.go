package main

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// arrivals notes when POSTs arrived, by the server's clock.
type arrivals struct {
	tally
	mu sync.Mutex
	at []time.Time // guarded by mu
}

func (a *arrivals) note(q airtest.Request) {
	if !isPost(q) {
		return
	}
	a.mu.Lock()
	a.at = append(a.at, q.At)
	a.mu.Unlock()
	a.add()
}

// split returns how many arrived before an instant and how many after.
func (a *arrivals) split(t time.Time) (before, after int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.at {
		if at.Before(t) {
			before++
		} else {
			after++
		}
	}
	return before, after
}

// newCapRig is a rig whose midnight is noted here, and comes a while after the n-th job was accepted. Before that it is
// minutes off, however slow the machine is; a clock that skips more than that would not be believed.
func (a *arrivals) newCapRig(t *testing.T, n int, s airtest.Settings, away time.Duration) (*rig, <-chan time.Time) {
	t.Helper()
	var r *rig
	jobs, midnight := &tally{}, make(chan time.Time, 1)
	r = newRig(t, airtest.Config{Settings: s, OnRequest: a.note, OnAccept: func(air.Job) {
		if jobs.add() == n {
			r.air.SetMidnightIn(away)
			midnight <- r.air.Now().Add(away).Round(time.Second)
		}
	}})
	r.air.SetMidnightIn(4 * time.Minute)
	return r, midnight
}

func TestTheDailyCapIsWaitedFor(t *testing.T) {
	t.Parallel()
	const dailyCap, items, workers = 20, 30, 4
	posts := &arrivals{}
	r, turn := posts.newCapRig(t, dailyCap, airtest.Settings{DailyCap: dailyCap}, 5*time.Second)
	p := r.start("run", r.manifest("archive.csv", items), "--workers", "4", "--grace", "1s")
	await(t, posts.reached(dailyCap+1), "the first POST over the cap")
	s := r.awaitPause()
	if s.PausedUntil == nil || s.Reason == "" {
		t.Errorf("paused, but paused_until %v, reason %q", s.PausedUntil, s.Reason)
	} else if wait := time.Until(*s.PausedUntil); wait < 0 || wait > 7*time.Second {
		t.Errorf("the pause ends in %v, want by midnight and a second, which was 6 s away", wait)
	}
	p.wait().want(t, exit.OK)
	r.settled(items)

	midnight := <-turn
	if before, after := posts.split(midnight); before > dailyCap+workers || after != items-dailyCap {
		t.Errorf("%d POSTs before midnight, %d after; want at most %d, and %d", before, after, dailyCap+workers, items-dailyCap)
	}
	if _, early := posts.split(midnight.Add(time.Second)); early != items-dailyCap {
		t.Errorf("%d POSTs after the grace, want all %d", early, items-dailyCap)
	}
}

func TestKillDuringThePauseKeepsIt(t *testing.T) {
	t.Parallel()
	posts := &arrivals{}
	r, turn := posts.newCapRig(t, 5, airtest.Settings{DailyCap: 5}, 5*time.Second)
	args := []string{"run", r.manifest("archive.csv", 8), "--workers", "1", "--grace", "100ms"}
	p := r.start(args...)
	await(t, posts.reached(6), "the first POST over the cap")
	r.awaitPause()
	p.signal(syscall.SIGKILL)
	p.wait()
	r.run(args...).want(t, exit.OK)
	r.settled(8)
	if before, after := posts.split(<-turn); before != 6 || after != 3 {
		t.Errorf("%d POSTs before midnight and %d after, want 6 and 3", before, after)
	}
}

func TestOurDailyLimitIsWaitedFor(t *testing.T) {
	t.Parallel()
	posts := &arrivals{}
	r, turn := posts.newCapRig(t, 10, airtest.Settings{}, 3*time.Second)
	r.run("run", r.manifest("archive.csv", 15), "--workers", "1", "--daily-limit", "10", "--grace", "0s").want(t, exit.OK)
	r.settled(15)
	if before, after := posts.split(<-turn); before != 10 || after != 5 {
		t.Errorf("%d POSTs before midnight and %d after, want 10 and 5", before, after)
	}
}
