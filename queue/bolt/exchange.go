package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
)

// Exchange implements [queue.Claims]: both halves are one commit. Of the items that are pending again a claim chooses among
// a bounded number.
//
// After an error other than [queue.ErrDailyLimit] the results may be stored or not, and so may intents that nobody was
// told of.
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
	if err != nil || len(results) == 0 && (req.Max <= 0 || nothingPending(from)) {
		return nil, nil, err
	}
	var refused error
	err = db.submit(ctx, false, func(t *txn) (err error) {
		if clashes, err = t.finish(finished, results); err != nil || req.Max <= 0 {
			return err
		}
		before := t.writes
		if picks, refused = t.claim(from, req); t.writes != before {
			return refused // half of a claim must not be stored
		}
		return nil
	})
	if err == nil {
		err = refused // which must not cost the results
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
