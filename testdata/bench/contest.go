package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

// contest is some contestants that are measured in turn, and the rows of the table that come of it.
type contest struct {
	name string
	// prepare makes what all repetitions share, and returns what undoes it; nil: nothing.
	prepare     func(ctx context.Context) (func(), error)
	contestants []contestant
	rows        []line
	// done, if set, gets the samples at the end.
	done func(m *measured) error
}

// contestant is one of them.
type contestant struct {
	name string
	// measure is one repetition.
	measure func(ctx context.Context) (sample, error)
	// fsyncs, if set, counts the fsyncs an item in a run of its own.
	fsyncs func(ctx context.Context) (float64, error)
}

// figure is one figure of one contestant.
type figure struct{ who, name string }

// line is a row of the table: a figure of ours, by itself or divided by a peer's of the same repetition.
type line struct {
	what       string
	ours, peer figure // peer.who empty: none
	// least and most are the targets, for the ratio or, without a peer, for the figure; 0: none.
	least, most float64
	// scale and unit say how the figures are shown.
	scale float64
	unit  string
}

// errSkip says why a contestant cannot be measured here.
type errSkip struct{ why string }

func (e *errSkip) Error() string { return "skipped: " + e.why }

// run measures all contestants in turn and reports the rows.
func (c *contest) run(ctx context.Context, b *bench, r *report) error {
	if c.prepare != nil {
		progress("%s: preparing", c.name)
		undo, err := c.prepare(ctx)
		if undo != nil {
			defer undo()
		}
		var skip *errSkip
		switch {
		case errors.As(err, &skip):
			r.skip(c.name, skip.why)
			return nil
		case err != nil:
			return err
		}
	}
	reps := make([]map[string]sample, b.reps)
	for i := range reps {
		reps[i] = map[string]sample{}
	}
	for _, p := range c.contestants {
		if p.fsyncs == nil {
			continue
		}
		progress("%s: %s: counting fsyncs", c.name, p.name)
		n, err := p.fsyncs(ctx)
		switch {
		case errors.Is(err, errNoStrace):
			r.skip(c.name+", fsyncs", err.Error())
		case err != nil:
			return err
		default:
			for i := range reps {
				reps[i][p.name] = sample{fsyncs: n}
			}
		}
	}
	skipped := map[string]bool{}
	for i := range reps {
		for _, p := range c.contestants {
			if skipped[p.name] {
				continue
			}
			syscall.Sync() // what the one before has left for the disk to do is not this one's
			start := time.Now()
			s, err := p.measure(ctx)
			var skip *errSkip
			if errors.As(err, &skip) {
				r.skip(c.name+", "+p.name, skip.why)
				skipped[p.name] = true
				continue
			}
			if err != nil {
				return err
			}
			if reps[i][p.name] == nil {
				reps[i][p.name] = sample{}
			}
			maps.Copy(reps[i][p.name], s)
			progress("%s %d/%d: %s in %.1f s: %s", c.name, i+1, len(reps), p.name, time.Since(start).Seconds(), s)
		}
	}
	m := r.add(c, reps)
	if c.done != nil {
		return c.done(m)
	}
	return nil
}

// String shows a sample on one line.
func (s sample) String() string {
	var parts []string
	for _, name := range s.names() {
		parts = append(parts, fmt.Sprintf("%s %.4g", name, s[name]))
	}
	return strings.Join(parts, ", ")
}

// progress tells on standard error what is going on.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// median, least and most of some values; ok is false if there are none.
func spread(values []float64) (median, least, most float64, ok bool) {
	if len(values) == 0 {
		return 0, 0, 0, false
	}
	v := slices.Sorted(slices.Values(values))
	median = v[len(v)/2]
	if len(v)%2 == 0 {
		median = (v[len(v)/2-1] + median) / 2
	}
	return median, v[0], v[len(v)-1], true
}
