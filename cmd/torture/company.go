package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// actKind names what another process does while those of the round come and go: some steer, and some work too.
type actKind string

const (
	doPause      actKind = "pause"
	doPauseBatch actKind = "pause of the batch"
	doResume     actKind = "resume"
	doSet        actKind = "set"
	doRetry      actKind = "retry"
	doCancel     actKind = "cancel, then retry"
	runSame      actKind = "run of the same batch"
	runOther     actKind = "run of another batch"
	serveIt      actKind = "serve"
)

var actKinds = []actKind{doPause, doPauseBatch, doResume, doSet, doRetry, doCancel, runSame, runOther, serveIt}

// otherBatch is the batch of the runs beside those of the round.
const otherBatch = "night"

// act is one of these processes.
type act struct {
	Kind    actKind
	After   time.Duration // since the one before was started
	For     time.Duration // of a pause
	Rate    string        // of set
	Workers int
	Keys    string // of cancel
	End     end    // of those that work
	// Slow feeds a run of another batch its rows one by one, so that it is still reading when it is ended.
	Slow bool
}

// works reports whether the process may hold the queue and send.
func (k actKind) works() bool { return k == runSame || k == runOther || k == serveIt }

// company draws what other processes do during a round; in half of the rounds nothing. Its dice are its own, so that a
// seed means for the rest of the round what it meant before there was company.
func (d dice) company(p *plan) {
	if d.once(2) {
		return
	}
	took := p.expected()
	for range d.between(2, 8) {
		a := act{
			Kind:  pick(d, append(actKinds, runSame, runOther, runOther, serveIt)...),
			After: pick(d, 0, d.within(0, 50*time.Millisecond), d.within(0, took)),
			For:   d.within(100*time.Millisecond, 700*time.Millisecond), Rate: pick(d, "unlimited", "1000/s", "200/s"), Workers: pick(d, 2, 8, 64),
			Keys: pick(d, "reels/clip-*1.mov", "reels/**", "interviews/*", "none of them"),
			End: end{
				Kind:  pick(d, killAfter, killAfter, interrupt, terminate, byItself),
				After: pick(d, d.within(0, 100*time.Millisecond), d.within(0, took), d.within(0, 2*took)),
			},
		}
		a.Slow = a.Kind == runOther && a.End.Kind != byItself && d.once(2)
		if a.Kind == serveIt && a.End.Kind == byItself {
			a.End.Kind = terminate // it has no end of its own
		}
		if a.Kind == runOther && p.Other == 0 {
			p.Other = d.between(3, 40)
		}
		p.Company = append(p.Company, a)
	}
	for i, e := range p.Ends {
		if e.Kind == replaceQueue { // the copy would be of a queue at which another works
			p.Ends[i].Kind = killAccept
		}
	}
	p.Forget = false          // it looks at one batch at rest
	p.Batch = "torture batch" // what steers names it
}

// company are the processes beside those of the round.
type company struct {
	all  sync.WaitGroup
	stop context.CancelFunc

	mu    sync.Mutex
	wrong []error         // guarded by mu
	did   map[actKind]int // guarded by mu
}

// invite begins what other processes do. It goes on until the round dismisses them.
func (r *round) invite(ctx context.Context) {
	begin, stop := context.WithCancel(ctx)
	r.company.stop = stop
	r.company.all.Go(func() {
		for _, a := range r.plan.Company {
			if pause(begin, a.After) != nil {
				return
			}
			r.company.count(a.Kind)
			if a.Kind.works() {
				r.company.all.Go(func() { r.company.add(r.accompany(ctx, a)) })
			} else {
				r.company.add(r.steer(ctx, a))
			}
		}
	})
}

// dismiss begins nothing more, waits for those at work, and returns what was wrong with any.
func (r *round) dismiss() error {
	r.company.stop()
	r.company.all.Wait()
	return errors.Join(r.company.wrong...)
}

func (c *company) add(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.wrong = append(c.wrong, err)
	}
}

func (c *company) count(k actKind) { c.mu.Lock(); c.did[k]++; c.mu.Unlock() }

