package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"airlift/cmd/airlift/accounts"
	"airlift/cmd/airlift/connect"
	"airlift/cmd/airlift/exit"
	"airlift/cmd/airlift/flags"
	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/service"
	"airlift/worker/service/notify"
)

// statusEvery is how often a run renews its status file.
const statusEvery = 2 * time.Second

// service returns the service on an open queue.
func (a *app) service(db queue.Store, opened time.Time) service.Queue {
	return a.serviceOf(db, service.Config{Opened: opened, Watch: a.keepStatusFile})
}

// serviceOf returns the service on a queue that this process holds or asks for.
func (a *app) serviceOf(db queue.Store, c service.Config) service.Queue {
	c.Place, c.Log = a.queuePath(), a.log
	return connect.Service(db, c)
}

// pool returns how items are sent. The commands that its messages name get the flags of this one.
func (a *app) pool(cmd *cobra.Command, sources []string, s *flags.Send, client *air.Client) worker.Config {
	pool := s.Pool(client)
	pool.AdoptCommand, pool.CancelCommand = adoptLine(cmd, a, sources), cancelLine(cmd, a)
	return pool
}

// senders says how a command sends the items of each account.
func (a *app) senders(cmd *cobra.Command, sources []string, s *flags.Send) *accounts.Senders {
	return &accounts.Senders{
		Settings: &a.accounts, Command: cmd, Flags: s, UserAgent: "airlift/" + versionText(),
		Pool: func(client *air.Client) worker.Config { return a.pool(cmd, sources, s, client) },
	}
}

// audit returns how AiR's list is read. Without --json each finding is printed at once, so that none of millions is kept.
func (a *app) audit(s *flags.Send, client *air.Client) service.AuditRequest {
	r := s.Audit(client)
	if !s.JSON {
		r.Found = func(f joblist.Finding) error {
			_, err := fmt.Fprintln(a.out, term.Finding(f))
			return err
		}
	}
	return r
}

// work sends batches and prints the summary. A process that waits for the holder of the queue goes on in its place when
// that ends. The error is [service.ErrHolderEnded] if it ends before the sources are read.
func (a *app) work(ctx context.Context, db queue.Store, opened time.Time, r service.RunRequest, s *flags.Send) error {
	to, out := a.send(ctx, db, opened, r, s)
	for errors.Is(out.Err, service.ErrHolderEnded) && (out.Fed || r.Feed.Reading == nil) {
		a.log.Info().Msg("the process that held the queue has ended: this process goes on")
		next, err := a.openQueue(ctx, connect.Sending, false)
		if err != nil {
			return err
		}
		defer next.Close() // its changes are durable already
		rest := r
		rest.Feed, rest.ReadFirst, rest.Settings = service.Feed{}, "", nil
		before := out
		to, out = a.send(ctx, next, time.Now(), rest, s)
		out.AddReading(before, r.Feed)
	}
	return a.finish(ctx, to, out, s, !r.Detach)
}

// send sends batches. Meanwhile it shows a progress bar on a terminal or logs progress, and writes the status file if this
// process holds the queue.
func (a *app) send(ctx context.Context, db queue.Store, opened time.Time, r service.RunRequest, s *flags.Send) (service.Queue, service.Outcome) {
	a.heap().Bound(0)
	quiet := a.global.quiet
	var to service.Queue
	to = a.serviceOf(db, service.Config{Opened: opened, OnFed: a.heap().Grow,
		Watch: func(done <-chan struct{}, now func(all bool) []service.Status) {
			var showing sync.WaitGroup
			defer showing.Wait()
			if connect.Holds(db) {
				showing.Go(func() { a.keepStatusFile(done, now) })
				showing.Go(func() { a.reporter.Watch(done, to.Overview) })
			}
			switch {
			case quiet:
			case a.line != nil:
				showing.Go(func() { term.Bar(a.line, done, r.Batches, to.Overview) })
			case s.Stats > 0:
				showing.Go(func() { term.LogProgress(a.progress, s.Stats, done, r.Batches, to.Overview) })
			}
			quiet = true // an audit after the run logs its own progress
		}})
	if h, other := connect.Holder(db); other && !r.Incomplete { // else nothing is sent
		batches, err := to.Named(ctx, r.Batches...)
		if err == nil {
			err = connect.Compare(ctx, h, accounts.Of(batches), r.PoolOf, a.log)
		}
		if err != nil {
			return to, service.Outcome{Err: err}
		}
	}
	if err := a.begin(ctx, db, to); err != nil {
		return to, service.Outcome{Err: err}
	}
	if a.global.quiet {
		a.held.Hold()
	}
	return to, to.Run(ctx, r)
}

