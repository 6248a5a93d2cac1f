package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"airlift/worker/air/airtest"
)

// maxProcesses is how often a command is run again before a round fails: with its faults bounded it needs far fewer.
const maxProcesses = 120

// round is one round: a folder, a queue, a sandbox, and the processes one after the other.
type round struct {
	config    *config
	plan      plan
	dir       string
	env       []string
	air       *airtest.Server
	log       events
	stage     atomic.Pointer[stage]
	ends      []end // still to come
	company   company
	limits    limited
	crowded   bool // other processes may be at work
	onOther   bool // the round is about its other batch now
	faults    *faults
	firstDay  time.Time // by the sandbox's clock
	processes atomic.Int64
	forgotten int  // jobs that lists no longer show
	waited    bool // a run waited for the sandbox's midnight
	verified  bool // nothing was left, and the books were compared
	endings   map[endKind]int
	took      time.Duration
	stall     time.Duration

	mu    sync.Mutex
	spent map[airtest.Kind]int // faults that have a budget; guarded by mu
}

func newRound(c *config, p plan) *round {
	r := &round{
		config: c, plan: p, ends: p.Ends, endings: map[endKind]int{}, spent: map[airtest.Kind]int{},
		log: events{began: time.Now()}, faults: newFaults(), company: company{did: map[actKind]int{}},
	}
	r.air = r.newServer()
	r.firstDay = r.air.Now().Truncate(day)
	return r
}

// run runs the round and returns what was wrong, or nil.
func (r *round) run(ctx context.Context) error {
	defer func() { r.took = time.Since(r.log.began) }()
	ctx, cancel := context.WithTimeout(ctx, r.config.limit)
	defer cancel()
	watch, stopWatch := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { r.stall = longestStall(watch) })
	err := r.play(ctx)
	stopWatch()
	watching.Wait()
	if err == nil && !r.config.keep {
		return os.RemoveAll(r.dir)
	}
	if err != nil && r.stall > r.config.slack {
		err = fmt.Errorf("%w\n(the rig was held up for %v, longer than the slack of %v: the round's assumption did not hold)", err, r.stall, r.config.slack)
	}
	text := r.plan.String() + "\n"
	return errors.Join(err, r.log.write(filepath.Join(r.dir, "events.log")), os.WriteFile(filepath.Join(r.dir, "plan.json"), []byte(text), 0o600))
}

// play serves the sandbox, runs the processes and checks what they left.
func (r *round) play(ctx context.Context) (err error) {
	if r.dir, err = os.MkdirTemp(r.config.dir, fmt.Sprintf("round-%x-*", r.plan.Seed)); err != nil {
		return err
	}
	if err := writeManifest(filepath.Join(r.dir, "archive.csv"), r.plan); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "night.csv"), []byte(otherCSV(r.plan)), 0o600); err != nil {
		return err
	}
	url, end, err := r.serve()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	r.env = []string{
		"HOME=" + r.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + r.dir,
		"GORACE=atexit_sleep_ms=0", // else a race build sleeps a second at its end
		"WASABI_ACCESS_KEY=" + accessKey, "WASABI_SECRET_KEY=" + secretKey,
		"AIRLIFT_QUEUE=" + filepath.Join(r.dir, "queue.db"), "AIRLIFT_AIR_URL=" + url,
		"AIRLIFT_SERVICES=ocr,s2t", "AIRLIFT_DESTINATION_BUCKET=results", "AIRLIFT_DESTINATION_REGION=us-east-1",
	}
	unprepare, err := r.prepare()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unprepare()) }()
	lifting, stop := context.WithCancel(ctx)
	lifted := make(chan error, 1)
	go func() { lifted <- r.lift(lifting) }()
	defer func() { stop(); err = errors.Join(err, <-lifted) }()
	if len(r.plan.Company) > 0 {
		r.crowded = true
		r.invite(ctx)
	}
	if err := r.beside(ctx); err != nil {
		return err
	}
	for _, args := range r.commands() {
		if err := r.finish(ctx, args); err != nil {
			if r.crowded {
				err = errors.Join(err, r.dismiss())
			}
			return err
		}
	}
	if r.crowded {
		err = r.alone(ctx)
	} else {
		err = r.finishOther(ctx)
	}
	if err != nil {
		return err
	}
	return r.verify(ctx)
}