// accompany runs a process that works, to its end, and judges how it ended.
func (r *round) accompany(ctx context.Context, a act) error {
	args, s := append([]string{"serve"}, r.send()...), r.newStage(a.End)
	switch {
	case a.Kind == runSame:
		args = slices.Concat([]string{"run"}, r.source(), r.send(), r.plan.sampleFlags())
	case a.Slow:
		args = slices.Concat([]string{"run", "-", "--format", "csv", "--batch", otherBatch}, r.plan.account(), r.send())
		s.stdin = &slow{text: otherCSV(r.plan), every: max(2*a.End.After/time.Duration(r.plan.Other+1), time.Millisecond)}
	case a.Kind == runOther:
		args = r.other()
	}
	g, err := r.airlift(ctx, s, args...)
	if err != nil {
		return err
	}
	if limited, err := r.limitedEnd(ctx, g); limited || err != nil {
		return err
	}
	ended := a.End.Kind != byItself // and a reading of standard input cannot go on if the holder ends
	switch {
	case g.code == 0, g.code == 4 && a.Kind != serveIt, a.Kind == serveIt && r.kept(g), g.code == 5 && (r.plan.ExitOnCap || ended), g.code == -1 && ended, r.faults.explains(g):
		return nil
	}
	return g.fails("it must not end so")
}

// slow is a text that comes a line at a time.
type slow struct {
	text  string
	every time.Duration
}

// Read implements [io.Reader].
func (s *slow) Read(p []byte) (int, error) {
	if s.text == "" {
		return 0, io.EOF
	}
	time.Sleep(s.every)
	line, _, _ := strings.Cut(s.text, "\n")
	n := copy(p, s.text[:len(line)+1])
	s.text = s.text[n:]
	return n, nil
}

// steer runs a command that asks whoever holds the queue, or nobody.
func (r *round) steer(ctx context.Context, a act) error {
	batch := r.plan.Batch
	set := []string{"set", "--rate", a.Rate, "--workers", strconv.Itoa(a.Workers)}
	if r.plan.Second {
		set = append(set, "--account", "default")
	}
	lines := map[actKind][][]string{
		doPause: {{"pause", "--for", a.For.String()}}, doPauseBatch: {{"pause", batch, "--for", a.For.String()}},
		doResume: {{"resume"}}, doSet: {set}, doRetry: {{"retry", batch}},
		doCancel: {{"cancel", batch, "--key", a.Keys}, {"retry", batch, "--state", "cancelled"}},
	}
	for _, line := range lines[a.Kind] {
		g, err := r.airlift(ctx, r.newStage(end{Kind: byItself}), line...)
		if err != nil {
			return err
		}
		if g.code != 0 && !g.says("can be cancelled, so nothing was changed") && !g.says("has no batch") && !g.says("there is no queue") && !g.holderEnded() {
			return g.fails("it must not end so")
		}
	}
	return nil
}

func (g result) says(text string) bool { return strings.Contains(g.stderr, text) }

// holderEnded reports whether the command has ended because the holder of the queue ended as it asked.
func (g result) holderEnded() bool {
	return g.code == 1 && g.says("the process that holds the queue has ended")
}

// alone finishes, after the company has gone, what it left: every command must work as if it had not been there.
func (r *round) alone(ctx context.Context) error {
	if err := r.dismiss(); err != nil {
		return err
	}
	r.ends, r.crowded = nil, false
	if err := r.finishOther(ctx); err != nil {
		return err
	}
	if err := r.retryCancelled(ctx); err != nil {
		return err
	}
	for _, args := range r.commands() {
		if err := r.finish(ctx, args); err != nil {
			return err
		}
	}
	left, err := filepath.Glob(filepath.Join(r.dir, "queue.db*"))
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(left, func(path string) bool { return strings.HasSuffix(path, ".run") }); i >= 0 {
		return fmt.Errorf("left over: %s", left[i])
	}
	return nil
}

// finishOther finishes the other batch, if there is one.
func (r *round) finishOther(ctx context.Context) error {
	if r.plan.Other == 0 {
		return nil
	}
	r.onOther = true
	defer func() { r.onOther = false }()
	return r.finish(ctx, r.other())
}

// retryCancelled puts back what a cancel left, if its retry did not come through.
func (r *round) retryCancelled(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(r.dir, "queue.db")); err != nil {
		return nil // nobody came so far
	}
	sum, known, err := r.statusIfAny(ctx)
	if err == nil && known && sum.Cancelled > 0 {
		_, err = r.plain(ctx, "retry", sum.Batch, "--state", "cancelled")
	}
	return err
}
