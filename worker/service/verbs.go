package service

import (
	"context"
	"fmt"

	"airlift/manifest/filter"
	"airlift/queue"
)

// Selection chooses items of a batch.
type Selection struct {
	Batch string
	queue.Filter
	// Keys, if not empty, takes the items whose key matches one of these patterns; see [filter.Keys].
	Keys []string
	// Reading, if not empty, takes the items that one reading of the sources added: a number, or last.
	Reading string
}

// Select returns the batch of a selection and the filter of its items.
func (s *Service) Select(ctx context.Context, sel Selection) (queue.Batch, queue.Filter, error) {
	b, err := s.Batch(ctx, sel.Batch)
	if err != nil {
		return b, sel.Filter, err
	}
	if len(sel.Keys) > 0 {
		if sel.Key, err = filter.Keys("--key", sel.Keys); err != nil {
			return b, sel.Filter, err
		}
	}
	if sel.Reading == "" {
		return b, sel.Filter, nil
	}
	span, err := b.Span(sel.Reading)
	if err != nil {
		return b, sel.Filter, &ReadingError{b.ID, err}
	}
	sel.Span = &span
	return b, sel.Filter, nil
}

// ChangeRequest asks to change the items of a selection.
type ChangeRequest struct {
	Selection
	// DryRun counts the items, and changes none.
	DryRun bool
	// Expect, if not nil, is how many items there must be, those in doubt included. They are counted just before the change, so
	// during a run others may be changed than were counted.
	Expect *int64
	// Progress, if not nil, is called with what has been changed so far.
	Progress func(queue.Changed)
}

// CountError: a selection has another number of items than expected. Nothing was changed.
type CountError struct{ Count, Expect int64 }

func (e *CountError) Error() string {
	return fmt.Sprintf("the selection has %d items, not the %d of --expect, so nothing was changed", e.Count, e.Expect)
}

// Retry puts the failed items of a selection, or with that State the cancelled ones, back to pending.
func (s *Service) Retry(ctx context.Context, r ChangeRequest) (queue.Changed, error) {
	return s.change(ctx, r, queue.DoRetry)
}

// Cancel cancels the pending and failed items of a selection. If the selection is a reading, its items in doubt are
// cancelled once a lookup shows that AiR has no job for them.
func (s *Service) Cancel(ctx context.Context, r ChangeRequest) (queue.Changed, error) {
	if r.Reading != "" {
		return s.change(ctx, r, queue.DoWithdraw)
	}
	return s.change(ctx, r, queue.DoCancel)
}

// change changes the items of a selection. It returns ErrNoMatch if the selection is not empty and matches no item, and a
// [CountError] if it matches others than expected.
func (s *Service) change(ctx context.Context, r ChangeRequest, do queue.Action) (queue.Changed, error) {
	_, chosen, err := s.Select(ctx, r.Selection)
	if err != nil {
		return queue.Changed{}, err
	}
	change := queue.Change{Do: do, Filter: chosen, Progress: r.Progress}
	var c queue.Changed
	if r.DryRun || r.Expect != nil {
		if c, err = s.count(ctx, r.Batch, change); err != nil {
			return queue.Changed{}, causeOf(ctx, err)
		}
		if n := c.Items + c.InDoubt; r.Expect != nil && n != *r.Expect {
			return queue.Changed{}, &CountError{n, *r.Expect}
		}
	}
	if !r.DryRun {
		c, err = s.c.Store.Change(ctx, r.Batch, change)
	}
	if err == nil && c == (queue.Changed{}) && r.Expect == nil && (chosen.Code != "" || chosen.Key != nil || chosen.Span != nil) {
		return c, ErrNoMatch
	}
	return c, causeOf(ctx, err)
}

// count counts the items that a change would change.
func (s *Service) count(ctx context.Context, batch string, change queue.Change) (c queue.Changed, err error) {
	states, err := change.From()
	for _, state := range states {
		of := change
		of.State = state
		err = queue.Entries(ctx, s, batch, of.Filter, func(e *queue.Entry) error {
			switch {
			case !of.Takes(e):
			case e.State == queue.InDoubt:
				c.InDoubt++
			default:
				c.Items++
			}
			return nil
		})
		if err != nil {
			break
		}
	}
	return c, err
}