// source returns the manifest as the commands that read it have it.
func (r *round) source() []string {
	source := []string{"archive.csv", "--exclude", "*.skip"}
	if r.plan.Batch != "" {
		source = append(source, "--batch", r.plan.Batch)
	}
	return source
}

// send returns the flags of all commands that send.
func (r *round) send() []string {
	p := r.plan
	send := []string{
		"--workers", strconv.Itoa(p.Workers), "--rate", p.Rate, "--timeout", p.Timeout.String(), "--settle", p.Settle.String(),
		"--grace", p.Grace.String(), "--max-attempts", strconv.Itoa(p.MaxAttempts), "--max-failures", "off",
	}
	if p.TrustQueue {
		send = append(send, "--trust-queue")
	}
	if p.ExitOnCap {
		send = append(send, "--on-daily-cap", "exit")
	}
	return append(send, r.limitFlags()...)
}

// other returns the command that submits the other batch.
func (r *round) other() []string {
	return slices.Concat([]string{"run", "night.csv", "--batch", otherBatch}, r.plan.account(), r.send())
}

// commands returns the commands that together submit the manifest.
func (r *round) commands() [][]string {
	p := r.plan
	if p.Way == runIt {
		return [][]string{slices.Concat([]string{"run"}, r.source(), r.send(), p.sampleFlags())}
	}
	submit := slices.Concat([]string{"submit"}, r.send(), p.sampleFlags())
	if p.Batch != "" && (!p.Second || len(p.Company) > 0) { // else those of both accounts
		submit = append(submit, p.Batch)
	}
	return [][]string{append([]string{"enqueue"}, r.source()...), submit}
}

