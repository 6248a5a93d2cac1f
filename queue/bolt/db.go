package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"airlift/queue"
	"airlift/queue/bolt/codec"
	"airlift/queue/bolt/file"
)

// DB is an open queue: a [queue.Store]. What a method changes is durable (fdatasync) when it returns.
//
// If a context ends before the writer starts the change, nothing is changed; after that the call
// waits for the commit, so that its answer is always true. After a failed commit every later call gives
// [queue.ErrBroken], except Batch and Batches, which show what was last known durable.
type DB struct {
	file *file.File
	// committed is the number of the last transaction; it belongs to the writer.
	committed int
	opts      Options
	bolt      *bbolt.DB
	handle    *os.File // what bbolt writes to; tests take it away
	indexKey  [16]byte

	ops    chan *op
	quit   chan struct{} // closed by Close
	gone   chan struct{} // closed when the writer has ended
	once   sync.Once
	closed error
	broken atomic.Pointer[error]
	ahead  file.ReadAhead

	// mu guards what readers see of the batches and the wake-up.
	mu      sync.RWMutex
	byID    map[string]*batch
	ordered []*batch // oldest first
	changed chan struct{}

	// days belong to the writer.
	days map[codec.AccountDay]*queue.DayCount
}

func newDB(f *file.File, o Options) *DB {
	return &DB{
		file: f, opts: o,
		ops: make(chan *op), quit: make(chan struct{}), gone: make(chan struct{}),
		byID: map[string]*batch{}, changed: make(chan struct{}), days: map[codec.AccountDay]*queue.DayCount{},
	}
}

// Path returns the absolute path of the file, without symbolic links.
func (db *DB) Path() string { return db.file.Path }

// Close implements [queue.Admin]. It returns [queue.ErrReplaced] if the file is not at its path any more and
// [DB.CheckPlace] has not said so.
func (db *DB) Close() error {
	var lost error
	if !db.file.Replaced() && db.usable(context.Background()) == nil {
		lost = db.CheckPlace()
	}
	return errors.Join(lost, db.closeFile())
}

func (db *DB) closeFile() error {
	db.once.Do(func() {
		close(db.quit)
		<-db.gone
		if err := db.bolt.Close(); err != nil {
			db.closed = fmt.Errorf("close queue: %w", err)
		}
		db.file.Release()
	})
	return db.closed
}

// Announce says in the lock file at which socket this process can be asked.
func (db *DB) Announce(socket string) { db.file.Announce(socket) }

// CheckPlace returns [queue.ErrReplaced] if the file at the queue's path is not the open one. Then nothing may be sent
// any more. It costs one stat, is safe for concurrent use, and answers after Close too.
func (db *DB) CheckPlace() error { return db.file.CheckPlace() }

// Changed implements [queue.Claims].
func (db *DB) Changed() <-chan struct{} {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.changed
}

// view runs a short read. It must not call anything of DB that writes, and must copy what it keeps.
func (db *DB) view(ctx context.Context, fn func(tx *bbolt.Tx) error) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	err := guard(func() error { return db.bolt.View(fn) })
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return queue.ErrClosed // closed since the line above
	}
	return db.named(err)
}

// named adds the file name to an error about damage.
func (db *DB) named(err error) error {
	if errors.Is(err, queue.ErrCorrupt) && !errors.Is(err, queue.ErrBroken) {
		return fmt.Errorf("%s: %w", db.file.Path, err)
	}
	return err
}

// viewBatch runs a short read on one batch.
func (db *DB) viewBatch(ctx context.Context, b *batch, fn func(bk buckets) error) error {
	return db.view(ctx, func(tx *bbolt.Tx) error {
		bk, err := bucketsOf(tx, b.num)
		if err != nil {
			return err
		}
		return fn(bk)
	})
}

// usable reports why nothing can be done any more.
func (db *DB) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.broken.Load(); err != nil {
		return *err
	}
	select {
	case <-db.quit:
		return queue.ErrClosed
	default:
		return nil
	}
}

// publish shows readers the batch as it is now durable.
func (db *DB) publish(b *batch) {
	c := b.meta.Batch.Clone()
	b.public.Store(&c)
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.byID[c.ID] == nil {
		db.byID[c.ID] = b
		db.ordered = append(db.ordered, b)
	}
}

func (db *DB) wake() {
	db.mu.Lock()
	defer db.mu.Unlock()
	close(db.changed)
	db.changed = make(chan struct{})
}

// lookup returns the batch of that id.
func (db *DB) lookup(id string) (*batch, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	b := db.byID[id]
	if b == nil {
		return nil, fmt.Errorf("batch %q: %w", id, queue.ErrBatchNotFound)
	}
	return b, nil
}

func (db *DB) all() []*batch {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return slices.Clone(db.ordered)
}

// guard runs fn, which reads the mapped file. On damaged pages bbolt panics, and an unreadable page is a memory
// fault: both become ErrCorrupt instead of the end of the process.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = codec.Damaged("reading it broke off (%s)", fmt.Sprint(p))
		}
	}()
	return fn()
}
