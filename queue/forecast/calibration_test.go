package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// world is an AiR with a daily cap, others that use it too, and a run of ours that works every day from AiR's reset on.
type world struct {
	r         *rand.Rand
	cap       int64
	low, high float64
	reset     time.Duration
	rate      float64
	now       time.Time
	items     int64
	days      []CappedDay
	others    float64
}

func newWorld(seed uint64, kind string) *world {
	r := rand.New(rand.NewPCG(seed, 13))
	w := &world{r: r, cap: int64(1000 * math.Exp(r.Float64()*4)), reset: time.Duration(r.IntN(96)) * 15 * time.Minute}
	w.rate = float64(w.cap) / 86400 * (2 + 20*r.Float64())
	switch kind {
	case "between":
		w.low, w.high = r.Float64()*.3, r.Float64()*.3
		if w.low > w.high {
			w.low, w.high = w.high, w.low
		}
	case "full":
		w.high = .3
	case "steady":
		w.low = .3 * r.Float64()
		w.high = w.low
	case "level":
		m := .3 * r.Float64()
		w.low, w.high = max(0, m-.05), min(.3, m+.05)
	case "none":
	}
	w.now = noon.AddDate(0, 0, r.IntN(300)).Truncate(24 * time.Hour).Add(w.reset)
	w.items = int64(float64(w.cap) * (10 + 70*r.Float64()))
	return w
}

// day plays a day from the reset on, and reports whether all was sent and when.
func (w *world) day() (time.Time, bool) {
	share := w.low + (w.high-w.low)*w.r.Float64()
	others := int64(math.Round(share * float64(w.cap)))
	n := min(w.items, w.cap-others)
	pace := w.rate * (1 - .03*w.r.Float64())
	end := w.now.Add(time.Duration(float64(n) / pace * 1e9))
	w.items -= n
	if w.items == 0 {
		return end, true
	}
	w.days = append(w.days, CappedDay{n, others})
	w.now = w.now.Add(24 * time.Hour)
	return time.Time{}, false
}

func (w *world) input() Input {
	return Input{Now: w.now, Items: w.items, Rate: w.rate, Cap: Cap{Value: w.cap, Low: w.cap, High: w.cap, Reset: w.reset, Agreeing: 2, Days: w.days}}
}

func TestCalibration(t *testing.T) {
	const seeds = 1000
	for _, kind := range []string{"between", "full", "steady", "level", "none"} {
		for _, k := range []int{2, 5, 10} {
			held, below, above := 0, 0, 0
			width := 0.0
			wide := 0.0
			for seed := range uint64(seeds) {
				w := newWorld(seed, kind)
				for range k {
					w.day()
				}
				f := w.input().Forecast()
				from := w.now
				var end time.Time
				for done := false; !done; {
					end, done = w.day()
				}
				switch {
				case end.Before(f.Low.Add(-time.Minute)):
					below++
				case end.After(f.High.Add(time.Minute)):
					above++
				default:
					held++
				}
				p := float64(f.High.Sub(f.Low)) / float64(end.Sub(from))
				width += p
				wide = max(wide, p)
			}
			fmt.Printf("%-8s after %2d days: held %.1f%% (early %.1f%%, late %.1f%%), mean width %.1f%%, max %.1f%%\n", kind, k, 100*float64(held)/seeds, 100*float64(below)/seeds, 100*float64(above)/seeds, 100*width/seeds, 100*wide)
		}
	}
}
