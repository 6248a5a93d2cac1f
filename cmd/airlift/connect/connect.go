package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/queue/bolt/file"
	"airlift/worker/service"
	"airlift/worker/service/api"
	"airlift/worker/service/socket"
)

const (
	// LockTimeout is how long opening waits for another process that releases the queue or begins to listen.
	LockTimeout = time.Second
	// lockGlance is the same before the holder is asked.
	lockGlance = 20 * time.Millisecond
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
	// Elsewhere: another process must hold it.
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
	Events *service.Events
	// Page is served while the queue is held here.
	Page Page
	Log  zerolog.Logger
}

// Open opens the queue or connects to its holder. With create it makes a queue if there is none.
//
// Errors: those of [bolt.Open], among them [queue.ErrLocked] for a holder that cannot be asked, and [ErrNotElsewhere].
func (c Config) Open(at Place, create bool) (queue.Store, error) {
	db, err := c.open(create)
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

func (c Config) open(create bool) (queue.Store, error) {
	for deadline := time.Now().Add(LockTimeout); ; {
		db, err := c.openHere(create)
		if err == nil {
			return db, nil
		}
		if !errors.Is(err, queue.ErrLocked) {
			return nil, err
		}
		remote, unasked := c.ask()
		switch {
		case unasked == nil:
			return remote, nil
		case errors.Is(unasked, api.ErrVersion):
			return nil, unasked
		case time.Now().Before(deadline):
		case errors.Is(unasked, errNoSocket):
			return nil, err
		default:
			return nil, fmt.Errorf("%w (it does not answer at its socket: %w)", err, unasked)
		}
	}
}

// errNoSocket: the holder of the queue names no socket.
var errNoSocket = errors.New("the process that holds the queue names no socket")

// ask connects to the process that holds the queue.
func (c Config) ask() (queue.Store, error) {
	path := file.HolderOf(c.Path).Socket
	if path == "" {
		return nil, errNoSocket
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	client, err := api.Connect(ctx, c.Build, func(ctx context.Context) (net.Conn, error) { return socket.Dial(ctx, path) })
	if err != nil {
		return nil, err
	}
	return api.Store{Client: client}, nil
}

// openHere opens the queue in this process.
func (c Config) openHere(create bool) (*held, error) {
	db, err := bolt.Open(c.Path, bolt.Options{LockTimeout: lockGlance, MustExist: !create})
	if err != nil {
		return nil, err
	}
	h := &held{DB: db, host: &service.Host{Events: c.Events}, stop: func() {}}
	if err := c.listen(h); err != nil && !errors.Is(err, errors.ErrUnsupported) {
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
