package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"airlift/queue"
)

// statusFile is what a run leaves beside the queue while it holds it, so that others see how it stands.
type statusFile struct {
	Updated time.Time `json:"updated"`
	PID     int       `json:"pid"`
	Batches []summary `json:"batches"`
}

func (a *app) statusPath() string { return a.queuePath() + ".status.json" }

// keepStatusFile renews the status file until done, and once more at the end. A file that cannot be written is said
// once: the run itself does not depend on it.
func (a *app) keepStatusFile(done <-chan struct{}, now func() []summary) {
	warned := false
	write := func() {
		if err := a.writeStatusFile(now()); err != nil && !warned {
			warned = true
			a.log.Warn().Err(err).Msg("the status file cannot be written, so `airlift status` shows nothing during this run")
		}
	}
	t := time.NewTicker(statusEvery)
	defer t.Stop()
	write()
	for {
		select {
		case <-done:
			write()
			return
		case <-t.C:
			write()
		}
	}
}

// writeStatusFile replaces the status file in one step, so that a reader never sees half of one. It is not synced: it
// means nothing after a power loss.
func (a *app) writeStatusFile(batches []summary) error {
	if batches == nil {
		return nil
	}
	path := a.statusPath()
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = encodeJSON(f, statusFile{Updated: time.Now().UTC(), PID: os.Getpid(), Batches: batches})
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// readStatusFile returns what the process that holds the queue last said.
func (a *app) readStatusFile() (statusFile, error) {
	var s statusFile
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
