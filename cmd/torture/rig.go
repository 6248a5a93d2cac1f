package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// config says what the rig runs.
type config struct {
	out      io.Writer
	airlift  string
	rounds   int
	seeds    []uint64 // one a round
	parallel int
	slack    time.Duration
	limit    time.Duration
	dir      string
	strace   string // its path; empty: there is none that works
	keep     bool
	verbose  bool
}

// roundSeed mixes the seed of the n-th round out of the seed of all.
func roundSeed(seed uint64, n int) uint64 { return rand.New(rand.NewPCG(seed, uint64(n))).Uint64() }

// runAll runs the rounds, some at once, and returns what they add up to.
func (c *config) runAll(ctx context.Context) *tally {
	total := newTally()
	total.noStrace = c.strace == ""
	began := time.Now()
	watch, stopWatch := context.WithCancel(ctx)
	var watching, workers sync.WaitGroup
	watching.Go(func() { total.stall = longestStall(watch) })
	next := make(chan int)
	var mu sync.Mutex // over total and out
	for range min(c.parallel, len(c.seeds)) {
		workers.Go(func() {
			for n := range next {
				r := newRound(c, newPlan(c.seeds[n], c.slack))
				err := r.run(ctx)
				if ctx.Err() != nil {
					continue // cut off: it says nothing
				}
				mu.Lock()
				total.add(r, err)
				c.print(n, r, err)
				mu.Unlock()
			}
		})
	}
	for n := range c.seeds {
		select {
		case next <- n:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	stopWatch()
	watching.Wait()
	total.took = time.Since(began)
	return total
}

// print says how a round ended, if it failed or if everything is wanted.
func (c *config) print(n int, r *round, err error) {
	switch {
	case err != nil:
		_, _ = fmt.Fprintf(c.out, "FAILED round %d, seed %#x, after %v: %v\n  plan: %v\n  kept: %s\n  again: torture -airlift %s -slack %v -round-seed %#x -times 20\n",
			n+1, r.plan.Seed, r.took.Round(time.Millisecond), err, r.plan, r.dir, c.airlift, c.slack, r.plan.Seed)
	case c.verbose:
		_, _ = fmt.Fprintf(c.out, "ok %d %#x %v, %d processes: %v\n", n+1, r.plan.Seed, r.took.Round(time.Millisecond), r.processes.Load(), r.plan)
	}
}

// longestStall measures until ctx ends how long this process was not scheduled for at the longest: so late may the
// sandbox be in taking a request that airlift has sent.
func longestStall(ctx context.Context) time.Duration {
	const every = 5 * time.Millisecond
	longest, last := time.Duration(0), time.Now()
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return longest
		case <-t.C:
		}
		now := time.Now()
		longest, last = max(longest, now.Sub(last)-every), now
	}
}