// keepStatusFile writes the status file every statusEvery until done, and once more at the end. It warns once if the file
// cannot be written.
func (a *app) keepStatusFile(done <-chan struct{}, now func(all bool) []service.Status) {
	t := time.NewTicker(statusEvery)
	defer t.Stop()
	warned := false
	for working := true; ; {
		if all := now(true); all != nil {
			if err := term.WriteStatusFile(a.statusPath(), all); err != nil && !warned {
				warned = true
				a.log.Warn().Err(err).Msg("the status file cannot be written, so `airlift status` shows nothing during this run")
			}
		}
		if !working {
			return
		}
		select {
		case <-done:
			working = false
		case <-t.C:
		}
	}
}

func (a *app) statusPath() string { return a.queuePath() + ".status.json" }

// readStatusFile returns what the process that holds the queue wrote last.
func (a *app) readStatusFile() (term.StatusFile, error) {
	file, err := term.ReadStatusFile(a.statusPath())
	if errors.Is(err, fs.ErrNotExist) {
		return file, fmt.Errorf("%w: %s, and it shows no status yet: try again in a few seconds", queue.ErrLocked, a.queuePath())
	}
	return file, err
}

// finish writes the report and the summary, and returns the command's exit code and last message. sent says
// that the command may have sent items. The end of ctx only ends the wait for the reader of a pipe.
func (a *app) finish(ctx context.Context, to service.Queue, out service.Outcome, s *flags.Send, sent bool) error {
	if out.Batches == nil {
		return out.Err // which is told at the end of the command
	}
	if s.JSON && sent && out.Err != nil { // without --json it follows the summary
		for i := range out.Batches {
			if b := &out.Batches[i]; b.Reason == "" {
				b.Reason = exit.Reason(out, b.Account)
			}
		}
	}
	code := exit.OutcomeCode(out, sent)
	var unreported error
	if s.Report != "" {
		unreported = a.reportToFile(ctx, to, out.Batches[0].Batch, s.Report)
		code = exit.Worse(code, exit.Code(unreported))
	}
	a.tally.End(out.Batches)
	a.held.Release(code != exit.OK)
	text := exit.OutcomeText(out, sent, s.Report, unreported)
	a.reporter.End(context.WithoutCancel(ctx), to.Overview, notify.End{Outcome: out, Code: code, Text: text})
	if silent := a.global.quiet && code == exit.OK && !s.JSON; silent {
		return nil
	}
	if err := a.printSummaries(context.WithoutCancel(ctx), to, out.Batches, s.JSON); err != nil {
		return service.Join(out.Err, err)
	}
	if code == exit.OK {
		return nil
	}
	return &exit.Error{Code: code, Text: text}
}

// begin notes how the queue stands before anything is sent.
func (a *app) begin(ctx context.Context, db queue.Store, to service.Queue) error {
	all, err := to.Batches(ctx)
	a.tally.Begin(all)
	a.reporter.Begin(ctx, !connect.Holds(db), to.Overview)
	return err
}

// printTally prints the last line of a command that sends. With --quiet there is none if all is well.
func (a *app) printTally(code int) {
	if a.global.quiet && code == exit.OK {
		return
	}
	for _, line := range a.tally.Lines(code) {
		if a.global.logFormat == "json" {
			a.progress.Log().Msg(line)
		} else {
			fmt.Fprintln(a.err, line)
		}
	}
}

// printSummaries prints the status of batches. In JSON one batch is an object, and several are an array.
func (a *app) printSummaries(ctx context.Context, to service.Queue, all []service.Status, asJSON bool) error {
	if asJSON && len(all) == 1 {
		return term.JSON(a.out, all[0])
	}
	if asJSON {
		return term.JSON(a.out, all)
	}
	for i := range all {
		var rejected []queue.Rejected
		enough := errors.New("enough are listed")
		err := to.Rejected(ctx, all[i].Batch, func(r queue.Rejected) error {
			if len(rejected) == term.MaxRejected {
				return enough
			}
			rejected = append(rejected, r)
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			return err
		}
		if err := term.Status(a.out, &all[i], rejected, ""); err != nil {
			return err
		}
	}
	return nil
}
