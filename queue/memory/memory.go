package memory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"airlift/queue"
)

// Queue is a queue in memory. Make one with [New].
type Queue struct {
	*state
	closed bool // guarded by mu
}

var _ queue.Store = (*Queue)(nil)

// state is what a queue holds. mu guards it.
type state struct {
	mu       sync.Mutex
	batches  []*batch
	accounts map[string]*account
	changed  chan struct{}
}

// account is what is stored of an AiR account.
type account struct {
	gate    queue.Gate
	server  queue.Server
	control queue.Control
	days    map[queue.Day]queue.DayCount
}

// batch is a batch with its items.
type batch struct {
	queue.Batch
	items
	records map[uint64]queue.Record
	events  map[uint64][]queue.Event
	holders map[uint64]string // of what is open
	open    numbers           // sending or in doubt
	ready   numbers           // pending again
	cursor  uint64            // the first item that was never claimed
	turn    uint64            // where the search for a ready item begins
	jobs    map[string]uint64 // the item that has a job id

	rejected []queue.Rejected
	marks    map[string][]byte
	// seen has the first items of the objects that the present reading has, and the items that it added; whole says that
	// it is complete. Items from since on were added by the same reading in an earlier process.
	seen  queue.Bits
	whole bool
	since uint64
	base  uint64 // how many items there were when the reading began
}

// New returns an empty queue.
func New() *Queue {
	return &Queue{state: &state{accounts: map[string]*account{}, changed: make(chan struct{})}}
}

// Reopen closes the queue and returns what a process that opens it next would find.
func (q *Queue) Reopen() *Queue {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, b := range q.batches {
		for _, seq := range b.open {
			s := queue.Step{Seq: seq, Before: b.record(seq), Kind: queue.Interrupted}
			if s.Before.State == queue.InDoubt {
				continue
			}
			s.After = queue.Recover(s.Before)
			b.records[seq] = s.After
			b.Counts.Move(s.Before.State, queue.InDoubt, 1)
			b.note(&s)
		}
		clear(b.holders)
		b.turn, b.seen, b.since, b.whole = 0, nil, math.MaxUint64, false
	}
	return &Queue{state: q.state}
}

// use locks the queue for a call; unlock it with the function that it returns.
func (q *Queue) use(ctx context.Context) (unlock func(), err error) {
	q.mu.Lock()
	err = ctx.Err()
	if q.closed {
		err = queue.ErrClosed
	}
	if err != nil {
		q.mu.Unlock()
		return nil, err
	}
	return q.mu.Unlock, nil
}

// useBatch is use for a call on one batch.
func (q *Queue) useBatch(ctx context.Context, id string) (*batch, func(), error) {
	unlock, err := q.use(ctx)
	if err != nil {
		return nil, nil, err
	}
	b, err := q.batch(id)
	if err != nil {
		unlock()
		return nil, nil, err
	}
	return b, unlock, nil
}

func (s *state) batch(id string) (*batch, error) {
	for _, b := range s.batches {
		if b.ID == id {
			return b, nil
		}
	}
	return nil, fmt.Errorf("batch %q: %w", id, queue.ErrBatchNotFound)
}

func (s *state) account(name string) *account {
	a := s.accounts[name]
	if a == nil {
		a = &account{days: map[queue.Day]queue.DayCount{}}
		s.accounts[name] = a
	}
	return a
}

// use adds to the counts of a day. No count becomes negative.
func (a *account) use(day queue.Day, claimed, submitted int64) {
	c := a.days[day]
	c.Claimed, c.Submitted = max(0, c.Claimed+claimed), max(0, c.Submitted+submitted)
	a.days[day] = c
}

// wake wakes those who wait for pending items.
func (s *state) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Batches implements [queue.Reader].
func (q *Queue) Batches(context.Context) ([]queue.Batch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []queue.Batch
	for _, b := range q.batches {
		all = append(all, b.Clone())
	}
	return all, nil
}

// Batch implements [queue.Reader].
func (q *Queue) Batch(_ context.Context, id string) (queue.Batch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, err := q.batch(id)
	if err != nil {
		return queue.Batch{}, err
	}
	return b.Clone(), nil
}

// Account implements [queue.Reader].
func (q *Queue) Account(ctx context.Context, name string, day queue.Day) (queue.AccountState, error) {
	unlock, err := q.use(ctx)
	if err != nil {
		return queue.AccountState{}, err
	}
	defer unlock()
	a := q.account(name)
	return queue.AccountState{Gate: a.gate, Server: a.server, Control: a.control.Clone(), Day: a.days[day]}, nil
}

