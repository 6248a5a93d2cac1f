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

// Exchange implements [queue.Claims]: both halves are one commit. Of the items that are pending again a claim chooses among
// a bounded number.
//
// After an error other than [queue.ErrDailyLimit] and [queue.ErrMonthlyLimit] the results may be stored or not, and so may intents that no caller
// knows of.
func (db *DB) Exchange(ctx context.Context, results []queue.Result, req queue.ClaimRequest) (claimed []queue.Claimed, clashes []queue.Clash, err error) {
	picks, clashes, err := db.exchange(ctx, results, req)
	if err != nil {
		return nil, clashes, fmt.Errorf("exchange: %w", err)
	}
	// The intents are durable: from here on the end of the context must not lose them.
	claimed, err = db.read(context.WithoutCancel(ctx), picks)
	for i := range claimed {
		claimed[i].Holder = req.Holder
	}
	return claimed, clashes, err
}

func (db *DB) exchange(ctx context.Context, results []queue.Result, req queue.ClaimRequest) (picks []pick, clashes []queue.Clash, err error) {
	if len(results) > 0 {
		ctx = context.WithoutCancel(ctx)
	}
	finished := make([]*batch, len(results))
	for i, res := range results {
		if finished[i], err = db.lookup(res.Batch); err != nil {
			return nil, nil, fmt.Errorf("item %d: %w", res.Seq, err)
		}
		if res.To == queue.Submitted {
			if err := db.loadJobIDs(ctx, finished[i]); err != nil {
				return nil, nil, err
			}
		}
	}
	from, err := db.claimable(req)
	if err == nil {
		err = db.usable(ctx)
	}
	pending := slices.ContainsFunc(from, func(b *batch) bool { return b.public.Load().Counts.Pending > 0 })
	if err != nil || len(results) == 0 && (req.Max <= 0 || !pending) {
		return nil, nil, err // without the writer
	}
	var refused error
	err = db.submit(ctx, false, func(t *txn) (err error) {
		if clashes, err = t.finish(finished, results); err != nil || req.Max <= 0 {
			return err
		}
		before := t.writes
		if picks, refused = t.claim(from, req); t.writes != before {
			return refused // a part of a claim must not be stored
		}
		return nil
	})
	if err == nil {
		err = refused // the results are stored all the same
	}
	return picks, clashes, err
}

// finish stores and books all of the results or, with an error, none.
func (t *txn) finish(batches []*batch, results []queue.Result) ([]queue.Clash, error) {
	in := make([]queue.Items, len(results))
	views := map[string]*items{}
	for i, b := range batches {
		v := views[results[i].Batch]
		if v == nil {
			var err error
			if v, err = t.items(b); err != nil {
				return nil, err
			}
			views[results[i].Batch] = v
		}
		in[i] = v
	}
	steps, others, clashes, err := queue.CheckResults(in, results)
	if err != nil {
		return nil, err
	}
	steps = append(steps, others...)
	examples := make([]string, len(steps))
	for i := range steps {
		if examples[i], err = t.prepare(views[steps[i].Batch], &steps[i]); err != nil {
			return nil, err
		}
	}
	for i := range steps {
		if err := t.apply(views[steps[i].Batch], &steps[i], examples[i]); err != nil {
			return nil, err
		}
	}
	return clashes, nil
}

// claimable returns the batches of the request, which must belong to one account.
func (db *DB) claimable(req queue.ClaimRequest) (batches []*batch, err error) {
	batches = make([]*batch, len(req.Batches))
	for i, id := range req.Batches {
		if batches[i], err = db.lookup(id); err != nil {
			return nil, err
		}
		if one, other := batches[0].public.Load().Account, batches[i].public.Load().Account; one != other {
			return nil, fmt.Errorf("batches of the accounts %q and %q cannot be claimed together", one, other)
		}
	}
	return batches, nil
}

// pick names an item that was chosen within a transaction, to be read after it.
type pick struct {
	b   *batch
	seq uint64
	rec queue.Record
}

