package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report gathers the results.
type report struct {
	bench    *bench
	started  time.Time
	load     string // as it began
	version  string
	contests []*measured
	skipped  []string
}

// measured is a contest with its repetitions: samples by contestant.
type measured struct {
	Name  string
	Who   []string
	Reps  []map[string]sample
	lines []line
}

func newReport(b *bench) *report {
	return &report{bench: b, started: time.Now(), load: load(), version: b.revision()}
}

func (r *report) add(c *contest, reps []map[string]sample) *measured {
	m := &measured{Name: c.name, Reps: reps, lines: c.rows}
	for _, p := range c.contestants {
		m.Who = append(m.Who, p.name)
	}
	r.contests = append(r.contests, m)
	return m
}

func (r *report) skip(what, why string) {
	r.skipped = append(r.skipped, what+": skipped: "+why)
	progress("%s: skipped: %s", what, why)
}

// values are a figure's values over the repetitions that have it.
func (m *measured) values(f figure) (all []float64) {
	for _, rep := range m.Reps {
		if v, ok := rep[f.who][f.name]; ok {
			all = append(all, v)
		}
	}
	return all
}

// ratios are ours by the peer's, each of the same repetition.
func (m *measured) ratios(l line) (all []float64) {
	for _, rep := range m.Reps {
		ours, ok := rep[l.ours.who][l.ours.name]
		peer, ok2 := rep[l.peer.who][l.peer.name]
		if ok && ok2 && peer > 0 {
			all = append(all, ours/peer)
		}
	}
	return all
}

// print writes both tables, as Markdown.
func (r *report) print(out io.Writer, took time.Duration) {
	w := bufio.NewWriter(out)
	defer w.Flush()
	sizes := "full size"
	if r.bench.quick {
		sizes = "a tenth of the size; the targets are meant for the full one"
	}
	fmt.Fprintf(w, "\n%s, %s, %s, %d cores, load %s before and %s after; %d repetitions in turn, %s, in %.0f minutes\n\n",
		r.started.UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), r.version, runtime.NumCPU(), r.load, load(), r.bench.reps, sizes, took.Minutes())
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| What\t| ours\t| peer\t| ratio (min-max)\t| target\t| met\t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, m := range r.contests {
		for _, l := range m.lines {
			fmt.Fprintln(t, m.row(l))
		}
	}
	t.Flush()
	fmt.Fprintln(w, "\nWhat an item costs (medians; bytes are those handed to the kernel, fsyncs are counted in a run of their own):")
	fmt.Fprintln(w)
	fmt.Fprintln(t, "| Contest\t| who\t| items/s\t| CPU us\t| bytes\t| fsyncs\t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, m := range r.contests {
		for _, who := range m.Who {
			cells := []string{m.Name, who}
			some := false
			for _, name := range []string{rate, cpu, wrote, fsyncs} {
				v, _, _, ok := spread(m.values(figure{who, name}))
				cell := "-"
				if ok {
					cell, some = number(v), true
				}
				cells = append(cells, cell)
			}
			if some {
				fmt.Fprintln(t, "| "+strings.Join(cells, "\t| ")+"\t|")
			}
		}
	}
	t.Flush()
	for _, s := range r.skipped {
		fmt.Fprintln(w, s)
	}
}

// row is a line of the first table.
func (m *measured) row(l line) string {
	scale := l.scale
	if scale == 0 {
		scale = 1
	}
	shown := func(f figure) string {
		v, least, most, ok := spread(m.values(f))
		if !ok {
			return "-"
		}
		text := number(v*scale) + l.unit
		if l.peer.who == "" && least != most {
			text += fmt.Sprintf(" (%s-%s)", number(least*scale), number(most*scale))
		}
		return text
	}
	peer, ratio := "", ""
	judged, _, _, ok := spread(m.values(l.ours))
	judged *= scale
	if l.peer.who != "" {
		var least, most float64
		judged, least, most, ok = spread(m.ratios(l))
		peer = shown(l.peer) + " " + l.peer.who
		if l.peer.who == l.ours.who {
			peer = shown(l.peer)
		}
		if ok {
			ratio = fmt.Sprintf("%.3g (%.3g-%.3g)", judged, least, most)
		}
	}
	target, met := "", ""
	switch {
	case l.least > 0:
		target, met = ">= "+number(l.least), yes(judged >= l.least)
	case l.most > 0:
		target, met = "<= "+number(l.most), yes(judged <= l.most)
	}
	if target != "" && l.peer.who == "" {
		target += l.unit
	}
	if !ok {
		ratio, met = "not measured", ""
	}
	return "| " + strings.Join([]string{l.what, shown(l.ours), peer, ratio, target, met}, "\t| ") + "\t|"
}

func yes(met bool) string {
	if met {
		return "yes"
	}
	return "NO"
}

// number shows three digits and no more of any size.
func number(v float64) string {
	switch {
	case math.Abs(v) >= 10e6:
		return fmt.Sprintf("%.0fM", v/1e6)
	case math.Abs(v) >= 1e6:
		return fmt.Sprintf("%.2fM", v/1e6)
	case math.Abs(v) >= 10e3:
		return fmt.Sprintf("%.0fk", v/1e3)
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// load is the machine's over the last minute and the last fifteen: figures of a busy machine are to be taken with care.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	parts := strings.Fields(string(text))
	if len(parts) < 3 {
		return "unknown"
	}
	return parts[0] + "/" + parts[2]
}

// revision is what the measured binary says of itself.
func (b *bench) revision() string {
	out, err := exec.Command(b.airlift, "version").Output()
	if err != nil {
		return "airlift of an unknown version"
	}
	text, _, _ := strings.Cut(string(out), "\n")
	return text
}

// samples are all samples of a run, as they are stored.
type samples struct {
	Started  time.Time
	Quick    bool
	Contests []*measured
	Skipped  []string
}

// writeJSON writes every sample.
func (r *report) writeJSON(path string) error {
	text, err := json.MarshalIndent(samples{r.started.UTC(), r.bench.quick, r.contests, r.skipped}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// drawEarlier draws the growth that an earlier run stored.
func drawEarlier(path, svg string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var s samples
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, m := range s.Contests {
		if m.Name == "growth" {
			return drawGrowth(svg, m)
		}
	}
	return fmt.Errorf("%s holds no growth", path)
}
