package bolt

import (
	"context"
	"fmt"

	"airlift/queue"
)

// Exchange is Finish and then Claim in one commit: who works on many items at once needs half as many commits, and has
// no more of them open than before. Like Finish it goes on when the context ends.
//
// If the error is [queue.ErrDailyLimit] the results are stored, with the clashes, and nothing was claimed. After any other error they may
// be stored or not, and so may intents that nobody was told of.
func (db *DB) Exchange(ctx context.Context, results []queue.Result, req queue.ClaimRequest) (claimed []queue.Claimed, clashes []queue.Clash, err error) {
	ctx = context.WithoutCancel(ctx)
	finished, err := db.batchesOf(results)
	if err == nil {
		err = db.loadIDsOf(ctx, finished, results)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("exchange: %w", err)
	}
	from, err := db.claimable(req)
	if err != nil {
		return nil, nil, fmt.Errorf("exchange: %w", err)
	}
	var picks []pick
	var refused error
	err = db.submit(ctx, false, func(t *txn) (err error) {
		if clashes, err = t.finishAll(finished, results); err != nil || req.Max <= 0 {
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
	if err != nil {
		return nil, clashes, fmt.Errorf("exchange: %w", err)
	}
	claimed, err = db.read(ctx, picks)
	return claimed, clashes, err
}