// finish runs a command again and again, ended as planned, until it has come to its end by itself with nothing left.
func (r *round) finish(ctx context.Context, args []string) error {
	for range maxProcesses {
		s := r.newStage(r.nextEnd(args[0]))
		r.stage.Store(s)
		g, err := r.airlift(ctx, s, r.lifted(args)...)
		if err != nil {
			return err
		}
		r.endings[g.ended]++
		done, err := r.judge(ctx, g, s)
		if err != nil || done {
			return err
		}
		if s.end.Then != "" {
			if err := r.between(ctx, s.end.Then); err != nil {
				return err
			}
		}
		if err := r.forget(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("airlift %s: no end after %d processes", strings.Join(args, " "), maxProcesses)
}

// nextEnd returns how the next process ends. An enqueue that is not to be disturbed uses none up, nor does the last
// command leave any for itself.
func (r *round) nextEnd(command string) end {
	if len(r.ends) == 0 || command == "enqueue" && (r.plan.Way != bothSteps || len(r.ends) == 1) {
		return end{Kind: byItself}
	}
	e := r.ends[0]
	r.ends = r.ends[1:]
	if command == "enqueue" { // it sends nothing and makes few commits
		switch e.Kind {
		case killPost, killAccept, killList, replaceQueue:
			e.Kind = killAfter
		case killSync, killWrite:
			e.N = 1 + e.N%8
		}
	}
	return e
}

// judge says whether a command is done, or shall be run again, or must not have ended so.
func (r *round) judge(ctx context.Context, g result, s *stage) (done bool, err error) {
	r.waited = r.waited || r.plan.MidnightIn > 0 && strings.Contains(g.stderr, "the pause is over")
	if ended, err := r.limitedEnd(ctx, g); ended || err != nil {
		return false, err
	}
	if g.ended == replaceQueue {
		if g.code != 1 || !strings.Contains(g.stderr, "replaced") {
			return false, g.fails("its queue was replaced")
		}
		return false, nil
	}
	switch {
	case g.code == 0:
		return true, nil
	case g.code == 4:
		return r.incomplete(ctx, g)
	case g.disturbed(): // also by code 5, before there is a queue
		return false, nil
	case g.code == 5 && r.plan.ExitOnCap:
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return false, err
		}
		_, err := r.plain(ctx, "resume")
		return false, err
	case s.faults.explains(g):
		return false, nil
	}
	return false, g.fails("it must not end so")
}

// disturbed reports whether the command ended as the rig wanted.
func (g result) disturbed() bool {
	return g.ended != byItself && (g.code == -1 || g.code == 130 || g.code == 5)
}

// explains reports whether the faults account for the way in which a command ended.
func (s *faults) explains(g result) bool {
	says := g.says
	switch g.code {
	case 3:
		return s.gave(airtest.Forbid403) && says("monthly quota reached") ||
			s.gave(airtest.HTML403) && says("a proxy or firewall in between")
	case 6:
		return s.gave(airtest.Access403) && says("AiR refuses access")
	case 2:
		return s.gaveNoAPI() && saysNoAPI(g.stderr) ||
			// The page that is compared with the queue before the first POST answered another request.
			s.wasMisled() && says("but AiR lists none") ||
			s.lied() && (says("answers in a row belonged to other requests") || saysNoAPI(g.stderr))
	}
	return false
}

// saysNoAPI reports whether a process ended because its first answer, or three in a row, were not AiR's.
func saysNoAPI(stderr string) bool {
	return strings.Contains(stderr, "no AiR API") || strings.Contains(stderr, "items in a row were not AiR's")
}

// incomplete says what follows on exit code 4: failed items are retried, rejected rows were expected, and an item in
// doubt must not be left.
func (r *round) incomplete(ctx context.Context, g result) (done bool, err error) {
	sum, err := r.status(ctx)
	if err != nil {
		return false, err
	}
	switch {
	case r.crowded && sum.Failed == 0: // another has changed what it says, perhaps
		return sum.Rejected > 0 && (sum.InDoubt == 0 || g.command == "enqueue"), nil
	case sum.InDoubt > 0 && g.ended == byItself && !r.crowded:
		return false, g.fails("it left %d items in doubt", sum.InDoubt)
	case sum.Failed > 0:
		_, err := r.plain(ctx, "retry", sum.Batch)
		return false, err
	case sum.Rejected == 0:
		return false, g.fails("nothing failed and no row was rejected")
	}
	return sum.InDoubt == 0, nil
}

// between runs a command between two others; it must change nothing for them.
func (r *round) between(ctx context.Context, command string) error {
	if _, err := os.Stat(filepath.Join(r.dir, "queue.db")); err != nil {
		return nil // killed before there was a queue
	}
	switch command {
	case "status":
		return r.books(ctx)
	case "reconcile":
		s := r.newStage(end{Kind: byItself})
		r.stage.Store(s)
		g, err := r.airlift(ctx, s, "reconcile", "--timeout", r.plan.Timeout.String(), "--settle", r.plan.Settle.String(), "--rate", "unlimited")
		if err == nil && g.code != 0 && g.code != 4 && !r.kept(g) {
			err = g.fails("it must not end so")
		}
		return err
	}
	g, err := r.airlift(ctx, r.newStage(end{Kind: byItself}), command)
	if err == nil && g.code != 0 && !r.kept(g) {
		err = g.fails("it must succeed")
	}
	return err
}

// kept reports whether another process kept a command from its work.
func (r *round) kept(g result) bool {
	return r.shared() && (g.holderEnded() || g.code == 7 && g.says("another process holds the queue"))
}

// shared reports whether another process may hold the queue: company, or the rig's own resume once a quota is lifted.
func (r *round) shared() bool { return r.crowded || r.plan.Quota > 0 }

// forget lets AiR's lists lose the older half of the jobs, as its retention does after days. It does so only while every
// job is that of a submitted item: a job that a lookup still needs goes on being listed, by the contract's assumption.
func (r *round) forget(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(r.dir, "queue.db")); !r.plan.Forget || err != nil {
		return nil
	}
	sum, known, err := r.statusIfAny(ctx)
	if err == nil && known && sum.InDoubt+sum.Sending+sum.Failed == 0 && sum.Submitted == r.air.Accepted() {
		r.air.Forget(sum.Submitted/2 - r.forgotten)
		r.forgotten = sum.Submitted / 2
	}
	return err
}

// plain runs a command that nothing disturbs and that must succeed.
func (r *round) plain(ctx context.Context, args ...string) (result, error) {
	for {
		g, err := r.airlift(ctx, r.newStage(end{Kind: byItself}), args...)
		switch {
		case err == nil && r.shared() && g.holderEnded(): // asked again
		case err == nil && g.code != 0:
			return g, g.fails("it must succeed")
		default:
			return g, err
		}
	}
}

// pause waits, or returns early when ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
