package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/hold"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/socket"
)

const (
	// lockTimeout is how long opening waits for another process that releases the queue or begins to listen.
	lockTimeout = time.Second
	// lockGlance is the same before the holder is asked.
	lockGlance = 20 * time.Millisecond
	// answerTimeout is how long the holder may take to answer the first call.
	answerTimeout = 2 * time.Second
)

// openQueue opens the queue or, if another process holds it, connects to that. With create it makes one if there is none.
func (a *app) openQueue(create bool) (queue.Store, error) {
	var unanswered error
	for deadline := time.Now().Add(lockTimeout); ; {
		db, err := a.openHere(create, lockGlance)
		if err == nil {
			return db, nil
		}
		if !errors.Is(err, queue.ErrLocked) {
			return nil, err
		}
		remote, askErr := a.askHolder()
		switch {
		case askErr == nil:
			return remote, nil
		case errors.Is(askErr, api.ErrVersion):
			return nil, askErr
		case !errors.Is(askErr, errNotAsked):
			unanswered = askErr
		}
		if time.Now().After(deadline) {
			if unanswered != nil {
				a.log.Warn().Err(unanswered).Msg("the process that holds the queue does not answer")
			}
			return nil, err
		}
	}
}

// place is where the queue must be for a command.
type place int

const (
	anywhere  place = iota
	here            // this process must hold it
	elsewhere       // another process must hold it
)

// openAt is openQueue for a command that works in one place only.
func (a *app) openAt(at place, create bool) (queue.Store, error) {
	db, err := a.openQueue(create)
	switch {
	case err != nil:
		return nil, err
	case at == here && !holds(db):
		return nil, errors.Join(api.ErrHolder, db.Close())
	case at == elsewhere && holds(db):
		return nil, errors.Join(usagef("--detach leaves the work to the process that holds the queue, and none does: start `airlift serve`, or run without --detach"), db.Close())
	}
	return db, nil
}

// errNotAsked: the holder of the queue names no socket.
var errNotAsked = errors.New("the process that holds the queue cannot be asked")

// askHolder connects to the process that holds the queue.
func (a *app) askHolder() (queue.Store, error) {
	path := bolt.HolderOf(a.queuePath()).Socket
	if path == "" {
		time.Sleep(lockGlance)
		return nil, errNotAsked
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	client, err := api.Connect(ctx, versionText(), func(ctx context.Context) (net.Conn, error) { return socket.Dial(ctx, path) })
	if err != nil {
		return nil, err
	}
	return api.Store{Client: client}, nil
}

// openHere opens the queue in this process, which must be the only one. It waits for another for so long.
func (a *app) openHere(create bool, wait time.Duration) (*heldQueue, error) {
	path, err := a.locateQueue()
	if err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, bolt.Options{LockTimeout: wait, MustExist: !create})
	if err != nil {
		return nil, err
	}
	_ = hold.RemoveTemp(a.statusPath()) // only the holder of the queue writes it; a remaining file does no harm
	h := &heldQueue{DB: db, host: &service.Host{}}
	a.listen(h)
	return h, nil
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

// explainMissing says what to do when there is no queue.
func (a *app) explainMissing(err error) error {
	if errors.Is(err, queue.ErrNotExist) {
		return usagef("there is no queue at %s: `airlift run` or `airlift enqueue` makes one; --queue names another", a.queuePath())
	}
	return err
}

// withQueue opens a queue that must be there, here or at its holder, and calls f with it.
func (a *app) withQueue(f func(db queue.Store, opened time.Time) error) (err error) {
	db, err := a.openQueue(false)
	if err != nil {
		return a.explainMissing(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db, time.Now())
}

// withService is withQueue with a service on the queue.
func (a *app) withService(f func(service.Queue) error) error {
	return a.withQueue(func(db queue.Store, opened time.Time) error { return f(a.service(db, opened)) })
}
