package bolt

import (
	"time"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// place is where the present record of an item is.
type place struct {
	in where
	// generation is that of the item's next result. took is how long the last attempt took, if the record says it.
	generation uint32
	took       time.Duration
}

// items are the items of a batch as the rules of package queue read them within the writer's transaction. It is a
// [queue.Items].
type items struct {
	b      *batch
	bk     buckets
	places map[uint64]place // of the records that were read
	// firsts are the first items of the objects that First is asked for.
	firsts map[queue.Object]uint64
}

// items returns the items of a batch, for one operation.
func (t *txn) items(b *batch) (*items, error) {
	bk, err := t.buckets(b)
	return &items{b: b, bk: bk, places: map[uint64]place{}}, err
}

func (v *items) Len() uint64 { return uint64(v.b.meta.Batch.Counts.Items) }

func (v *items) Item(seq uint64) (queue.Item, error) { return v.b.item(v.bk, seq) }

func (v *items) Record(seq uint64) (queue.Record, error) {
	rec, in, err := current(v.bk, seq)
	if err == nil && in == implied && seq < v.b.meta.Cursor {
		err = codec.Damaged("item %d has no record", seq)
	}
	v.places[seq] = place{in, rec.Generation, rec.Duration}
	return rec.Record, err
}

func (v *items) First(bucket, key string) (seq uint64, ok bool, err error) {
	seq, ok = v.firsts[queue.Object{Bucket: bucket, Key: key}]
	return seq, ok, nil
}

func (v *items) History(first uint64) (queue.History, error) {
	h, _, err := historyOf(v.bk, first)
	return h, err
}

func (v *items) Owner(jobID string) (seq uint64, ok bool, err error) { return v.b.ownerOf(v.bk, jobID) }

// prepare reads what apply needs, so that nothing is missing once anything is written. example is the key that a new
// group of errors shows.
func (t *txn) prepare(v *items, s *queue.Step) (example string, err error) {
	if day, claimed, submitted := s.Used(); claimed != 0 || submitted != 0 {
		if _, err := t.day(codec.AccountDay{Account: v.b.meta.Batch.Account, Day: day}); err != nil {
			return "", err
		}
	}
	if s.After.State != queue.Failed || v.b.meta.Batch.HasErrors(s.After.Code) {
		return "", nil
	}
	it, err := v.Item(s.Seq)
	return it.Key, err
}

// apply stores and books a step of an item, whose record was read by Record or that was just made.
func (t *txn) apply(v *items, s *queue.Step, example string) error {
	m := t.touch(v.b)
	if err := m.Batch.Book(s, example); err != nil {
		return err
	}
	switch {
	case s.After.Withdrawn && !s.Before.Withdrawn:
		m.Withdrawn++
	case s.Before.Withdrawn && !s.After.Withdrawn:
		m.Withdrawn--
	}
	if day, claimed, submitted := s.Used(); claimed != 0 || submitted != 0 {
		t.bookDay(codec.AccountDay{Account: m.Batch.Account, Day: day}, claimed, submitted)
	}
	// Who gives an item another id has loaded the ids; nobody else may touch them.
	if id := s.After.JobID; id != "" && id != s.Before.JobID {
		v.b.ids.Add(id, m.Batch.Counts.Items)
	}
	if id := s.After.ContestedID(); id != "" && id != s.Before.ContestedID() {
		v.b.ids.Add(id, m.Batch.Counts.Items)
	}
	t.woken = t.woken || s.After.State == queue.Pending
	if err := t.tell(v, s); err != nil {
		return err
	}
	t.move(v, s)
	return nil
}

// tell adds the event of a step to those of its item, unless the record tells it.
func (t *txn) tell(v *items, s *queue.Step) error {
	if s.Kind == "" { // most steps are claims and first successes
		return nil
	}
	at := v.places[s.Seq]
	if at.generation == 0 && s.IsPlain() {
		return nil
	}
	e := s.Event(t.now)
	bk, err := t.ensure(v.b, bucketEvents)
	if err != nil {
		return err
	}
	bk.events.FillPercent = 0.8 // mass changes come in order, and the values may grow
	list, err := eventsOf(bk, s.Seq)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		list = queue.EventsOf(s.Before, at.took) // which the new record may not tell any more
	}
	key := seqKey(s.Seq)
	t.put(bk.events, key, codec.Bind(key, block.EncodeEvents(queue.AddEvent(list, e))))
	return nil
}

// move stores the record after a step where its state belongs, and removes the one before unless it is a result.
func (t *txn) move(v *items, s *queue.Step) {
	seq, r := s.Seq, s.After
	m, at, key := t.touch(v.b), v.places[seq], seqKey(seq)
	at.took = 0
	if s.Kind == queue.Attempted {
		at.took = s.Result.Duration
	}
	to, bucket, toKey := inResult, v.bk.results, resultKey(seq, at.generation)
	switch r.State {
	case queue.Sending, queue.InDoubt:
		to, bucket, toKey = inOpen, v.bk.open, key
	case queue.Pending:
		to, bucket, toKey = inReady, v.bk.ready, key
		m.Ready++
	}
	switch {
	case at.in == inReady:
		m.Ready--
		t.delete(v.bk.ready, key)
	case at.in == inOpen && to != inOpen:
		t.delete(v.bk.open, key)
	case at.in == implied && to == inResult:
		m.Ahead++ // the cursor must pass it over
	}
	rec := block.Record{Record: r, Generation: at.generation}
	if to == inResult {
		rec.SetDuration(at.took)
		at.generation++
	}
	t.put(bucket, toKey, codec.Bind(toKey, rec.Append(make([]byte, 0, 48))))
	v.places[seq] = place{to, at.generation, at.took}
}
