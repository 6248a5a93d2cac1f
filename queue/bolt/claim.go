package bolt

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"airlift/queue"
	"airlift/queue/bolt/block"
	"airlift/queue/bolt/codec"
)

// claimable returns the batches of the request, which must belong to one account.
func (db *DB) claimable(req queue.ClaimRequest) ([]*batch, error) {
	batches := make([]*batch, len(req.Batches))
	for i, id := range req.Batches {
		b, err := db.lookup(id)
		if err != nil {
			return nil, err
		}
		batches[i] = b
		if one, other := batches[0].public.Load().Account, b.public.Load().Account; one != other {
			return nil, fmt.Errorf("batches of the accounts %q and %q cannot be claimed together", one, other)
		}
	}
	return batches, nil
}

// nothingPending spares the writer the question when the books have the answer.
func nothingPending(batches []*batch) bool {
	for _, b := range batches {
		if b.public.Load().Counts.Pending > 0 {
			return false
		}
	}
	return true
}

// read gives back the items that were picked, at most viewRows in one transaction, and in none if they are at hand.
func (db *DB) read(ctx context.Context, picks []pick) ([]queue.Claimed, error) {
	out := make([]queue.Claimed, 0, len(picks))
	for len(picks) > 0 {
		p := picks[0]
		if it, ok := p.b.blocks.get(p.seq); ok {
			out = append(out, p.with(it))
			picks = picks[1:]
			continue
		}
		n := 1
		for n < min(len(picks), viewRows) && picks[n].b == p.b {
			n++
		}
		err := db.viewBatch(ctx, p.b, func(bk buckets) error {
			for _, p := range picks[:n] {
				it, err := p.b.item(bk, p.seq)
				if err != nil {
					return fmt.Errorf("batch %q: %w", p.b.public.Load().ID, err)
				}
				out = append(out, p.with(it))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		picks = picks[n:]
	}
	return out, nil
}

// claim picks and books within the writer's transaction.
func (t *txn) claim(batches []*batch, req queue.ClaimRequest) ([]pick, error) {
	pending := int64(0)
	for _, b := range batches {
		pending += b.meta.Batch.Counts.Pending
	}
	if pending == 0 {
		return nil, nil
	}
	day := dayKey{batches[0].meta.Batch.Account, req.Day}
	used, err := t.day(day)
	if err != nil {
		return nil, err
	}
	want := req.Max
	if req.DailyLimit > 0 {
		left := req.DailyLimit - used.Claimed
		if left <= 0 {
			return nil, queue.ErrDailyLimit
		}
		want = int(min(int64(want), left))
	}
	var picks []pick
	for _, b := range batches {
		v, err := t.items(b)
		if err != nil {
			return nil, err
		}
		next, err := t.claimNext(v, want-len(picks))
		if err != nil {
			return nil, err
		}
		ready, err := v.nextReady(want - len(picks) - len(next))
		if err != nil {
			return nil, err
		}
		for _, s := range append(next, ready...) {
			if s.After, err = queue.Claim(s.Before, req.Day); err == nil {
				err = t.apply(v, &s, "")
			}
			if err != nil {
				return nil, err
			}
			t.touch(b).Batch.Sent = true
			picks = append(picks, pick{b, s.Seq, s.After})
		}
	}
	t.bookDay(day, int64(len(picks)), 0)
	return picks, nil
}

// claimLook is how many of the items that are pending again one claim chooses among.
const claimLook = 256

// nextReady returns up to n items that are pending again: of the next claimLook, from after the one taken last, those with
// the fewest attempts, in turn. So an item that fails each time keeps no other from its turn, in this run and in the next.
func (v *items) nextReady(n int) ([]queue.Step, error) {
	m := &v.b.meta
	if n = int(min(m.Ready, int64(n))); n <= 0 {
		return nil, nil
	}
	var looked []queue.Step
	c := v.bk.ready.Cursor()
	k, value := c.Seek(seqKey(v.b.turn))
	wrapped := false
	for untried := 0; untried < n && len(looked) < int(min(m.Ready, int64(max(n, claimLook)))); k, value = c.Next() {
		if k == nil && !wrapped {
			wrapped = true
			k, value = c.First()
		}
		if k == nil || wrapped && keySeq(k) >= v.b.turn {
			return nil, codec.Damaged("batch %q: the books have %d items ready that are not all there", m.Batch.ID, m.Ready)
		}
		rec, err := block.RecordAt(k, value)
		if err != nil {
			return nil, err
		}
		if rec.Attempts == 0 {
			untried++
		}
		looked = append(looked, queue.Step{Seq: keySeq(k), Before: rec.Record})
		v.places[keySeq(k)] = place{inReady, rec.Generation}
	}
	slices.SortStableFunc(looked, func(x, y queue.Step) int { return cmp.Compare(x.Before.Attempts, y.Before.Attempts) })
	v.b.turn = looked[n-1].Seq + 1
	return looked[:n], nil
}

// claimNext takes up to n items that were never claimed, past what was cancelled or adopted before its turn.
func (t *txn) claimNext(v *items, n int) (steps []queue.Step, err error) {
	beyond := v.b.meta.Batch.Counts.Pending - v.b.meta.Ready
	if beyond <= 0 || n <= 0 {
		return nil, nil
	}
	var done []byte // the key of the next result from the cursor on
	results := v.bk.results.Cursor()
	if v.b.meta.Ahead > 0 {
		done, _ = results.Seek(seqKey(v.b.meta.Cursor))
	}
	for m := t.touch(v.b); beyond > 0 && len(steps) < n; m.Cursor++ {
		if done != nil && keySeq(done) == m.Cursor {
			for done != nil && keySeq(done) == m.Cursor {
				done, _ = results.Next()
			}
			m.Ahead--
			continue
		}
		if m.Cursor >= uint64(m.Batch.Counts.Items) {
			return nil, codec.Damaged("batch %q: the books have %d pending items more than there are", m.Batch.ID, beyond)
		}
		steps = append(steps, queue.Step{Seq: m.Cursor, Before: queue.Record{State: queue.Pending}})
		beyond--
	}
	return steps, nil
}
