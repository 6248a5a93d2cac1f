package bolt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"airlift/queue"
	"airlift/queue/bolt/codec"
)

// What each crash leaves behind
//
// bbolt writes a commit's pages to unused places, syncs, then writes the meta page that is not the newest, and syncs again.
// The meta page has a checksum: if it is torn, the other one still describes the previous state. So a partial change cannot
// happen. In particular:
//
//   - in Open, recovering: items are still sending, or already in doubt; the next Open puts the rest in doubt.
//   - in Add: all rows of the chunk are stored and counted, or none. The reading is not complete, so its sources are read
//     again and stored rows count as known, or it resumes from its marks, which belong to the last stored chunk.
//   - while the index is flushed or merged: the old runs are stored, or the new run and its extent.
//   - in Exchange, claiming: either the intents are stored, and the items are in doubt at the next Open although the caller
//     may not know of them; or nothing is stored, and nothing was sent, because the caller sends only returned items.
//   - between a claim and its result: in doubt at the next Open, to be looked up.
//   - in Exchange, finishing: the results and the intents are stored, or neither is; then the items are in doubt at the next
//     Open, and a lookup finds what became of them.
//   - in Adopt: the jobs and the items made for them are stored, or none is; AiR's list is read again and shows them again.
//   - in Change: some items are changed, the others not; the same change changes the rest.
//   - in Compact: the old file and perhaps a *.compact beside it, which the next Open deletes; or the new file.
//
// After a commit that fails while the process lives, the disk may hold the old state or the new one, and another
// sync proves nothing. The queue then refuses all changes ([queue.ErrBroken]) until it is opened again, which
// recovers as after a crash.

// maxGroup bounds the operations of one commit.
const maxGroup = 1024

// op is one caller's change. run either writes, or returns an error before it has written anything: only that caller gets
// the error.
type op struct {
	run  func(*txn) error
	big  bool // at most one big op per commit, so that claims stay fast during an enqueue
	err  error
	done chan struct{}
}

