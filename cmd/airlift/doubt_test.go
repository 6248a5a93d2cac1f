package main

import (
	"strconv"
	"testing"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// What a kill leaves in doubt: up to 100 requests a second no more than the workers had under way, at full speed no more
// than 4 x workers. AiR keeps its answers back from some job on, so that it is known how many requests are under way when
// the kill comes.
func TestAKillLeavesFewInDoubt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate           string
		workers, items int
		held, killed   int // the first acceptance whose answer is kept back, and the one at which the kill comes
		// ahead is how many items may be claimed beyond the requests under way.
		ahead int64
	}{
		{rate: "5/s", workers: 8, items: 30, held: 4, killed: 6, ahead: 1}, // the next, which waits for its token
		{rate: "5/s", workers: 1, items: 30, held: 3, killed: 3, ahead: 0},
		{rate: "100/s", workers: 8, items: 60, held: 20, killed: 25, ahead: 2}, // the other two workers'
		{rate: "unlimited", workers: 64, items: 1500, held: 400, killed: 463, ahead: 3 * 64},
	} {
		t.Run(c.rate+" "+strconv.Itoa(c.workers)+" workers", func(t *testing.T) {
			t.Parallel()
			s := &stage{victim: make(chan *process, 1), dead: make(chan struct{})}
			r := newRig(t, airtest.Config{OnAccept: func(air.Job) {
				switch n := s.accepts.Add(1); {
				case n == int64(c.killed):
					s.kill()
				case n >= int64(c.held):
					<-s.dead
				}
			}})
			m := r.manifest("archive.csv", c.items)
			args := []string{"run", m, "--workers", strconv.Itoa(c.workers)}
			p := r.start(append(args, "--rate", c.rate)...)
			s.victim <- p
			got := p.wait()
			close(s.dead)
			if got.code != -1 {
				t.Fatalf("the run ended by itself with %d\n%s", got.code, got.stderr)
			}
			underWay := int64(c.killed - c.held + 1)
			if n := r.status().InDoubt; n < underWay || n > underWay+c.ahead {
				t.Errorf("%d in doubt after the kill, want the %d that were under way and at most %d claimed beyond", n, underWay, c.ahead)
			}
			r.run(args...).want(t, exit.OK)
			r.settled(c.items)
		})
	}
}
