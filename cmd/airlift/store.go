package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"airlift/cmd/airlift/config"
	"airlift/cmd/airlift/connect"
	"airlift/queue"
	"airlift/queue/hold"
	"airlift/worker/service"
)

// openQueue opens the queue, here or at its holder. With create it makes one if there is none.
func (a *app) openQueue(ctx context.Context, at connect.Place, create bool) (queue.Store, error) {
	if _, err := a.locateQueue(); err != nil {
		return nil, err
	}
	db, err := a.connection().Open(ctx, at, create)
	if errors.Is(err, connect.ErrNotElsewhere) {
		return nil, config.Usagef("--detach leaves the work to the process that holds the queue, and none does: start `airlift serve`, or run without --detach")
	}
	if err == nil && connect.Holds(db) {
		_ = hold.RemoveTemp(a.statusPath()) // only the holder of the queue writes it; a remaining file does no harm
	}
	return db, err
}

// connection says where the queue is and how it is served.
func (a *app) connection() connect.Config {
	runtimeDir, _ := a.getenv("XDG_RUNTIME_DIR")
	return connect.Config{Path: a.queuePath(), RuntimeDir: runtimeDir, Build: versionText(), Events: &a.events, Page: a.page, WaitLock: a.global.waitLock, Log: a.log}
}

// locateQueue returns the path of the queue's file as the flags name it.
func (a *app) locateQueue() (string, error) {
	if a.global.queue == "" {
		if _, ok := a.env().Dir("XDG_STATE_HOME", ""); !ok {
			return "", config.Usagef("HOME is not set, so there is no place for the queue: name its file with --queue, or set XDG_STATE_HOME")
		}
	}
	return a.namedQueue(), nil
}

// namedQueue is locateQueue without its check.
func (a *app) namedQueue() string {
	if a.global.queue != "" {
		return a.global.queue
	}
	state, _ := a.env().Dir("XDG_STATE_HOME", filepath.Join(".local", "state"))
	return filepath.Join(state, "airlift", "queue.db")
}

// queuePath returns the path of the queue's file without symbolic links. Files beside the queue have names that begin with it.
func (a *app) queuePath() string {
	path := a.namedQueue()
	if resolved, err := hold.Resolve(path); err == nil {
		return resolved
	}
	return path
}

// explainMissing says what to do when there is no queue.
func (a *app) explainMissing(err error) error {
	if errors.Is(err, queue.ErrNotExist) {
		return config.Usagef("there is no queue at %s: `airlift run` or `airlift enqueue` makes one; --queue names another", a.queuePath())
	}
	return err
}

// withQueue opens a queue that must be there, and calls f with it.
func (a *app) withQueue(ctx context.Context, at connect.Place, f func(db queue.Store, opened time.Time) error) (err error) {
	db, err := a.openQueue(ctx, at, false)
	if err != nil {
		return a.explainMissing(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db, time.Now())
}

// withService calls f with a service on the queue, which must be there, here or at its holder.
func (a *app) withService(ctx context.Context, f func(service.Queue) error) error {
	return a.withQueue(ctx, connect.Anywhere, func(db queue.Store, opened time.Time) error { return f(a.service(db, opened)) })
}