// submit gives a change to the writer and waits until it is durable.
func (db *DB) submit(ctx context.Context, big bool, run func(*txn) error) error {
	if err := db.usable(ctx); err != nil {
		return err
	}
	o := &op{run: run, big: big, done: make(chan struct{})}
	select {
	case db.ops <- o:
	case <-db.quit:
		return queue.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	<-o.done
	return db.named(o.err)
}

// write is the writer: it alone changes the file. Operations that arrive during a commit share the next one.
func (db *DB) write() {
	defer close(db.gone)
	var next *op // left over from the previous group
	busy := false
	group := make([]*op, 0, maxGroup)
	for {
		first := next
		next = nil
		if first == nil {
			select {
			case first = <-db.ops:
			case <-db.quit:
				return
			}
		}
		group, next = db.gather(append(group[:0], first), busy)
		db.commit(group)
		busy = len(group) > 1
		clear(group) // so that their memory can be freed
	}
}

// gather adds waiting operations to the group. A second big one is left for the next commit. Under load it first yields the
// processor to callers whose last operation was just answered: most come back at once, and share the commit.
func (db *DB) gather(group []*op, busy bool) (_ []*op, next *op) {
	const maxYields = 2
	big, yielded := group[0].big, 0
	for len(group) < maxGroup {
		select {
		case o := <-db.ops:
			if o.big && big {
				return group, o
			}
			big = big || o.big
			group = append(group, o)
		default:
			if !busy || yielded == maxYields {
				return group, nil
			}
			yielded++
			runtime.Gosched()
		}
	}
	return group, nil
}

// commit runs the group in one transaction and answers when that is durable.
func (db *DB) commit(group []*op) {
	var err error
	if cause := db.broken.Load(); cause != nil {
		err = *cause
	} else {
		err = guard(func() error { return db.apply(group) })
		if err != nil {
			if _, named := errors.AsType[*fs.PathError](err); !named { // an error of fdatasync names no file
				err = fmt.Errorf("%s: %w", db.file.Path, err)
			}
			remedy := "end this run, see to the disk and start again"
			if errors.Is(err, syscall.ENOSPC) {
				remedy = fmt.Sprintf("the disk with the queue is full (%s): sending has stopped and nothing is lost. Free some space (see to the disk) and run the same command again: "+
					"it first looks up what was in flight", db.file.Path)
			}
			err = fmt.Errorf("%w: %w; %s", queue.ErrBroken, err, remedy)
			db.broken.Store(&err)
		}
	}
	for _, o := range group {
		if err != nil {
			o.err = err
		}
		close(o.done)
	}
}

// apply runs the operations and commits. Any error means that nobody knows what is stored.
func (db *DB) apply(group []*op) error {
	tx, err := db.bolt.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after a commit
	if tx.ID() != db.committed+1 {
		return errors.New("another program wrote over the file in place (a restore or a sync that keeps the file and changes its content)")
	}
	t := &txn{db: db, tx: tx, handles: map[*batch]buckets{}, days: map[codec.AccountDay]bool{}, created: map[string]bool{}, now: db.opts.Now()}
	for _, o := range group {
		before := t.writes
		o.err = o.run(t)
		if o.err != nil && t.writes != before && t.err == nil {
			t.err = o.err // it stopped half-way, and would spoil the others
		}
		if t.err != nil {
			return t.err
		}
	}
	if t.writes == 0 {
		return nil
	}
	if err := t.flush(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	db.committed++
	for _, b := range t.dirty {
		b.dirty = false
		db.publish(b)
	}
	for _, fn := range t.after {
		fn()
	}
	if t.woken {
		db.wake()
	}
	return nil
}

// txn is a transaction of the writer. Its writes remember the first error, so that operations need not.
type txn struct {
	db      *DB
	tx      *bbolt.Tx
	handles map[*batch]buckets
	dirty   []*batch
	days    map[codec.AccountDay]bool // counts to store
	now     time.Time
	created map[string]bool // ids of batches made in this transaction
	after   []func()
	writes  int
	err     error
	woken   bool
}

// then calls fn once the transaction is durable, before its callers are answered.
func (t *txn) then(fn func()) { t.after = append(t.after, fn) }

func (t *txn) put(b *bbolt.Bucket, key, value []byte) {
	t.writes++
	t.note(b.Put(key, value))
}

func (t *txn) delete(b *bbolt.Bucket, key []byte) {
	t.writes++
	t.note(b.Delete(key))
}

func (t *txn) note(err error) {
	if t.err == nil {
		t.err = err
	}
}

// ensure returns the handles of a batch and makes a bucket that is there only if it has something.
func (t *txn) ensure(b *batch, name []byte) (buckets, error) {
	bk, err := t.buckets(b)
	if err != nil || bk.root.Bucket(name) != nil {
		return bk, err
	}
	t.writes++
	if _, err := bk.root.CreateBucket(name); err != nil {
		return bk, err
	}
	delete(t.handles, b)
	return t.buckets(b)
}

func (t *txn) buckets(b *batch) (buckets, error) {
	if bk, ok := t.handles[b]; ok {
		return bk, nil
	}
	bk, err := bucketsOf(t.tx, b.num)
	if err == nil {
		t.handles[b] = bk
	}
	return bk, err
}

// touch marks the batch's meta to be stored.
func (t *txn) touch(b *batch) *meta {
	t.writes++
	if !b.dirty {
		b.dirty = true
		t.dirty = append(t.dirty, b)
	}
	return &b.meta
}

// flush stores what is kept in memory until the commit.
func (t *txn) flush() error {
	for _, b := range t.dirty {
		bk, err := t.buckets(b)
		if err != nil {
			return err
		}
		value, err := json.Marshal(&b.meta)
		if err != nil {
			return err
		}
		t.put(bk.root, keyBatch, codec.Bind(nil, value))
	}
	days := t.tx.Bucket(bucketDays)
	for k := range t.days {
		value, err := json.Marshal(t.db.days[k])
		if err != nil {
			return err
		}
		key := k.Key()
		t.put(days, key, codec.Bind(key, value))
	}
	return t.err
}
