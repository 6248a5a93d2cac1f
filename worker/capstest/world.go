package capstest

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

const day = 24 * time.Hour

// World is what a run has to live with.
type World struct {
	Seed uint64
	// Days is how long it is played. Items are the batch's; 0: more than all caps allow.
	Days, Items int
	// Caps are the daily caps of the server's days, the last one for all that follow. Others are the jobs that others make on each of these days, and
	// OthersSpread is over how much of the day.
	Caps, Others []int
	OthersSpread time.Duration
	// ResetAt is the time of day at which the server's day begins.
	ResetAt time.Duration
	// Moves change ResetAt.
	Moves []Move
	// Skew is how far AiR's clock is from ours; Steps change that.
	Skew  time.Duration
	Steps []Step
	// Begin is how long after midnight by our clock the first run begins.
	Begin time.Duration
	// PerDay is how many requests a day the rate allows.
	PerDay int
	// Workers send at once.
	Workers int
	// Stays is the share of pauses in which the process stays; else it ends, and another begins around the end of the pause.
	Stays float64
	// Late is how long after the end of a pause the next process begins at most.
	Late time.Duration
	// Latency is how long an answer takes.
	Latency time.Duration
}

// Move makes the server's day begin at another time of day.
type Move struct{ After, ResetAt time.Duration }

// Step sets AiR's clock by so much.
type Step struct{ After, By time.Duration }

// Draw draws a world: a cap that changes by a factor of 0.25 to 4 from time to time, others who take up to 30 %, a reset at any quarter
// of an hour, and clocks that are wrong and are set.
func Draw(seed uint64, days int) World {
	r := rand.New(rand.NewPCG(seed, 1))
	w := World{
		Seed: seed, Days: days, ResetAt: time.Duration(r.IntN(96)) * 15 * time.Minute, Begin: time.Duration(r.IntN(24*60)) * time.Minute,
		Workers: 1 + r.IntN(3), Stays: 0.05, Latency: 50 * time.Millisecond,
	}
	base := 16 + r.IntN(16)
	limit := base
	share := []float64{0, r.Float64() * 0.3}[r.IntN(2)]
	w.OthersSpread = time.Duration(r.Int64N(int64(20 * time.Hour)))
	for range days + 3 {
		if r.IntN(20) == 0 {
			limit = max(6, int(float64(base)*[]float64{0.25, 0.5, 1, 2, 4}[r.IntN(5)]))
		}
		w.Caps = append(w.Caps, limit)
		w.Others = append(w.Others, int(share*(0.8+0.4*r.Float64())*float64(limit)))
	}
	w.PerDay = base * (2 + r.IntN(200))
	switch r.IntN(4) {
	case 0:
		w.Skew = time.Duration(r.IntN(40*3600)-20*3600) * time.Second
	case 1:
		w.Skew = time.Duration(r.IntN(600)-300) * time.Second
	}
	for range r.IntN(4) {
		w.Steps = append(w.Steps, Step{time.Duration(r.Int64N(int64(days) * int64(day))), time.Duration(r.IntN(400)-200) * time.Second})
	}
	slices.SortFunc(w.Steps, func(a, b Step) int { return cmp.Compare(a.After, b.After) })
	if r.IntN(3) == 0 {
		w.Late = time.Duration(r.IntN(240)) * time.Minute
	}
	return w
}

// nth returns the value of a day, the last one for those after.
func nth(of []int, i int) int {
	if len(of) == 0 {
		return 0
	}
	return of[min(i, len(of)-1)]
}
