package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

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
	case isTerminal(a.screen):
		showing.Go(func() { a.showBar(done, now) })
	case j.send.stats > 0:
		showing.Go(func() { a.logStats(done, j.send.stats, now) })
	}
	return sync.OnceFunc(func() {
		close(done)
		showing.Wait()
	})
}

// logStats logs a line of progress at the given interval.
func (a *app) logStats(done <-chan struct{}, every time.Duration, now func() []service.Status) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		for _, s := range now() {
			e := a.log.Info().Str("batch", s.Batch).Str("state", s.State).Int64("items", s.Items).Int64("submitted", s.Submitted).
				Int64("pending", s.Pending).Int64("in_doubt", s.InDoubt).Int64("failed", s.Failed).
				Str("rate", fmt.Sprintf("%.2f/s", s.Rate))
			if s.Reason != "" {
				e = e.Str("reason", s.Reason)
			}
			if s.ETA != nil {
				e = e.Time("eta", *s.ETA)
			}
			e.Msg("progress")
		}
	}
}

// showBar draws a bar on the terminal.
func (a *app) showBar(done <-chan struct{}, now func() []service.Status) {
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(a.screen), progressbar.OptionShowCount(),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond))
	defer func() { _ = bar.Finish() }() // what cannot be drawn is not missed
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		var items, ended int64
		text := ""
		for _, s := range now() {
			items += s.Items
			ended += s.Submitted + s.Failed + s.Cancelled
			text = barText(&s)
		}
		if items == 0 {
			continue
		}
		bar.ChangeMax64(items)
		bar.Describe(term.Text(text))
		_ = bar.Set64(ended)
	}
}

func barText(s *service.Status) string {
	text := fmt.Sprintf("%s %.3g/s", s.State, s.Rate)
	if s.PausedUntil != nil {
		return fmt.Sprintf("paused until %s", s.PausedUntil.Format("15:04:05Z"))
	}
	for _, part := range []struct {
		n    int64
		what queue.State
	}{{s.Failed, queue.Failed}, {s.InDoubt, queue.InDoubt}} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	if s.Reason != "" {
		return text + ", " + term.Cut(s.Reason, 100)
	}
	if s.ETA != nil {
		text += ", done by " + s.ETA.Local().Format("Jan 2 15:04")
	}
	return text
}

// overBar writes lines over the bar that may stand at the cursor; the bar draws itself anew below them.
type overBar struct{ terminal io.Writer }

// Write clears the line at the cursor first (ECMA-48: CR, EL).
func (o overBar) Write(p []byte) (int, error) {
	if _, err := io.WriteString(o.terminal, "\r\x1b[K"); err != nil {
		return 0, err
	}
	return o.terminal.Write(p)
}
