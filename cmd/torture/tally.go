package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"airlift/worker/air/airtest"
)

// tally adds rounds up.
type tally struct {
	rounds, failed, processes   int
	objects, jobs, posts, lists int
	duplicates, lost, caps      int
	midnights                   int // rounds in which a run waited for midnight
	unfinished                  int
	endings                     map[endKind]int
	faults                      map[airtest.Kind]int
	ways                        map[string]int
	company                     map[actKind]int
	limits                      map[string]int
	noStrace                    bool
	took, stall, longest        time.Duration
}

func newTally() *tally {
	return &tally{endings: map[endKind]int{}, faults: map[airtest.Kind]int{}, ways: map[string]int{}, company: map[actKind]int{}, limits: map[string]int{}}
}

// add adds a round and what was wrong with it.
func (t *tally) add(r *round, err error) {
	t.rounds++
	if err != nil {
		t.failed++
	}
	t.processes += int(r.processes.Load())
	t.longest = max(t.longest, r.took)
	jobs := r.air.Accepted()
	byObject := r.air.ByObject()
	t.objects += r.plan.Objects + r.plan.Other
	t.jobs += jobs
	t.posts += r.air.Posts()
	t.lists += r.air.Lists()
	t.duplicates += jobs - len(byObject)
	if missing := max(0, r.plan.Objects+r.plan.Other-len(byObject)); r.verified {
		t.lost += missing
	} else {
		t.unfinished += missing
	}
	t.caps += r.air.Statuses()[429]
	if r.waited {
		t.midnights++
	}
	for k, n := range r.endings {
		t.endings[k] += n
	}
	for k, n := range r.company.did {
		t.company[k] += n
	}
	for _, k := range r.plan.kinds() {
		t.limits[k]++
	}
	for k, n := range r.air.Injected() {
		t.faults[k] += n
	}
	t.ways[fmt.Sprintf("%s with %d", r.plan.Way, r.plan.Workers)]++
}

// String is the table at the end.
func (t *tally) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	line("rounds", "%s, %d failed, in %v (longest %v; the rig was held up for %v at most)",
		number(t.rounds), t.failed, t.took.Round(time.Second), t.longest.Round(100*time.Millisecond), t.stall.Round(time.Millisecond))
	line("  way and workers", "%s", counts(t.ways, slices.Sorted(maps.Keys(t.ways))))
	line("processes", "%s", number(t.processes))
	line("  ends", "%s", counts(t.endings, endKinds))
	if t.noStrace {
		line("", "strace is absent or must not trace: what it would have killed was killed after a time")
	}
	line("company", "%s", counts(t.company, actKinds))
	line("limits", "%s", counts(t.limits, limitKinds))
	line("faults injected", "%s", number(total(t.faults)))
	line("  by kind", "%s", counts(t.faults, append(airtest.Kinds(), airtest.StatusBefore, airtest.StatusAfter)))
	line("429 of caps and faults", "%s", number(t.caps))
	line("rounds that waited for midnight", "%s", number(t.midnights))
	line("POSTs, lists", "%s, %s", number(t.posts), number(t.lists))
	line("objects", "%s", number(t.objects))
	line("jobs", "%s", number(t.jobs))
	line("duplicates", "%d", t.duplicates)
	line("lost", "%d", t.lost)
	if t.unfinished > 0 {
		line("not yet submitted", "%s, in rounds that failed before their end", number(t.unfinished))
	}
	_ = w.Flush() // to memory
	return b.String()
}

func number(n int) string { return humanize.Comma(int64(n)) }

func total[K comparable](m map[K]int) int {
	sum := 0
	for _, n := range m {
		sum += n
	}
	return sum
}

// counts lists the counts in an order, those of zero too.
func counts[K ~string](m map[K]int, order []K) string {
	var parts []string
	for _, k := range order {
		parts = append(parts, fmt.Sprintf("%s %s", k, number(m[k])))
	}
	var lines []string
	for c := range slices.Chunk(parts, 5) {
		lines = append(lines, strings.Join(c, ", "))
	}
	return strings.Join(lines, ",\n\t")
}
