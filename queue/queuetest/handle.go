package queuetest

import (
	"context"

	"airlift/queue"
)

// Handle is a queue with names for the common uses of its methods.
type Handle struct{ queue.Store }

// On returns the handle of a queue.
func On(s queue.Store) Handle { return Handle{s} }

// Claim claims items.
func (h Handle) Claim(ctx context.Context, r queue.ClaimRequest) ([]queue.Claimed, error) {
	claimed, _, err := h.Exchange(ctx, nil, r)
	return claimed, err
}

// Finish stores results.
func (h Handle) Finish(ctx context.Context, results []queue.Result) ([]queue.Clash, error) {
	_, clashes, err := h.Exchange(ctx, results, queue.ClaimRequest{})
	return clashes, err
}

// Gate returns the gate of an account.
func (h Handle) Gate(ctx context.Context, account string) (queue.Gate, error) {
	a, err := h.Account(ctx, account, 0)
	return a.Gate, err
}

// Server returns what is known of the AiR of an account.
func (h Handle) Server(ctx context.Context, account string) (queue.Server, error) {
	a, err := h.Account(ctx, account, 0)
	return a.Server, err
}

// Day returns what an account used of a day.
func (h Handle) Day(ctx context.Context, account string, d queue.Day) (queue.DayCount, error) {
	a, err := h.Account(ctx, account, d)
	return a.Day, err
}

// Entries calls fn with items.
func (h Handle) Entries(ctx context.Context, id string, f queue.Filter, fn func(*queue.Entry) error) error {
	return queue.Entries(ctx, h.Store, id, f, fn)
}

// Retry makes failed or cancelled items pending.
func (h Handle) Retry(ctx context.Context, id string, from queue.State, f queue.Filter) (int64, error) {
	f.State = from
	n, err := h.Change(ctx, id, queue.Change{Do: queue.DoRetry, Filter: f})
	return n.Items, err
}

// Cancel cancels items.
func (h Handle) Cancel(ctx context.Context, id string, f queue.Filter) (int64, error) {
	n, err := h.Change(ctx, id, queue.Change{Do: queue.DoCancel, Filter: f})
	return n.Items, err
}

// Withdraw withdraws items.
func (h Handle) Withdraw(ctx context.Context, id string, f queue.Filter) (queue.Changed, error) {
	return h.Change(ctx, id, queue.Change{Do: queue.DoWithdraw, Filter: f})
}

// Replace withdraws what the latest reading does not have.
func (h Handle) Replace(ctx context.Context, id string) (queue.Changed, error) {
	return h.Change(ctx, id, queue.Change{Do: queue.DoReplace})
}
