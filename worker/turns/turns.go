package turns

import (
	"slices"
	"sync"

	"airlift/queue"
)

// Fair lets the batches of a pool take turns in proportion to their shares, by start-time fair queueing: each item that is
// claimed moves the start of its batch's next turn by 1/share in virtual time, and the batch whose turn starts first is next. A
// batch that had nothing pending starts at the present virtual time, so it makes up for nothing. The zero value is ready for use.
type Fair struct {
	mu    sync.Mutex
	now   float64            // when the latest turn started; guarded by mu
	start map[string]float64 // when the next turn of a batch starts, unless now is later; guarded by mu
}

// Contender is a batch that has something pending.
type Contender struct {
	ID    string
	Share int // its weight, from 1
}

// Take returns the batch whose turn it is, for one item.
func (t *Fair) Take(from []Contender) Contender {
	each, _ := t.Deal(from, 1)
	return from[slices.Index(each, 1)]
}

// Deal shares n items among batches: it returns how many each gets and, if there are several, in which order.
func (t *Fair) Deal(from []Contender, n int) (each, order []int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.start == nil {
		t.start = map[string]float64{}
	}
	each = make([]int, len(from))
	if len(from) == 1 {
		turn := 1 / float64(from[0].Share)
		each[0] = n
		t.now = max(t.start[from[0].ID], t.now) + float64(n-1)*turn
		t.start[from[0].ID] = t.now + turn
		return each, nil
	}
	order = make([]int, n)
	for i := range order {
		first, at := 0, max(t.start[from[0].ID], t.now)
		for j, c := range from[1:] {
			if start := max(t.start[c.ID], t.now); start < at {
				first, at = j+1, start
			}
		}
		t.now = at
		t.start[from[first].ID] = at + 1/float64(from[first].Share)
		each[first]++
		order[i] = first
	}
	return each, order
}

// GiveBack takes back the turns of items that were not claimed.
func (t *Fair) GiveBack(c Contender, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.start[c.ID] -= float64(n) / float64(c.Share)
}

// InTurn puts claimed items, which are in order of their batches, in the order in which their turns were dealt.
func InTurn(got []queue.Claimed, from []Contender, order []int) []queue.Claimed {
	if order == nil {
		return got
	}
	next := make([]int, len(from)) // where the items of a batch go on
	for i, c := range from {
		if next[i] = slices.IndexFunc(got, func(g queue.Claimed) bool { return g.Batch == c.ID }); next[i] < 0 {
			next[i] = len(got)
		}
	}
	sorted := make([]queue.Claimed, 0, len(got))
	for _, i := range order {
		if at := next[i]; at < len(got) && got[at].Batch == from[i].ID {
			sorted = append(sorted, got[at])
			next[i]++
		}
	}
	return sorted
}
