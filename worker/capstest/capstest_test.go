package capstest

import (
	"flag"
	"testing"
	"time"
)

var (
	seeds   = flag.Int("seeds", 32, "how many worlds are played")
	forDays = flag.Int("days", 12, "how long each is played")
)

// tally sums up what came of many worlds.
type tally struct {
	days, used         int // of the server
	pauses, exact      int // all, and those that began with the reset known
	wasted, wastedThen int // canaries
	known, lost        int // days with the reset known, and those of them that were not used up although they could be
	told, right        int // days after two capped ones, and those of them on which the learned cap was right to 5 %
}

// Under a cap that changes, beside others, with any reset and wrong clocks, over restarts: no day has more jobs than its cap,
// no object has two, and once the reset is known no pause wastes more than one canary. What is learned is right, and a run that is there all the time loses no day.
func TestMonthsUnderCaps(t *testing.T) {
	var sum tally
	for seed := range uint64(*seeds) {
		sum.play(t, Draw(seed, *forDays))
	}
	t.Logf("%d worlds, %d days, %d of them used up; %d pauses, %d with the reset known; canaries wasted: %d, %d with the reset known",
		*seeds, sum.days, sum.used, sum.pauses, sum.exact, sum.wasted, sum.wastedThen)
	t.Logf("cap right on %d of the %d days after two capped ones; %d of %d days lost with the reset known", sum.right, sum.told, sum.lost, sum.known)
	if sum.right < sum.told*98/100 {
		t.Errorf("the learned cap was right on %d of %d days", sum.right, sum.told)
	}
}

func (s *tally) play(t *testing.T, w World) {
	t.Helper()
	known := -1
	got := w.Play(t, func(p *Play) {
		l := p.Learned()
		if l.Reset.Exact() && l.Reset.Value != p.ResetAt {
			t.Errorf("seed %d: the reset was learned as %v, and is at %v", w.Seed, l.Reset.Value, p.ResetAt)
		}
		if l.Reset.Exact() && known < 0 {
			known = len(p.result.Windows)
		}
		s.judge(p)
	})
	for _, broken := range got.Check() {
		t.Errorf("seed %d: %s", w.Seed, broken)
	}
	for i, d := range got.Windows {
		s.days++
		if d.Ours+d.Others == d.Cap {
			s.used++
			continue
		}
		if known >= 0 && i > known && i < len(got.Windows)-2 && w.Late == 0 && w.PerDay > 3*d.Cap {
			s.lost++
			t.Errorf("seed %d: day %d was not used up: %+v", w.Seed, i, d)
		}
	}
	if known >= 0 {
		s.known += max(0, len(got.Windows)-known)
	}
	for _, p := range got.Pauses {
		s.pauses++
		s.wasted += p.Wasted
		if p.Exact {
			s.exact++
			s.wastedThen += p.Wasted
		}
	}
}

// judge compares the learned cap with the true one, after two capped days under it.
func (s *tally) judge(p *Play) {
	l := p.Learned()
	n := len(l.Windows)
	if !l.Reset.Exact() || n < 2 || !l.Windows[n-1].Capped || !l.Windows[n-2].Capped {
		return
	}
	truth := nth(p.Caps, p.nth(l.Windows[n-1].Start))
	if truth != nth(p.Caps, p.nth(l.Windows[n-2].Start)) {
		return
	}
	s.told++
	if off := int(l.Daily.Value) - truth; off*20 <= truth && -off*20 <= truth {
		s.right++
	}
}

// A reset that moves to a later time of day is learned anew.
func TestAResetThatMovesIsLearnedAnew(t *testing.T) {
	for _, to := range []time.Duration{30 * time.Minute, 2 * time.Hour, 5*time.Hour + 15*time.Minute, 13 * time.Hour} {
		t.Run(to.String(), func(t *testing.T) {
			w := World{Days: 45, Caps: []int{20}, Begin: 12 * time.Hour, PerDay: 86400, Workers: 1, Latency: 50 * time.Millisecond, Moves: []Move{{15 * day, to}}}
			days := 0
			got := w.Play(t, func(p *Play) {
				days++
				if l := p.Learned(); (days == 14 || days > 30) && (!l.Reset.Exact() || l.Reset.Value != time.Duration(p.Air.Settings().ResetAt)) {
					t.Errorf("day %d: learned %+v, exact %v; it is at %v", days, l.Reset, l.Reset.Exact(), time.Duration(p.Air.Settings().ResetAt))
				}
			})
			wasted := 0
			for _, p := range got.Pauses {
				wasted += p.Wasted
			}
			if wasted > 16 {
				t.Errorf("%d canaries were wasted", wasted)
			}
			if days < 40 {
				t.Errorf("only %d days were played", days)
			}
		})
	}
}
