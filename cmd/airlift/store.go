package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/hold"
)

// store is all that the commands ask of a queue; whichever engine is behind it. What its methods change is durable when
// they return.
type store interface {
	Batches(ctx context.Context) ([]queue.Batch, error)
	Batch(ctx context.Context, id string) (queue.Batch, error)
	CreateBatch(ctx context.Context, b queue.Batch) error
	SetSettings(ctx context.Context, id string, s queue.Settings) error

	BeginReading(ctx context.Context, id string) error
	Prepare(ctx context.Context, id string, c *queue.Chunk) error
	Add(ctx context.Context, id string, c queue.Chunk) (queue.Added, error)
	ResumeReading(ctx context.Context, id string) error
	EndReading(ctx context.Context, id string, complete bool) error
	Marks(ctx context.Context, id string) ([]queue.Mark, error)
	Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error)
	Has(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error)
	Alike(ctx context.Context, id string, items []queue.Item) ([]string, error)
	SentElsewhere(ctx context.Context, notBatch string, items []queue.Item) (string, int, error)
	Sent(ctx context.Context, id string, items []queue.Item, changed bool) ([]bool, error)

	Claim(ctx context.Context, r queue.ClaimRequest) ([]queue.Claimed, error)
	Finish(ctx context.Context, results []queue.Result) ([]queue.Clash, error)
	Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error)
	InDoubt(ctx context.Context, id string, after int64, max int) ([]queue.Claimed, error)
	Gate(ctx context.Context, account string) (queue.Gate, error)
	SetGate(ctx context.Context, account string, g queue.Gate) error
	Server(ctx context.Context, account string) (queue.Server, error)
	SetServer(ctx context.Context, account string, s queue.Server) error
	SetCapped(ctx context.Context, account string, d queue.Day) error
	Day(ctx context.Context, account string, d queue.Day) (queue.DayCount, error)
	Changed() <-chan struct{}

	Retry(ctx context.Context, id string, from queue.State, f queue.Filter) (int64, error)
	Cancel(ctx context.Context, id string, f queue.Filter) (int64, error)
	Withdraw(ctx context.Context, id string, f queue.Filter) (queue.Withdrawn, error)
	Replace(ctx context.Context, id string) (queue.Withdrawn, error)
	Adopt(ctx context.Context, id string, jobs []queue.Adopted) (int, error)
	BeginAdoption(ctx context.Context, id string) error
	EndAdoption(ctx context.Context, id string, proof bool) error
	Entries(ctx context.Context, id string, f queue.Filter, fn func(*queue.Entry) error) error
	Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error
	Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error
	Check(ctx context.Context, progress func(done, total int64)) (queue.CheckReport, error)
	// CheckPlace returns queue.ErrReplaced if the file at the queue's path is no longer the one that is open.
	CheckPlace() error
	// Close returns queue.ErrReplaced likewise, if CheckPlace has not said so.
	Close() error
}

const (
	// lockTimeout is how long an open waits for another process to let go of the queue.
	lockTimeout = time.Second
	// lockGlance is the same for status, which has another place to look.
	lockGlance = 100 * time.Millisecond
)

// openQueue opens the queue, and creates it if it may.
func (a *app) openQueue(create bool, wait time.Duration) (store, error) {
	path, err := a.locateQueue()
	if err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, bolt.Options{LockTimeout: wait, MustExist: !create})
	if err != nil {
		return nil, err
	}
	return db, nil
}

// locateQueue returns the queue's file as the flags name it.
func (a *app) locateQueue() (string, error) {
	if a.global.queue == "" {
		if _, ok := a.env().Dir("XDG_STATE_HOME", ""); !ok {
			return "", usagef("HOME is not set, so there is no place for the queue: name its file with --queue, or set XDG_STATE_HOME")
		}
	}
	return a.namedQueue(), nil
}

// namedQueue returns the queue's file by the name that the user gave it.
func (a *app) namedQueue() string {
	if a.global.queue != "" {
		return a.global.queue
	}
	state, _ := a.env().Dir("XDG_STATE_HOME", filepath.Join(".local", "state"))
	return filepath.Join(state, "airlift", "queue.db")
}

// queuePath returns the queue's file without symbolic links: what airlift writes beside it lies there, whatever name the
// queue was given.
func (a *app) queuePath() string {
	path := a.namedQueue()
	if resolved, err := hold.Resolve(path); err == nil {
		return resolved
	}
	return path
}

// openExisting opens a queue that must be there.
func (a *app) openExisting() (store, error) {
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

// withBatch opens the queue and calls f with it and its batch of that id.
func (a *app) withBatch(ctx context.Context, id string, f func(store, queue.Batch) error) (err error) {
	db, err := a.openExisting()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b, err := a.findBatch(ctx, db, id)
	if err != nil {
		return err
	}
	return f(db, b)
}

// findBatch returns a batch, or an error that names the ones there are.
func (a *app) findBatch(ctx context.Context, db store, id string) (queue.Batch, error) {
	b, err := db.Batch(ctx, id)
	if !errors.Is(err, queue.ErrBatchNotFound) {
		return b, err
	}
	all, listErr := db.Batches(ctx)
	if listErr != nil {
		return b, listErr
	}
	if len(all) == 0 {
		return b, usagef("the queue at %s has no batch %q: it is empty", a.queuePath(), id)
	}
	names := ""
	for i, other := range all {
		if i == 10 {
			names += fmt.Sprintf(" and %d more", len(all)-i)
			break
		}
		names += fmt.Sprintf(" %q", other.ID)
	}
	return b, usagef("the queue at %s has no batch %q: it has%s", a.queuePath(), id, names)
}
