package intake

import (
	"context"
	"errors"

	"airlift/manifest/entry"
	"airlift/queue"
)

// known reports which items need no preflight: the batch has them, or a batch of [Options.Since] has sent them.
func (t *Intake) known(ctx context.Context, items []queue.Item) ([]bool, error) {
	if t.Store == nil {
		return make([]bool, len(items)), nil
	}
	has, err := t.Store.Has(ctx, t.Batch, items, t.Changed)
	if errors.Is(err, queue.ErrBatchNotFound) {
		has, err = make([]bool, len(items)), nil
	}
	if err != nil {
		return nil, err
	}
	return has, t.Reading.sent.mark(ctx, items, has)
}

// fewChanges is how many changed objects are accepted whatever their share is.
const fewChanges = 100

// checkChanges refuses a reading if most of its first objects seem to have changed. More likely the source gives sizes
// or ETags in another form than the one before (in kilobytes, or another checksum), and everything would be submitted
// again.
func (t *Intake) checkChanges(ctx context.Context) error {
	if !t.Changed || t.TrustChanges || !t.found {
		return nil
	}
	first, err := t.first(ctx)
	if err != nil {
		return err
	}
	first.Trial = true
	plain, err := t.Store.Add(ctx, t.Batch, first)
	if err != nil {
		return err
	}
	first.Changed = true
	compared, err := t.Store.Add(ctx, t.Batch, first)
	if err != nil {
		return err
	}
	known, changed := plain.Known-compared.Unsure, compared.Added-plain.Added
	if changed < fewChanges || 2*changed <= known {
		return nil
	}
	return entry.Usagef("--changed: %d of the first %d objects that the batch has are told to have another size or ETag than when they were submitted. "+
		"Does this source tell them in another way than the one before? Nothing was sent. If they did change, add --trust-changes", changed, known)
}
