package worker

import (
	"context"
	"errors"
	"slices"
	"sync"

	"airlift/queue"
)

// turns lets the batches of a pool take turns in proportion to their shares, by start-time fair queueing: each item that is
// claimed moves the start of its batch's next turn by 1/share in virtual time, and the batch whose turn starts first is next. A
// batch that had nothing pending starts at the present virtual time, so it makes up for nothing. The zero value is ready for use.
type turns struct {
	mu    sync.Mutex
	now   float64            // when the latest turn started; guarded by mu
	start map[string]float64 // when the next turn of a batch starts, unless now is later; guarded by mu
}

// contender is a batch that has something pending.
type contender struct {
	id    string
	share int
}

// take returns the batch whose turn it is, for one item.
func (t *turns) take(from []contender) contender {
	each, _ := t.deal(from, 1)
	return from[slices.Index(each, 1)]
}

// deal shares n items among batches: it returns how many each gets and, if there are several, in which order.
func (t *turns) deal(from []contender, n int) (each, order []int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.start == nil {
		t.start = map[string]float64{}
	}
	each = make([]int, len(from))
	if len(from) == 1 {
		turn := 1 / float64(from[0].share)
		each[0] = n
		t.now = max(t.start[from[0].id], t.now) + float64(n-1)*turn
		t.start[from[0].id] = t.now + turn
		return each, nil
	}
	order = make([]int, n)
	for i := range order {
		first, at := 0, max(t.start[from[0].id], t.now)
		for j, c := range from[1:] {
			if start := max(t.start[c.id], t.now); start < at {
				first, at = j+1, start
			}
		}
		t.now = at
		t.start[from[first].id] = at + 1/float64(from[first].share)
		each[first]++
		order[i] = first
	}
	return each, order
}

// giveBack takes back the turns of items that were not claimed.
func (t *turns) giveBack(c contender, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start[c.id] -= float64(n) / float64(c.share)
}

// contenders returns the batches that have something pending and may be sent.
func (s *scheduler) contenders(ctx context.Context) ([]contender, error) {
	var all []contender
	for _, c := range s.batches.sendable() {
		b, err := s.Store.Batch(context.WithoutCancel(ctx), c.id)
		if err != nil {
			return nil, err
		}
		if b.Counts.Pending > 0 {
			all = append(all, c)
		}
	}
	return all, nil
}

// checked returns the contenders of which it is checked that they fit what AiR holds.
func (s *scheduler) checked(ctx context.Context) ([]contender, error) {
	all, err := s.contenders(ctx)
	fit := all[:0]
	for _, c := range all {
		switch err := s.checkMatch(ctx, c.id); {
		case errors.Is(err, errLeft):
		case err != nil && ctx.Err() != nil:
			return nil, errNothing
		case err != nil:
			return nil, err
		default:
			fit = append(fit, c)
		}
	}
	return fit, err
}

// inTurn puts claimed items, which are in order of their batches, in the order in which their turns were dealt.
func inTurn(got []queue.Claimed, from []contender, order []int) []queue.Claimed {
	if order == nil {
		return got
	}
	next := make([]int, len(from)) // where the items of a batch go on
	for i, c := range from {
		if next[i] = slices.IndexFunc(got, func(g queue.Claimed) bool { return g.Batch == c.id }); next[i] < 0 {
			next[i] = len(got)
		}
	}
	sorted := make([]queue.Claimed, 0, len(got))
	for _, i := range order {
		if at := next[i]; at < len(got) && got[at].Batch == from[i].id {
			sorted = append(sorted, got[at])
			next[i]++
		}
	}
	return sorted
}
