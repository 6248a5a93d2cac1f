package connect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/bolt/file"
	"airlift/queue/hold"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/eventlog"
	"airlift/worker/service/socket"
)

const (
	// LockTimeout is how long opening waits for another process that releases the queue or begins to listen.
	LockTimeout = time.Second
	// lockGlance is the same before the holder is asked.
	lockGlance = 20 * time.Millisecond
	// changeTimeout is how long a holder may take to begin to listen, or to end after it has listened.
	changeTimeout = 15 * time.Second
	// answerTimeout is how long the holder may take to answer the first call.
	answerTimeout = 2 * time.Second
)

// Place is where the queue must be for a command.
type Place int

const (
	// Anywhere: this process or another holds it.
	Anywhere Place = iota
	// Here: this process must hold it.
	Here
	// Sending: this process holds it, or another that sends what is in it. One that does not is waited for: it will soon end, and
	// with it what was read into it.
	Sending
	// Elsewhere: another process must hold it, and send what is in it.
	Elsewhere
)

// ErrNotElsewhere: no other process holds the queue.
var ErrNotElsewhere = errors.New("no other process holds the queue")

// Config says where the queue is and how it is served.
type Config struct {
	// Path is the queue's file without symbolic links.
	Path string
	// RuntimeDir is $XDG_RUNTIME_DIR.
	RuntimeDir string
	// Build is the version of airlift, for messages.
	Build string
	// Events are the latest lines of Log; nil: they are not kept.
	Events *eventlog.Log
	// Page is served while the queue is held here.
	Page Page
	// WaitLock is how long to wait for a holder that cannot be asked, or that has what the command needs for itself; at least
	// LockTimeout.
	WaitLock time.Duration
	Log      zerolog.Logger
}

// Open opens the queue or connects to its holder. With create it makes a queue if there is none. ctx ends the wait for a
// holder that does not send.
//
// Errors: those of [bolt.Open], among them [queue.ErrLocked] for a holder that cannot be asked, and [ErrNotElsewhere].
func (c Config) Open(ctx context.Context, at Place, create bool) (queue.Store, error) {
	db, err := c.open(ctx, at, create)
	switch {
	case err != nil:
		return nil, err
	case at == Here && !Holds(db):
		return nil, errors.Join(api.ErrHolder, db.Close())
	case at == Elsewhere && Holds(db):
		return nil, errors.Join(ErrNotElsewhere, db.Close())
	}
	return db, nil
}

// waitPoll is how often to look whether a holder that does not send has ended.
const waitPoll = 200 * time.Millisecond

func (c Config) open(ctx context.Context, at Place, create bool) (queue.Store, error) {
	w := waiting{Config: c, at: at, began: time.Now()}
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		db, err := c.openHere(create)
		if err == nil {
			return db, nil
		}
		if !errors.Is(err, queue.ErrLocked) {
			return nil, err
		}
		remote, unasked := c.ask()
		if unasked != nil {
			if err := w.unasked(ctx, err, unasked); err != nil {
				return nil, err
			}
			continue
		}
		ready, err := w.asked(ctx, remote)
		if ready || err != nil {
			return remote, err
		}
	}
}

// waiting is a wait for the holder of a queue to change.
type waiting struct {
	Config
	at    Place
	began time.Time // of the wait for a holder that cannot be asked
	said  bool
}

// unasked waits a little, or returns the error of a wait that has lasted too long. locked says who holds the queue, and why
// that cannot be asked.
func (w *waiting) unasked(ctx context.Context, locked, why error) error {
	waited, isOther := time.Since(w.began), errors.Is(why, api.ErrVersion)
	switch {
	case waited < w.WaitLock:
		w.say(locked)
		return w.sleep(ctx)
	case isOther:
		return why
	case waited < patience(why):
		return nil
	case errors.Is(why, errNoSocket), errors.Is(why, errNotReady):
		return locked
	}
	return fmt.Errorf("%w (it does not answer at its socket: %v)", locked, why)
}

