package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/queuetest"
	"airlift/worker/air/airtest"
)

// Figures of the built binary.
const (
	millis = "ms"
	first  = "s to the first POST"
)

// big is a large archive in mid-run: its manifest, and a queue of which half is submitted.
type big struct {
	b        *bench
	n        int
	manifest string
	db       string
	few      string // a queue of a tenth of the items
	air      *airtest.Server
	url      string
	posted   atomic.Pointer[watch]
	stop     func()
}

// watch waits for POSTs.
type watch struct {
	n      atomic.Int64
	first  chan time.Time
	enough chan struct{}
}

// bigContest drives the built binary on a queue of ten million items, which it kills in mid-run again and again.
func bigContest(b *bench) *contest {
	g := &big{b: b, n: b.size(10_000_000)}
	n := short(g.n)
	c := &contest{
		name: "large", prepare: g.prepare,
		contestants: []contestant{
			{name: "killed queue", measure: g.resume},
			{name: "new queue", measure: g.begin},
			{name: "status", measure: g.status},
			{name: "report", measure: g.streams(func() string { return g.db }, "report", batchID)},
			{name: "report of a tenth", measure: g.streams(func() string { return g.few }, "report", batchID)},
			{name: "items", measure: g.streams(func() string { return g.db }, "items", batchID)},
			{name: "check", measure: g.streams(func() string { return g.db }, "check")},
		},
		rows: []line{
			{what: "`run` on a queue of " + n + " killed in mid-run, cold: first POST", ours: figure{"killed queue", first}, most: 1, unit: " s"},
			{what: "`run` of a manifest of " + n + " rows, new queue, cold: first POST", ours: figure{"new queue", first}, most: 1, unit: " s"},
			{what: "`status` at " + n + " items", ours: figure{"status", millis}, most: 50, unit: " ms"},
			{what: "`report` at " + n + " items", ours: figure{"report", rate}, least: 500_000, unit: "/s"},
			{what: "its memory, by that at a tenth", ours: figure{"report", memory}, peer: figure{"report of a tenth", memory}, most: 1.2, scale: 1e-6, unit: " MB"},
			{what: "`items` at " + n, ours: figure{"items", rate}, unit: "/s"},
			{what: "`check` at " + n, ours: figure{"check", rate}, unit: "/s"},
		},
	}
	return c
}

// prepare makes the manifest and the queues.
func (g *big) prepare(ctx context.Context) (func(), error) {
	g.manifest, g.db, g.few = filepath.Join(g.b.dir, "large.csv"), filepath.Join(g.b.dir, "large.db"), filepath.Join(g.b.dir, "few.db")
	undo := func() {
		for _, path := range []string{g.manifest, g.db, g.few} {
			os.Remove(path)
		}
		if g.stop != nil {
			g.stop()
		}
	}
	g.listen(ctx)
	if err := writeManifest(g.manifest, g.n/10); err != nil {
		return undo, err
	}
	if _, err := g.b.enqueued(ctx, g.few, g.manifest, g.n/10); err != nil {
		return undo, err
	}
	if err := submitMany(g.few, g.n/20); err != nil {
		return undo, err
	}
	if err := writeManifest(g.manifest, g.n); err != nil {
		return undo, err
	}
	if _, err := g.b.enqueued(ctx, g.db, g.manifest, g.n); err != nil {
		return undo, err
	}
	if err := submitMany(g.db, g.n/2); err != nil {
		return undo, err
	}
	// The killed run that the first repetition finds. AiR has none of the jobs that were made up, so the queue must be
	// trusted this once.
	_, err := g.toFirstPost(ctx, g.db, "run", g.manifest, "--batch", batchID, "--trust-queue")
	return undo, err
}

// listen starts the server, a faithful one, in this process.
func (g *big) listen(ctx context.Context) {
	g.air = airtest.NewServer(airtest.Config{OnRequest: func(q airtest.Request) {
		w := g.posted.Load()
		if w == nil || q.Method != "POST" {
			return
		}
		switch w.n.Add(1) {
		case 1:
			w.first <- time.Now()
		case 1000:
			close(w.enough)
		}
	}})
	ctx, cancel := context.WithCancel(ctx)
	ready, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.air.ListenAndServe(ctx, "127.0.0.1:0", func(url string) { ready <- url })
		close(ready)
	}()
	g.url = <-ready
	g.stop = func() { g.air.Close(); cancel(); <-ended }
}

// submitMany books n items as submitted, in large steps and through the engine.
func submitMany(path string, n int) error {
	ctx := context.Background()
	db, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		return err
	}
	now := time.Now()
	for done := 0; err == nil && done < n; {
		var got []queue.Claimed
		got, err = queuetest.On(db).Claim(ctx, queue.ClaimRequest{Batches: []string{batchID}, Max: min(8192, n-done), Day: queue.DayOf(now)})
		results := make([]queue.Result, len(got))
		for i, c := range got {
			results[i] = queue.Result{Batch: batchID, Seq: c.Seq, To: queue.Submitted, Attempted: true, JobID: fmt.Sprintf("%08x-0000-4000-8000-%012x", c.Seq, c.Seq), HTTPStatus: 200, At: now}
		}
		if err == nil {
			_, err = queuetest.On(db).Finish(ctx, results)
		}
		done += len(got)
	}
	return errors.Join(err, db.Close())
}

