// Command bench measures airlift beside its peers, in turn and in the same run, and prints what it found: ours, the
// peer, their ratio, the target, and whether it is met. See [contests] for what is measured.
//
// Each repetition of each contestant runs in a process of its own (see [tasks]), so that the memory and the collector of
// one do not weigh on the next. What is prepared beforehand (rows, bodies, a filled queue) is not on the clock.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bench is one run of the benchmarks.
type bench struct {
	airlift string // the built binary
	before  string // an earlier one to compare with, or empty
	dir     string // everything is made below it, and deleted at the end
	profile string // folder for CPU profiles of our own tasks, or empty
	reps    int
	quick   bool
	sizes   []int  // of the growth
	svg     string // the growth is drawn to it
}

// size is n, or a tenth of it for a quick run.
func (b *bench) size(n int) int {
	if b.quick {
		return n / 10
	}
	return n
}

func main() {
	if name := os.Getenv(taskEnv); name != "" {
		runTask(name)
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	b := &bench{}
	which := flag.String("run", ".", "measure only the contests whose names match this regular expression")
	json := flag.String("json", "", "write all samples to this file")
	growth := flag.String("growth", "", "further sizes for the contests growth and watchers, like 10M,50M")
	dir := flag.String("dir", os.TempDir(), "where the data lies while it runs: a local disk with some 5 GB left")
	flag.StringVar(&b.airlift, "airlift", "bin/airlift", "the built binary")
	flag.StringVar(&b.before, "before", "", "an earlier binary, beside which manifests are enqueued")
	flag.StringVar(&b.profile, "profile", "", "write CPU profiles of airlift's own tasks to this folder")
	flag.StringVar(&b.svg, "svg", "", "draw the growth to this file")
	earlier := flag.String("from", "", "measure nothing, and draw the growth of an earlier run's -json file")
	flag.IntVar(&b.reps, "reps", 3, "repetitions")
	flag.BoolVar(&b.quick, "quick", false, "a tenth of each size")
	list := flag.Bool("list", false, "list the contests")
	flag.Parse()

	if *earlier != "" {
		return drawEarlier(*earlier, b.svg)
	}
	wanted, err := regexp.Compile(*which)
	if err != nil {
		return err
	}
	if b.airlift, err = filepath.Abs(b.airlift); err != nil {
		return err
	}
	if b.before != "" {
		if b.before, err = filepath.Abs(b.before); err != nil {
			return err
		}
	}
	if b.sizes, err = parseSizes(*growth); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(*dir, "airlift-bench-*"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	report := newReport(b)
	began := time.Now()
	for _, c := range contests(b) {
		switch {
		case !wanted.MatchString(c.name):
			continue
		case *list:
			fmt.Println(c.name)
			continue
		}
		if err := c.run(ctx, b, report); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	if *list {
		return nil
	}
	report.print(os.Stdout, time.Since(began))
	if *json != "" {
		return report.writeJSON(*json)
	}
	return nil
}

// parseSizes reads sizes like 500k,20M.
func parseSizes(text string) ([]int, error) {
	var sizes []int
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		digits, factor := s, 1
		switch s[len(s)-1] {
		case 'k':
			digits, factor = s[:len(s)-1], 1000
		case 'M':
			digits, factor = s[:len(s)-1], 1000_000
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n <= 0 {
			return nil, fmt.Errorf("-growth: %q is no size: write it like 500k or 20M", s)
		}
		sizes = append(sizes, n*factor)
	}
	return sizes, nil
}

// short writes a count as parseSizes reads it.
func short(n int) string {
	switch {
	case n >= 1000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'g', 4, 64) + "M"
	case n >= 1000:
		return strconv.FormatFloat(float64(n)/1e3, 'g', 4, 64) + "k"
	}
	return strconv.Itoa(n)
}
