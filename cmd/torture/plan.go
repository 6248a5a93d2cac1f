package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"airlift/worker/air/airtest"
)

// way is how a round gets its objects submitted.
type way string

const (
	runIt      way = "run"
	submitOnly way = "submit"         // of a batch that was enqueued undisturbed
	bothSteps  way = "enqueue+submit" // both are disturbed
)

// plan is all that a round does, derived from its seed.
type plan struct {
	Seed uint64
	// Objects are the items; beside them the manifest has rows that repeat one, rows that are rejected and rows that a
	// filter skips.
	Objects, Repeated, Rejected, Skipped int

	Way         way
	Batch       string // empty: the default
	Workers     int
	Rate        string
	Timeout     time.Duration
	Settle      time.Duration
	Grace       time.Duration
	MaxAttempts int
	TrustQueue  bool

	Lag, Latency time.Duration
	NamesInPart  bool // the list matches names in part
	BarePages    bool // and says nothing of its size
	NoDate       bool
	PageCap      int           // the largest page of a list; 0: as asked for
	NullPages    bool          // an empty page is written as null
	Ties         time.Duration // times of creation are rounded so far down, and what is equal turns its order
	// Forget, between processes, takes the older half of the jobs out of all lists if no item is in doubt or failed.
	Forget bool
	// Late is the most by which the sandbox serves a request after it arrived.
	Late time.Duration
	Post mix
	List mix

	// Day, if not 0, is how far apart the sandbox's midnights are. See shortDays.
	Day       time.Duration
	DailyCap  int
	ExitOnCap bool
	// MidnightIn, if not 0, is when the sandbox's only midnight comes. A run that has met the cap waits for it; after it
	// there is no cap.
	MidnightIn time.Duration

	// Ends are how the first processes end. Those that follow are left alone.
	Ends []end

	// Company is what other processes do meanwhile, one after the other; Other is how many objects the other batch has.
	Company []act
	Other   int

	limits
}

func (p plan) String() string {
	type bare plan // has no String
	return fmt.Sprintf("%+v", bare(p))
}

// expected is how long a run takes about, were it left alone and met no faults.
func (p plan) expected() time.Duration {
	took := time.Duration(p.Objects) * (p.Latency + 2*time.Millisecond) / time.Duration(p.Workers)
	if p.Rate == "100/s" {
		took = max(took, time.Duration(p.Objects)*10*time.Millisecond)
	}
	return 50*time.Millisecond + took
}

// newPlan draws a plan. Whatever is added here changes what older seeds mean.
func newPlan(seed uint64, slack time.Duration) plan {
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	p := plan{
		Seed: seed, Objects: d.between(20, 300), Way: pick(d, runIt, runIt, submitOnly, bothSteps), Workers: pick(d, 1, 8, 64),
		Rate: pick(d, "unlimited", "unlimited", "1000/s", "300/s", "100/s"), Timeout: d.within(300*time.Millisecond, 600*time.Millisecond),
		Grace: d.within(0, 300*time.Millisecond), MaxAttempts: pick(d, 2, 5, 50), TrustQueue: d.once(3),
		Lag:     pick(d, 0, d.within(0, 100*time.Millisecond), d.within(100*time.Millisecond, 600*time.Millisecond)),
		Latency: pick(d, 0, 0, d.within(0, 40*time.Millisecond)), NamesInPart: d.once(4), BarePages: d.once(4),
		Post: d.mix(pick(d, 0, 0.02, 0.06, 0.15), postFaults), List: d.mix(pick(d, 0, 0, 0.05, 0.15), listFaults),
	}
	if p.Workers == 1 { // a worker alone waits out each fault by itself
		p.Objects = min(p.Objects, 120)
		p.Post.P = min(p.Post.P, 0.08)
	}
	if d.once(3) {
		p.Repeated = d.between(1, 10)
	}
	if d.once(5) {
		p.Rejected = d.between(1, 3)
	}
	if d.once(5) {
		p.Skipped = d.between(1, 5)
	}
	if d.once(2) {
		p.Batch = "torture batch"
	}
	if d.once(4) {
		p.DailyCap = max(p.Objects/d.between(1, 3)-1, 10)
	}
	p.PageCap, p.NullPages, p.Ties, p.Forget = pick(d, 0, 0, d.between(5, 40)), d.once(3), pick(d, 0, 0, d.within(time.Millisecond, 2*time.Second)), d.once(3)
	if p.Ties > 0 {
		p.PageCap = 0 // a list of many short pages that turn cannot be read to its end
	}
	if p.PageCap > 0 { // a reading of many pages must have a chance to meet no fault
		p.List.P = min(p.List.P, 0.02)
	}
	d.days(&p)
	p.Late = p.Timeout + d.within(20*time.Millisecond, 200*time.Millisecond)
	p.Settle = p.settle(slack)
	for range pick(d, 0, 1, 1, 2, 3, 5) {
		p.Ends = append(p.Ends, d.end(p))
	}
	dice{rand.New(rand.NewPCG(seed, 1))}.company(&p)
	dice{rand.New(rand.NewPCG(seed, 2))}.limits(&p)
	return p
}

// days draws what the plan has to do with midnights.
func (d dice) days(p *plan) {
	if p.DailyCap > 0 && d.once(2) {
		p.MidnightIn = d.within(2*time.Second, 5*time.Second)
		p.DailyCap = max(p.Objects/d.between(2, 6), 5)
		// A 429 after midnight would be a cap that goes on, which is probed again minutes later.
		p.Post = p.Post.without(airtest.Cap429)
	}
	if p.MidnightIn == 0 && (p.DailyCap > 0 || p.Post.has(airtest.Cap429)) {
		p.ExitOnCap, p.NoDate = true, true // see shortDays
		p.Day = d.within(1500*time.Millisecond, 3*time.Second)
	} else {
		p.NoDate = d.once(5) && p.MidnightIn == 0
	}
}

// settle returns a settle window that keeps the contract's assumption. A request arrives before its attempt ends, by a
// kill at the latest, and is served at most Late after it arrived; that job is listed Lag later. So an absence that was
// asked for Lag + Late after the attempt's end is true, and slack is for what the machine takes to carry the request
// from the one process into the other.
func (p plan) settle(slack time.Duration) time.Duration {
	late := p.Latency
	if p.Post.has(airtest.Late) {
		late += p.Late
	}
	return p.Lag + late + slack
}

// dice draws what a plan needs.
type dice struct{ *rand.Rand }

// between returns a number from least to most.
func (d dice) between(least, most int) int { return least + d.IntN(most-least+1) }

// once is true one time in n.
func (d dice) once(n int) bool { return d.IntN(n) == 0 }

// within returns a duration from least up to most, in whole milliseconds.
func (d dice) within(least, most time.Duration) time.Duration {
	return (least + time.Duration(d.Int64N(int64(most-least)+1))).Truncate(time.Millisecond)
}

// early returns a number from 1 to most, the small ones more often: crashes near the start meet more kinds of states.
func (d dice) early(most int) int { return 1 + int(float64(most)*d.Float64()*d.Float64()) }

// pick returns one of the choices, all of which have been drawn already.
func pick[T any](d dice, choices ...T) T { return choices[d.IntN(len(choices))] }