// toFirstPost starts a run with the files out of the page cache (the binary stays in it), takes the time until AiR has
// its first POST, and kills the run after a thousand.
func (g *big) toFirstPost(ctx context.Context, db string, arguments ...string) (time.Duration, error) {
	for _, path := range []string{g.manifest, db} {
		if err := evict(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
	}
	w := &watch{first: make(chan time.Time, 1), enough: make(chan struct{})}
	g.posted.Store(w)
	defer g.posted.Store(nil)
	cmd := g.b.airliftCommand(ctx, db, g.url, arguments...)
	problems, err := os.Create(filepath.Join(g.b.dir, "stderr"))
	if err != nil {
		return 0, err
	}
	defer problems.Close()
	cmd.Stderr = problems
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-w.enough:
	case <-ended:
		text, _ := os.ReadFile(problems.Name())
		return 0, fmt.Errorf("airlift %v ended before it had sent a thousand:\n%s", arguments, text)
	}
	_ = cmd.Process.Signal(syscall.SIGKILL)
	<-ended
	return (<-w.first).Sub(start), nil
}

// resume runs the same command again on the queue that was killed in mid-run.
func (g *big) resume(ctx context.Context) (sample, error) {
	took, err := g.toFirstPost(ctx, g.db, "run", g.manifest, "--batch", batchID)
	return sample{first: took.Seconds()}, err
}

// begin runs the manifest into a queue that is not there yet.
func (g *big) begin(ctx context.Context) (sample, error) {
	db := filepath.Join(g.b.dir, "new.db")
	defer os.Remove(db)
	took, err := g.toFirstPost(ctx, db, "run", g.manifest, "--batch", fmt.Sprintf("new-%d", time.Now().UnixNano()))
	return sample{first: took.Seconds()}, err
}

// status takes the median of a few, as the whole command takes a few milliseconds.
func (g *big) status(ctx context.Context) (sample, error) {
	return g.b.several(ctx, 9, g.db, "status", "--json")
}

func (b *bench) several(ctx context.Context, times int, db string, arguments ...string) (sample, error) {
	var took []time.Duration
	for range times {
		r, err := b.airliftRun(ctx, db, "", false, arguments...)
		if err != nil {
			return nil, err
		}
		took = append(took, r.took)
	}
	slices.Sort(took)
	return sample{millis: float64(took[len(took)/2].Microseconds()) / 1e3}, nil
}

// streams runs a command that goes over all items, its output thrown away.
func (g *big) streams(db func() string, arguments ...string) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		r, err := g.b.airliftRun(ctx, db(), "", false, arguments...)
		if err != nil {
			return nil, err
		}
		n := g.n
		if db() == g.few {
			n /= 10
		}
		return sample{
			rate: float64(n) / r.took.Seconds(), memory: float64(r.peak), cpu: float64(r.cpu.Microseconds()) / float64(n),
		}, nil
	}
}

// commandContest is what the built binary costs: to start at all, and to enqueue a manifest; the latter beside an earlier
// binary, if there is one.
func commandContest(b *bench) *contest {
	n := b.size(1_000_000)
	db := filepath.Join(b.dir, "memory.db")
	const excess = "RssAnon peak less 3 bytes an item"
	path := func(format string) string { return filepath.Join(b.dir, "memory."+format) }
	enqueue := func(name, binary, format string) contestant {
		return contestant{name: name, measure: func(ctx context.Context) (sample, error) {
			defer os.Remove(db)
			with := *b
			with.airlift = binary
			r, err := with.enqueued(ctx, db, path(format), n)
			return sample{
				rate: float64(n) / r.took.Seconds(), cpu: float64(r.cpu.Microseconds()) / float64(n),
				memory: float64(r.peak), excess: float64(r.peak) - 3*float64(n),
			}, err
		}}
	}
	c := &contest{
		name: "command",
		prepare: func(context.Context) (func(), error) {
			undo := func() { os.Remove(path("csv")); os.Remove(path("jsonl")) }
			if err := writeManifest(path("csv"), n); err != nil {
				return undo, err
			}
			return undo, os.WriteFile(path("jsonl"), manifestText(n, "jsonl"), 0o600)
		},
		contestants: []contestant{
			{name: "version", measure: func(ctx context.Context) (sample, error) { return b.several(ctx, 21, db, "version") }},
			enqueue("enqueue", b.airlift, "csv"), enqueue("enqueue JSONL", b.airlift, "jsonl"),
		},
	}
	csv := line{what: "`airlift enqueue` of a CSV of " + short(n) + " rows", ours: figure{"enqueue", rate}, unit: "/s"}
	jsonl := line{what: "the same of JSONL, nested rows", ours: figure{"enqueue JSONL", rate}, unit: "/s"}
	if b.before != "" {
		c.contestants = append(c.contestants, enqueue("before", b.before, "csv"), enqueue("before, JSONL", b.before, "jsonl"))
		csv.peer, csv.least = figure{"before", rate}, 0.9
		jsonl.peer, jsonl.least = figure{"before, JSONL", rate}, 0.5
	}
	c.rows = []line{
		{what: "`airlift version`", ours: figure{"version", millis}, most: 20, unit: " ms"},
		csv,
		{what: "its anonymous memory at the peak, less 3 bytes an item", ours: figure{"enqueue", excess}, most: 96, scale: 1e-6, unit: " MB"},
		jsonl,
	}
	return c
}
