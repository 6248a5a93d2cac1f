package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"airlift/cmd/airlift/term"
	"airlift/queue"
	"airlift/worker"
	"airlift/worker/service"
)

// statusEvery is how often a run renews its status file (the contract: every 2 s).
const statusEvery = 2 * time.Second

// show tells how a run goes until the returned function is called: a bar on a terminal, a line from time to time
// elsewhere, and the status file for `airlift status`. lost ends the run if the queue is no longer ours.
func (a *app) show(ctx context.Context, j *job, pool *worker.Pool, lost func(error)) (stop func()) {
	to := a.service(j.db, j.opened)
	now := func() []service.Status {
		progress := pool.Progress()
		q := service.StatusQuery{Batches: j.batches, Now: pool.Now(), InTurn: true, Run: &progress}
		if !j.lookupsOnly {
			q.Limits = j.limits
		}
		all, err := to.Status(context.WithoutCancel(ctx), q)
		if err != nil {
			return nil // the run itself ends with this error
		}
		return all
	}
	done := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() { watchPlace(done, j.db, lost) })
	showing.Go(func() { a.keepStatusFile(done, to, now) })
	switch {
	case a.global.quiet:
	case term.IsTerminal(a.screen):
		showing.Go(func() { term.Bar(a.screen, done, now) })
	case j.send.stats > 0:
		showing.Go(func() { term.LogProgress(a.log, j.send.stats, done, now) })
	}
	return sync.OnceFunc(func() {
		close(done)
		showing.Wait()
	})
}

func (a *app) statusPath() string { return a.queuePath() + ".status.json" }

// watchPlace checks from time to time until done that the queue file is still in its place. It calls lost with the reason
// if it is not.
func watchPlace(done <-chan struct{}, db queue.Store, lost func(error)) {
	atTimes(done, func() {
		if err := queue.CheckPlace(db); err != nil {
			lost(err) // the cause that counts is the first
		}
	})
}

// keepStatusFile renews the status file until done, and once more at the end. It warns once if the file cannot be written:
// the run itself does not depend on it.
func (a *app) keepStatusFile(done <-chan struct{}, to *service.Service, now func() []service.Status) {
	warned := false
	atTimes(done, func() {
		all := to.WithOthers(context.Background(), now())
		if all == nil {
			return
		}
		if err := term.WriteStatusFile(a.statusPath(), all); err != nil && !warned {
			warned = true
			a.log.Warn().Err(err).Msg("the status file cannot be written, so `airlift status` shows nothing during this run")
		}
	})
}

// atTimes calls do at once, each statusEvery until done, and once more then.
func atTimes(done <-chan struct{}, do func()) {
	t := time.NewTicker(statusEvery)
	defer t.Stop()
	for {
		do()
		select {
		case <-done:
			do()
			return
		case <-t.C:
		}
	}
}

// readStatusFile returns what the process that holds the queue last said.
func (a *app) readStatusFile() (term.StatusFile, error) {
	file, err := term.ReadStatusFile(a.statusPath())
	if errors.Is(err, fs.ErrNotExist) {
		return file, fmt.Errorf("%w: %s, and it shows no status yet: try again in a few seconds", queue.ErrLocked, a.queuePath())
	}
	return file, err
}