// asked reports whether the holder is what the command needs. If not, it waits a little.
func (w *waiting) asked(ctx context.Context, remote api.Store) (ready bool, err error) {
	if w.at == Anywhere || w.at != Here && sends(ctx, remote) || w.at == Here && w.isEnough(ctx, remote) {
		return true, nil
	}
	if w.at != Here { // which waits only for one that ends in a moment
		w.began = time.Now()
		if !w.said {
			w.said = true
			w.Log.Info().Stringer("holder", api.Holder(remote)).Msg("the process that holds the queue sends nothing: this one waits for its end")
		}
	}
	remote.Close()
	return false, w.sleep(ctx)
}

// isEnough reports whether a command that needs the queue for itself has waited long enough for its holder.
func (w *waiting) isEnough(ctx context.Context, remote api.Store) bool {
	waited := time.Since(w.began)
	if waited < w.WaitLock {
		w.say(fmt.Errorf("%s holds the queue", api.Holder(remote)))
		return false
	}
	return waited > LockTimeout || sends(ctx, remote)
}

// say logs once why this process waits for as long as --wait-lock allows.
func (w *waiting) say(why error) {
	if !w.said && time.Since(w.began) > LockTimeout {
		w.said = true
		w.Log.Info().Stringer("wait_lock", w.WaitLock).Msgf("%v: this process waits for its end, at most --wait-lock", why)
	}
}

// sleep waits until it is time for another look.
func (w *waiting) sleep(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(waitPoll):
		return nil
	}
}

// WhenFree calls do, which needs the queue for itself, until that no longer fails because another process holds it, or for as
// long as WaitLock allows.
func (c Config) WhenFree(ctx context.Context, do func() error) error {
	w := waiting{Config: c, at: Here, began: time.Now()}
	for {
		err := do()
		if !errors.Is(err, queue.ErrLocked) || time.Since(w.began) >= w.WaitLock {
			return err
		}
		w.say(err)
		if err := w.sleep(ctx); err != nil {
			return err
		}
	}
}

// patience returns how long to wait for a holder that cannot be asked.
func patience(err error) time.Duration {
	if errors.Is(err, errNotReady) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return changeTimeout // it begins, or it has closed its socket
	}
	return LockTimeout
}

// sends reports whether a holder sends what is in its queue.
func sends(ctx context.Context, remote api.Store) bool {
	run, err := api.Holder(remote).Run(ctx, "")
	return err == nil && run.Running
}

var (
	// errNoSocket: the holder of the queue cannot be asked.
	errNoSocket = errors.New("the process that holds the queue names no socket")
	// errNotReady: the holder of the queue has not said where it can be asked.
	errNotReady = errors.New("the process that holds the queue has not said yet where it can be asked")
)

// ask connects to the process that holds the queue.
func (c Config) ask() (remote api.Store, err error) {
	path := file.HolderOf(c.Path).Socket
	switch path {
	case "":
		return remote, errNotReady
	case hold.NoSocket:
		return remote, errNoSocket
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	remote.Client, err = api.Connect(ctx, c.Build, func(ctx context.Context) (net.Conn, error) { return socket.Dial(ctx, path) })
	return remote, err
}

// openHere opens the queue in this process.
func (c Config) openHere(create bool) (*held, error) {
	db, err := bolt.Open(c.Path, bolt.Options{LockTimeout: lockGlance, MustExist: !create})
	if err != nil {
		return nil, err
	}
	h := &held{DB: db, host: &service.Host{Events: c.Events}, stop: func() {}}
	err = c.listen(h)
	if err != nil {
		h.Announce(hold.NoSocket)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		c.Log.Warn().Err(err).Msg("other commands cannot ask this process, so they end with exit code 7 until it ends")
	}
	if c.Page.Address != "" {
		c.servePage(h)
	}
	return h, nil
}

// Holds reports whether this process holds the queue.
func Holds(db queue.Store) bool {
	_, remote := db.(api.Store)
	return !remote
}

// Holder returns the process that holds the queue, if that is another.
func Holder(db queue.Store) (api.Holder, bool) {
	remote, ok := db.(api.Store)
	return api.Holder(remote), ok
}

// Service returns the service on a queue. It sets Store and Host.
func Service(db queue.Store, c service.Config) service.Queue {
	c.Store = db
	switch db := db.(type) {
	case api.Store:
		return service.NewRemote(c, api.Holder(db))
	case *held:
		c.Host = db.host
	}
	return service.New(c)
}
