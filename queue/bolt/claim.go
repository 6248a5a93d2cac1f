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
		bk, err := t.buckets(b)
		if err != nil {
			return nil, err
		}
		from := len(picks)
		if picks, err = t.claimNext(b, bk, picks, want, req.Day); err != nil {
			return nil, err
		}
		if picks, err = t.claimReady(b, bk, picks, want, req.Day); err != nil {
			return nil, err
		}
		for _, p := range picks[from:] {
			t.putRecord(bk.open, seqKey(p.seq), p.rec)
			t.move(b, queue.Pending, queue.Sending)
			t.touch(b).Batch.Sent = true
		}
	}
	t.bookDay(day, int64(len(picks)), 0)
	return picks, nil
}

// claimLook is how many of the items that became pending again one claim chooses among.
const claimLook = 256

// claimReady takes what became pending again: of the next claimLook items, from after the one taken last, those with the
// fewest attempts, in turn. So an item that fails each time keeps no other from its turn, in this run and in the next.
func (t *txn) claimReady(b *batch, bk buckets, picks []pick, want int, day queue.Day) ([]pick, error) {
	n := int(min(b.meta.Ready, int64(want-len(picks))))
	if n <= 0 {
		return picks, nil
	}
	looked, err := b.lookReady(bk, n)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(looked, func(x, y pick) int { return cmp.Compare(x.rec.Attempts, y.rec.Attempts) })
	for _, p := range looked[:n] {
		if p.rec.Record, err = queue.Claim(p.rec.Record, day); err != nil {
			return nil, err
		}
		picks = append(picks, p)
		t.delete(bk.ready, seqKey(p.seq))
		t.touch(b).Ready--
		b.turn = p.seq + 1
	}
	return picks, nil
}

// lookReady returns the items in turn among which a claim of n, at most as many as are ready, chooses. It looks no
// further once n of them have had no attempt.
func (b *batch) lookReady(bk buckets, n int) ([]pick, error) {
	var looked []pick
	c := bk.ready.Cursor()
	k, v := c.Seek(seqKey(b.turn))
	wrapped := false
	for untried := 0; untried < n && len(looked) < int(min(b.meta.Ready, int64(max(n, claimLook)))); k, v = c.Next() {
		if k == nil && !wrapped {
			wrapped = true
			k, v = c.First()
		}
		if k == nil || wrapped && keySeq(k) >= b.turn {
			return nil, codec.Damaged("batch %q: the books have %d items ready that are not all there", b.meta.Batch.ID, b.meta.Ready)
		}
		rec, err := block.RecordAt(k, v)
		if err != nil {
			return nil, err
		}
		if rec.Attempts == 0 {
			untried++
		}
		looked = append(looked, pick{b, keySeq(k), rec})
	}
	return looked, nil
}

// claimNext takes what was never claimed, past what was cancelled or adopted before its turn.
func (t *txn) claimNext(b *batch, bk buckets, picks []pick, want int, day queue.Day) ([]pick, error) {
	beyond := b.meta.Batch.Counts.Pending - b.meta.Ready
	if beyond <= 0 || len(picks) >= want {
		return picks, nil
	}
	var done []byte // the key of the next result from the cursor on
	results := bk.results.Cursor()
	if b.meta.Ahead > 0 {
		done, _ = results.Seek(seqKey(b.meta.Cursor))
	}
	for m := t.touch(b); beyond > 0 && len(picks) < want; m.Cursor++ {
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
		rec, err := queue.Claim(queue.Record{State: queue.Pending}, day)
		if err != nil {
			return nil, err
		}
		picks = append(picks, pick{b, m.Cursor, block.Record{Record: rec}})
		beyond--
	}
	return picks, nil
}
