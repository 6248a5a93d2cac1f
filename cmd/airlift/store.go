package main

import (
	"errors"
	"path/filepath"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/hold"
	"airlift/worker/service"
)

const (
	// lockTimeout is how long opening waits for another process to release the queue.
	lockTimeout = time.Second
	// lockGlance is the same for status, which can read the status file instead.
	lockGlance = 100 * time.Millisecond
)

// openQueue opens the queue. With create it makes one if there is none.
func (a *app) openQueue(create bool, wait time.Duration) (queue.Store, error) {
	path, err := a.locateQueue()
	if err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, bolt.Options{LockTimeout: wait, MustExist: !create})
	if err != nil {
		return nil, err
	}
	_ = hold.RemoveTemp(a.statusPath()) // only the holder of the queue writes it; a remaining file does no harm
	return db, nil
}

// locateQueue returns the path of the queue's file as the flags name it.
func (a *app) locateQueue() (string, error) {
	if a.global.queue == "" {
		if _, ok := a.env().Dir("XDG_STATE_HOME", ""); !ok {
			return "", usagef("HOME is not set, so there is no place for the queue: name its file with --queue, or set XDG_STATE_HOME")
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

// openExisting opens a queue that must be there.
func (a *app) openExisting() (queue.Store, error) {
	db, err := a.openQueue(false, lockTimeout)
	return db, a.explainMissing(err)
}

// explainMissing says what to do when there is no queue.
func (a *app) explainMissing(err error) error {
	if errors.Is(err, queue.ErrNotExist) {
		return usagef("there is no queue at %s: `airlift run` or `airlift enqueue` makes one; --queue names another", a.queuePath())
	}
	return err
}

// withQueue opens a queue that must be there and calls f with it.
func (a *app) withQueue(f func(db queue.Store, opened time.Time) error) (err error) {
	db, err := a.openExisting()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db, time.Now())
}

// withService is withQueue with a service on the queue.
func (a *app) withService(f func(*service.Service) error) error {
	return a.withQueue(func(db queue.Store, opened time.Time) error { return f(a.service(db, opened)) })
}
