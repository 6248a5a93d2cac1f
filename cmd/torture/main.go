package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// run is the program; an error says that a round failed, or could not be run.
func run(ctx context.Context, args []string, out io.Writer) error {
	if unfit != "" {
		return errors.New(unfit)
	}
	c := config{out: out}
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	seed := flags.Uint64("seed", 0, "the seed of all rounds; 0: one from the clock, which is shown")
	only := flags.String("round-seed", "", "run the round of this seed, as a failed round printed it")
	times := flags.Int("times", 1, "how often to run the round of -round-seed")
	flags.IntVar(&c.rounds, "rounds", 200, "how many rounds")
	flags.StringVar(&c.airlift, "airlift", "bin/airlift", "the airlift to drive")
	flags.IntVar(&c.parallel, "workers-of-rig", 16, "how many rounds go on at once; most of each is waiting")
	flags.DurationVar(&c.slack, "slack", 500*time.Millisecond, "what the settle window leaves for this machine to schedule")
	flags.DurationVar(&c.limit, "limit", 3*time.Minute, "how long a round may take")
	flags.StringVar(&c.dir, "dir", "", "where the folders of the rounds are made, with a path that leaves room for that of a socket; default: a new folder for temporary files")
	flags.BoolVar(&c.keep, "keep", false, "keep the folder of every round, not only of those that failed")
	flags.BoolVar(&c.verbose, "v", false, "print the plan and the end of every round")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	for n := range c.rounds {
		c.seeds = append(c.seeds, roundSeed(*seed, n))
	}
	if *only != "" {
		one, err := strconv.ParseUint(*only, 0, 64)
		if err != nil {
			return fmt.Errorf("-round-seed: %w", err)
		}
		c.seeds = nil
		for range *times {
			c.seeds = append(c.seeds, one)
		}
	}
	airlift, err := filepath.Abs(c.airlift)
	if err != nil {
		return err
	}
	if _, err := os.Stat(airlift); err != nil {
		return fmt.Errorf("no airlift to drive: %w (make build makes bin/airlift)", err)
	}
	c.airlift = airlift
	if c.dir == "" {
		if c.dir, err = os.MkdirTemp("", "torture-*"); err != nil {
			return err
		}
	}
	c.strace = findStrace()
	_, _ = fmt.Fprintf(out, "torture: %d rounds, seed %d, in %s\n", len(c.seeds), *seed, c.dir)
	t := c.runAll(ctx)
	_, _ = fmt.Fprint(out, t)
	_ = os.Remove(c.dir) // stays if a round left its folder
	switch {
	case t.failed > 0:
		return fmt.Errorf("%d of %d rounds failed", t.failed, t.rounds)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	}
	return nil
}
