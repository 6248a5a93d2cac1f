package service

import (
	"context"

	"airlift/queue"
)

// Selection chooses items of a batch.
type Selection struct {
	Batch string
	queue.Filter
	// Reading, if not empty, takes the items that one reading of the sources added: a number, or last.
	Reading string
}

// Select returns the batch of a selection and the filter of its items.
func (s *Service) Select(ctx context.Context, sel Selection) (queue.Batch, queue.Filter, error) {
	b, err := s.Batch(ctx, sel.Batch)
	if err != nil || sel.Reading == "" {
		return b, sel.Filter, err
	}
	span, err := b.Span(sel.Reading)
	if err != nil {
		return b, sel.Filter, &ReadingError{b.ID, err}
	}
	sel.Span = &span
	return b, sel.Filter, nil
}

// Retry puts the failed items of a selection, or with that State the cancelled ones, back to pending.
func (s *Service) Retry(ctx context.Context, sel Selection) (queue.Changed, error) {
	return s.change(ctx, sel, queue.DoRetry)
}

// Cancel cancels the pending and failed items of a selection. If the selection is a reading, its items in doubt are
// cancelled once a lookup shows that AiR has no job for them.
func (s *Service) Cancel(ctx context.Context, sel Selection) (queue.Changed, error) {
	if sel.Reading != "" {
		return s.change(ctx, sel, queue.DoWithdraw)
	}
	return s.change(ctx, sel, queue.DoCancel)
}

// change changes the items of a selection. It returns ErrNoMatch if the selection is not empty and matches no item.
func (s *Service) change(ctx context.Context, sel Selection, do queue.Action) (queue.Changed, error) {
	_, chosen, err := s.Select(ctx, sel)
	if err != nil {
		return queue.Changed{}, err
	}
	c, err := s.c.Store.Change(ctx, sel.Batch, queue.Change{Do: do, Filter: chosen})
	if err == nil && c == (queue.Changed{}) && (chosen.Code != "" || chosen.Key != nil || chosen.Span != nil) {
		return c, ErrNoMatch
	}
	return c, causeOf(ctx, err)
}

// Resume removes a stored pause or stop and returns it; the zero Gate if there was neither.
func (s *Service) Resume(ctx context.Context) (queue.Gate, error) {
	account, err := s.Account(ctx, s.c.Account, 0)
	was := account.Gate
	if err != nil || was == (queue.Gate{}) {
		return was, err
	}
	return was, s.c.Store.SetGate(ctx, s.c.Account, queue.Gate{})
}
