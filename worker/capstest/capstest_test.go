package capstest

import (
	"flag"
	"testing"
)

var (
	seeds   = flag.Int("seeds", 40, "how many worlds are played")
	forDays = flag.Int("days", 14, "how long each is played")
)

// Under a cap that changes, beside others, with any reset and wrong clocks, over restarts: no day has more jobs than its cap,
// no object has two, and once the reset is known no pause wastes more than one canary.
func TestMonthsUnderCaps(t *testing.T) {
	var days, used, pauses, exact, wasted, wastedExact, learned, right int
	for seed := range uint64(*seeds) {
		w := Draw(seed, *forDays)
		got := w.Play(t, func(p *Play) {
			l := p.Learned()
			if l.Reset.Exact() {
				learned++
				if l.Reset.Value == p.ResetAt {
					right++
				}
			}
		})
		for _, s := range got.Check() {
			t.Errorf("seed %d: %s", seed, s)
		}
		for _, d := range got.Windows {
			days++
			if d.Ours+d.Others == d.Cap {
				used++
			}
		}
		for _, p := range got.Pauses {
			pauses++
			wasted += p.Wasted
			if p.Exact {
				exact++
				wastedExact += p.Wasted
			}
		}
	}
	t.Logf("%d worlds: %d days, %d of them used up; %d pauses, %d with the reset known; canaries wasted: %d, %d with the reset known; reset known on %d days, right on %d",
		*seeds, days, used, pauses, exact, wasted, wastedExact, learned, right)
}
