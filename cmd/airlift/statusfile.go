package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"airlift/queue"
	"airlift/queue/hold"
	"airlift/worker/service"
)

// statusFile is what a run leaves beside the queue while it holds it, so that others see how it stands.
type statusFile struct {
	Updated time.Time        `json:"updated"`
	PID     int              `json:"pid"`
	Batches []service.Status `json:"batches"`
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
		if err := a.writeStatusFile(to.WithOthers(context.Background(), now())); err != nil && !warned {
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

// statusMode is that of the status file: errors in it may name keys, so it is as private as the queue.
const statusMode = 0o600

// writeStatusFile replaces the status file in one step, so that a reader never sees half of one. It is not synced: it
// means nothing after a power loss.
func (a *app) writeStatusFile(batches []service.Status) error {
	if batches == nil {
		return nil
	}
	return hold.Replace(context.Background(), a.statusPath(), hold.Options{Mode: statusMode, RegularOnly: true}, func(w io.Writer) error {
		return encodeJSON(w, statusFile{Updated: time.Now().UTC(), PID: os.Getpid(), Batches: batches})
	})
}

// readStatusFile returns what the process that holds the queue last said.
func (a *app) readStatusFile() (statusFile, error) {
	var s statusFile
	if info, err := os.Stat(a.statusPath()); err == nil && !info.Mode().IsRegular() {
		return s, fmt.Errorf("%s is no regular file: remove it", a.statusPath()) // a pipe would be waited for
	}
	b, err := os.ReadFile(a.statusPath())
	if errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("%w: %s, and it shows no status yet: try again in a few seconds", queue.ErrLocked, a.queuePath())
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", a.statusPath(), err)
	}
	return s, nil
}
