package bolt

import (
	"fmt"

	"airlift/queue"
	"airlift/queue/bolt/block"
)

// batchesOf returns the batch of each result.
func (db *DB) batchesOf(results []queue.Result) ([]*batch, error) {
	batches := make([]*batch, len(results))
	for i, res := range results {
		b, err := db.lookup(res.Batch)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", res.Seq, err)
		}
		batches[i] = b
	}
	return batches, nil
}

// finishAll stores and books all of the results or, with an error, none.
func (t *txn) finishAll(batches []*batch, results []queue.Result) ([]queue.Clash, error) {
	steps, err := t.judge(batches, results)
	if err != nil {
		return nil, err
	}
	clashes, contested, err := t.judgeIDs(steps)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		t.finish(&steps[i])
	}
	for i := range contested {
		t.putContested(&contested[i])
	}
	return clashes, nil
}

// step is one lawful result.
type step struct {
	b             *batch
	res           *queue.Result
	before, after block.Record
	example       string // the key, if this failure opens a group of errors
}

// judge works out every step without writing anything.
func (t *txn) judge(batches []*batch, results []queue.Result) ([]step, error) {
	type id struct {
		b   *batch
		seq uint64
	}
	steps := make([]step, len(results))
	latest := make(map[id]block.Record, len(results))
	for i := range results {
		res, b := &results[i], batches[i]
		bk, err := t.buckets(b)
		if err != nil {
			return nil, err
		}
		before, ok := latest[id{b, res.Seq}]
		if !ok {
			if before, err = t.awaited(b, bk, res); err != nil {
				return nil, err
			}
		}
		after := before
		if before.State != queue.Sending && before.State != queue.InDoubt {
			return nil, &queue.MoveError{From: before.State, To: res.To}
		}
		if after.Record, err = queue.Apply(before.Record, *res); err != nil {
			return nil, err
		}
		if res.Refund && res.To != queue.Pending && res.To != queue.Failed {
			return nil, fmt.Errorf("item %d: a claim cannot be refunded on the way to %s", res.Seq, res.To)
		}
		if _, err := t.day(dayKey{b.meta.Batch.Account, before.Day}); err != nil {
			return nil, err
		}
		steps[i] = step{b: b, res: res, before: before, after: after}
		if res.To == queue.Failed && !b.meta.Batch.HasErrors(res.Code) {
			it, err := b.item(bk, res.Seq)
			if err != nil {
				return nil, err
			}
			steps[i].example = it.Key
		}
		latest[id{b, res.Seq}] = after
	}
	return steps, nil
}

// awaited returns the record of an item that is sending or in doubt, or what forbids a result.
func (t *txn) awaited(b *batch, bk buckets, res *queue.Result) (block.Record, error) {
	key := seqKey(res.Seq)
	if v := bk.open.Get(key); v != nil {
		return block.RecordAt(key, v)
	}
	if res.Seq >= uint64(b.meta.Batch.Counts.Items) {
		return block.Record{}, fmt.Errorf("batch %q has no item %d", b.meta.Batch.ID, res.Seq)
	}
	rec, _, err := current(bk, res.Seq)
	if err == nil {
		err = &queue.MoveError{From: rec.State, To: res.To}
	}
	return block.Record{}, err
}

// finish stores and books one step.
func (t *txn) finish(s *step) {
	bk := t.handles[s.b]
	key := seqKey(s.res.Seq)
	switch s.after.State {
	case queue.InDoubt:
		t.putRecord(bk.open, key, s.after)
	case queue.Pending:
		t.delete(bk.open, key)
		t.putRecord(bk.ready, key, s.after)
		t.touch(s.b).Ready++
	default:
		t.delete(bk.open, key)
		t.putRecord(bk.results, resultKey(s.res.Seq, s.after.Generation), s.after)
	}
	t.book(s.b, s.before.Record, s.after.Record)
	m := t.touch(s.b)
	day := dayKey{m.Batch.Account, s.before.Day}
	if s.res.Refund {
		t.bookDay(day, -1, 0)
	}
	switch s.after.State {
	case queue.Submitted:
		t.bookDay(day, 0, 1)
		m.Batch.NoteAccepted(s.res.At)
		s.b.ids.add(s.after.JobID, m.Batch.Counts.Items)
	case queue.Failed:
		m.Batch.AddError(s.after.Record, s.example)
	}
}