// Days implements [queue.Reader].
func (q *Queue) Days(ctx context.Context, name string, first, last queue.Day) ([]queue.DayCount, error) {
	unlock, err := q.use(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	days := q.account(name).days
	return queue.CollectDays(first, last, func(d queue.Day) (queue.DayCount, error) { return days[d], nil })
}

// SetGate implements [queue.Claims].
func (q *Queue) SetGate(ctx context.Context, name string, g queue.Gate) error {
	return q.setAccount(ctx, name, func(a *account) { a.gate = g })
}

// SetServer implements [queue.Claims].
func (q *Queue) SetServer(ctx context.Context, name string, s queue.Server) error {
	return q.setAccount(ctx, name, func(a *account) { a.server = s })
}

// Observe implements [queue.Claims].
func (q *Queue) Observe(ctx context.Context, name string, o queue.Observation) error {
	return q.setAccount(ctx, name, func(a *account) {
		c := a.days[queue.DayOf(o.At)]
		c.Note(o)
		a.days[queue.DayOf(o.At)] = c
	})
}

func (q *Queue) setAccount(ctx context.Context, name string, set func(*account)) error {
	if name == "" {
		return errors.New("the account has no name")
	}
	unlock, err := q.use(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	set(q.account(name))
	return nil
}

// CreateBatch implements [queue.Intake].
func (q *Queue) CreateBatch(ctx context.Context, nb queue.Batch) error {
	nb, err := queue.NewBatch(nb, time.Now())
	if err != nil {
		return err
	}
	unlock, err := q.use(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := q.batch(nb.ID); err == nil {
		return fmt.Errorf("create batch %q: %w", nb.ID, queue.ErrBatchExists)
	}
	q.batches = append(q.batches, &batch{Batch: nb, items: items{first: map[queue.Object]uint64{}, history: map[uint64]*queue.History{}}, records: map[uint64]queue.Record{}, events: map[uint64][]queue.Event{}, holders: map[uint64]string{},
		jobs: map[string]uint64{}, marks: map[string][]byte{}, since: math.MaxUint64})
	return nil
}

// SetSettings implements [queue.Intake].
func (q *Queue) SetSettings(ctx context.Context, id string, s queue.Settings) error {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return err
	}
	defer unlock()
	if b.Sent && b.Settings.Name != s.Name {
		return fmt.Errorf("set settings of batch %q: %w", id, queue.ErrNameFixed)
	}
	b.Settings = s.Clone()
	return nil
}

// Marks implements [queue.Intake].
func (q *Queue) Marks(ctx context.Context, id string) ([]queue.Mark, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var marks []queue.Mark
	for _, key := range slices.Sorted(maps.Keys(b.marks)) {
		marks = append(marks, queue.Mark{Key: key, Value: slices.Clone(b.marks[key])})
	}
	return marks, nil
}

// Rejected implements [queue.Reader].
func (q *Queue) Rejected(ctx context.Context, id string, fn func(queue.Rejected) error) error {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return err
	}
	rows := b.rejected // safe without the lock: the slice is only appended to or replaced
	unlock()
	for _, r := range rows {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

// Find implements [queue.Reader].
func (q *Queue) Find(ctx context.Context, id string, o queue.Object) (queue.Entry, bool, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return queue.Entry{}, false, err
	}
	defer unlock()
	seq, found := b.find(o.Bucket, o.Key)
	if found && o.Version != 0 {
		h := b.historyOf(seq)
		seq, found = h.Find(o.Version)
	}
	if !found {
		return queue.Entry{}, false, nil
	}
	return b.entry(seq), true, nil
}

// History implements [queue.Reader].
func (q *Queue) History(ctx context.Context, id string, seq uint64) ([]queue.Event, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if seq >= b.len() {
		return nil, fmt.Errorf("batch %q has no item %d", id, seq)
	}
	it := b.at(seq)
	return b.Story(&it, b.record(seq), 0, b.events[seq]), nil
}

// note keeps the event of a step.
func (b *batch) note(s *queue.Step) {
	if s.Kind != "" {
		b.events[s.Seq] = queue.AddEvent(b.events[s.Seq], s.Event(time.Now()))
	}
}

func (b *batch) entry(seq uint64) queue.Entry {
	return queue.Entry{Item: b.at(seq), Record: b.record(seq)}
}

// pageItems is how many entries a page has.
const pageItems = 1 << 10

// page is a [queue.Page]. What it points to is never written to.
type page []queue.Entry

func (p page) Entries() ([]queue.Entry, error) { return p, nil }
func (p page) Keep()                           {}
func (p page) Release()                        {}

// Pages implements [queue.Reader].
func (q *Queue) Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error {
	if f.State != "" {
		if _, err := queue.ParseState(string(f.State)); err != nil {
			return err
		}
	}
	for from := uint64(0); ; from += pageItems {
		b, unlock, err := q.useBatch(ctx, id)
		if err != nil {
			return err
		}
		end := min(b.len(), from+pageItems)
		p := make(page, 0, end-min(end, from))
		for seq := from; seq < end; seq++ {
			p = append(p, b.entry(seq))
		}
		unlock()
		if from >= end {
			return nil
		}
		p = slices.DeleteFunc(p, func(e queue.Entry) bool { return !f.Match(&e) })
		if err := fn(p); err != nil {
			return err
		}
	}
}

// Changed implements [queue.Claims].
func (q *Queue) Changed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changed
}

// Close implements [queue.Admin].
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	return nil
}
