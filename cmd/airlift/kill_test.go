package main

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// moment is when a run is killed: as the n-th POST of that run arrives, or after its n-th job was accepted and before
// that is answered.
type moment struct {
	accepted bool
	n        int
	// held keeps back all answers of jobs accepted from this one on, so that as many as there are workers are unknown.
	held int
}

func (m moment) String() string {
	what := "POST"
	if m.accepted {
		what = "acceptance"
	}
	text := fmt.Sprintf("%s %d", what, m.n)
	if m.held > 0 {
		text += fmt.Sprintf(" with answers held from %d on", m.held)
	}
	return text
}

// stage is one run up to its kill.
type stage struct {
	moment
	posts, accepts atomic.Int64
	victim         chan *process // holds the process, once it has been started
	dead           chan struct{} // closed when it is
}

// kill ends the victim as kill -9 does and lets the request that came to this moment go on only when it is dead.
func (s *stage) kill() {
	p := <-s.victim
	p.signal(syscall.SIGKILL)
	<-s.dead
}

func TestKilledAtAnyMomentEachObjectHasOneJob(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 64} {
		t.Run(strconv.Itoa(workers)+" workers", func(t *testing.T) {
			t.Parallel()
			const items = 400
			moments := []moment{
				{n: 1}, {accepted: true, n: 1}, {n: 2}, {accepted: true, n: 3}, {n: 17},
				{accepted: true, n: 9}, {accepted: true, n: 20, held: 20}, {n: 40}, {accepted: true, n: 31}, {n: 3},
			}
			if workers > 1 {
				moments[5].held, moments[8].held = 7, 25 // so few that the others go on until the kill
			}
			var now atomic.Pointer[stage]
			r := newRig(t, airtest.Config{
				OnRequest: func(q airtest.Request) {
					if s := now.Load(); s != nil && isPost(q) && s.posts.Add(1) == int64(s.n) && !s.accepted {
						s.kill()
					}
				},
				OnAccept: func(air.Job) {
					s := now.Load()
					if s == nil {
						return
					}
					switch n := s.accepts.Add(1); {
					case s.accepted && n == int64(s.n):
						s.kill()
					case s.held > 0 && n >= int64(s.held):
						<-s.dead
					}
				},
			})
			m := r.manifest("archive.csv", items)
			args := []string{"run", m, "--workers", strconv.Itoa(workers)}
			for _, at := range moments {
				s := &stage{moment: at, victim: make(chan *process, 1), dead: make(chan struct{})}
				now.Store(s)
				p := r.start(args...)
				s.victim <- p
				got := p.wait()
				close(s.dead)
				if got.code != -1 {
					t.Fatalf("the run ended by itself with %d and not by a kill at %v:\n%s", got.code, at, got.stderr)
				}
			}
			now.Store(nil)
			r.run(args...).want(t, exit.OK)
			r.settled(items)
		})
	}
}

// The list lags by 80 % of the settle window. AiR accepts the first item 2 s after our timeout gave it up; the run is
// killed while it sends the second, and the repeat while it sends the third.
func TestALateAcceptanceAndTwoKillsMakeOneJob(t *testing.T) {
	t.Parallel()
	const settle = 12 * time.Second
	posts := &tally{}
	r := newRig(t, airtest.Config{
		Settings: airtest.Settings{ListLag: airtest.Duration(settle * 8 / 10)},
		Script: func(q airtest.Request) airtest.Fault {
			if isPost(q) && posts.add() == 1 {
				return airtest.Fault{Kind: airtest.Late, Delay: 3 * time.Second} // the timeout is 1 s
			}
			return airtest.Fault{}
		},
	})
	args := []string{"run", r.manifest("archive.csv", 3), "--workers", "1", "--timeout", "1s", "--settle", settle.String()}
	for n := 2; n <= 3; n++ {
		p := r.start(args...)
		await(t, posts.reached(n), "the next item's POST")
		p.signal(syscall.SIGKILL)
		if got := p.wait(); got.code != -1 {
			t.Fatalf("exit code %d, want a kill\n%s", got.code, got.stderr)
		}
	}
	r.run(args...).want(t, exit.OK)
	r.settled(3)
}

// An attempt failed for good, its repeat is killed on its way and accepted 1 s later, and the list lags by 80 % of the
// settle window of the run that follows at once.
func TestAKilledRepeatThatIsAcceptedLateMakesOneJob(t *testing.T) {
	t.Parallel()
	const settle = 8 * time.Second
	posts := &tally{}
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		switch {
		case !isPost(q):
		case posts.add() == 1:
			return airtest.Fault{Kind: airtest.Err500Before}
		case posts.count() == 2:
			return airtest.Fault{Kind: airtest.Late, Delay: time.Second}
		}
		return airtest.Fault{}
	}})
	m := r.manifest("archive.csv", 1)
	p := r.start("run", m)
	await(t, posts.reached(2), "the repeat")
	p.signal(syscall.SIGKILL)
	if got := p.wait(); got.code != -1 {
		t.Fatalf("exit code %d, want a kill\n%s", got.code, got.stderr)
	}
	r.change(func(s *airtest.Settings) { s.ListLag = airtest.Duration(settle * 8 / 10) })
	r.run("run", m, "--settle", settle.String()).want(t, exit.OK)
	r.settled(1)
	if got := posts.count(); got != 2 {
		t.Errorf("%d POSTs, want 2", got)
	}
}