// read returns the items that were picked, mostly from the cache and else each in a transaction of its own.
func (db *DB) read(ctx context.Context, picks []pick) ([]queue.Claimed, error) {
	out := make([]queue.Claimed, 0, len(picks))
	for _, p := range picks {
		it, ok := p.b.blocks.Get(p.seq)
		if !ok {
			err := db.viewBatch(ctx, p.b, func(bk buckets) (err error) {
				it, err = p.b.item(bk, p.seq)
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("batch %q: %w", p.b.public.Load().ID, err)
			}
		}
		out = append(out, queue.Claimed{Batch: p.b.public.Load().ID, Item: it, Record: p.rec})
	}
	return out, nil
}

// claim chooses items and stores the intents to send them.
func (t *txn) claim(batches []*batch, req queue.ClaimRequest) ([]pick, error) {
	if !slices.ContainsFunc(batches, func(b *batch) bool { return b.meta.Batch.Counts.Pending > 0 }) {
		return nil, nil
	}
	day := codec.AccountDay{Account: batches[0].meta.Batch.Account, Day: req.Day}
	if _, err := t.day(day); err != nil {
		return nil, err
	}
	want, err := req.MostNow(func(d queue.Day) (int64, error) {
		used, err := t.day(codec.AccountDay{Account: day.Account, Day: d})
		if err != nil {
			return 0, err
		}
		return used.Claimed, nil
	})
	if err != nil {
		return nil, err
	}
	var picks []pick
	for i, b := range batches {
		v, err := t.items(b)
		if err != nil {
			return nil, err
		}
		steps, err := t.choose(v, &req, i, req.MostOf(i, want-len(picks)))
		if err != nil {
			return nil, err
		}
		picks = slices.Grow(picks, len(steps))
		for i := range steps {
			s := &steps[i]
			if s.After, err = queue.Claim(s.Before, req.Day); err == nil {
				err = t.apply(v, s, "")
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

// choose returns the claims of up to n items of a batch.
func (t *txn) choose(v *items, req *queue.ClaimRequest, batch, n int) ([]queue.Step, error) {
	if only, some := req.OnlyOf(batch); some {
		return t.claimOnly(v, only, n)
	}
	next, err := t.claimNext(v, n)
	if err != nil {
		return nil, err
	}
	ready, err := v.nextReady(n - len(next))
	return append(next, ready...), err
}

// claimOnly takes up to n of the given items. One that was never claimed gets the records of an item that was cancelled and retried,
// because the cursor passes over items that have a result.
func (t *txn) claimOnly(v *items, only []uint64, n int) (steps []queue.Step, err error) {
	for i := 0; i < len(only) && len(steps) < n; i++ {
		if only[i] >= v.Len() || slices.Contains(only[:i], only[i]) {
			continue
		}
		s := queue.Step{Seq: only[i]}
		if s.Before, err = v.Record(s.Seq); err != nil {
			return nil, err
		}
		if s.Before.State != queue.Pending {
			continue
		}
		if v.places[s.Seq].in == implied {
			t.move(v, &queue.Step{Seq: s.Seq, After: queue.Record{State: queue.Cancelled}})
			t.move(v, &queue.Step{Seq: s.Seq, After: s.Before})
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// claimLook is how many of the items that are pending again one claim chooses among.
const claimLook = 256

// nextReady returns up to n items that are pending again: of the next claimLook items after the last claimed one, those with
// the fewest attempts. So an item that always fails does not block others.
func (v *items) nextReady(n int) ([]queue.Step, error) {
	m := &v.b.meta
	if n = int(min(m.Ready, int64(n))); n <= 0 {
		return nil, nil
	}
	var looked []queue.Step
	c := v.bk.ready.Cursor()
	k, value := c.Seek(seqKey(v.b.readyCursor))
	wrapped := false
	for untried := 0; untried < n && len(looked) < int(min(m.Ready, int64(max(n, claimLook)))); k, value = c.Next() {
		if k == nil && !wrapped {
			wrapped = true
			k, value = c.First()
		}
		if k == nil || wrapped && keySeq(k) >= v.b.readyCursor {
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
		v.places[keySeq(k)] = place{inReady, rec.Generation, 0}
	}
	slices.SortStableFunc(looked, func(x, y queue.Step) int { return cmp.Compare(x.Before.Attempts, y.Before.Attempts) })
	v.b.readyCursor = looked[n-1].Seq + 1
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
	steps = make([]queue.Step, 0, min(int64(n), beyond))
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
