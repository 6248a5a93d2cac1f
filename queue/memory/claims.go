package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"airlift/queue"
)

// The methods of [queue.Items].

func (b *batch) Len() uint64                                 { return b.len() }
func (b *batch) Item(seq uint64) (queue.Item, error)         { return b.at(seq), nil }
func (b *batch) Record(seq uint64) (queue.Record, error)     { return b.record(seq), nil }
func (b *batch) History(first uint64) (queue.History, error) { return b.historyOf(first), nil }
func (b *batch) First(bucket, key string) (uint64, bool, error) {
	seq, ok := b.find(bucket, key)
	return seq, ok, nil
}
func (b *batch) Owner(jobID string) (uint64, bool, error) {
	seq, ok := b.jobs[jobID]
	for i := 0; i < len(b.open) && !ok; i++ {
		seq, ok = b.open[i], b.record(b.open[i]).ContestedID() == jobID
	}
	return seq, ok, nil
}

// record returns the present record of an item.
func (b *batch) record(seq uint64) queue.Record {
	if r, ok := b.records[seq]; ok {
		return r
	}
	return queue.Record{State: queue.Pending}
}

func (b *batch) mayHaveJob(seq uint64) (bool, error) { return b.record(seq).MayHaveJob(), nil }

// apply stores and books a step.
func (q *Queue) apply(b *batch, s queue.Step) error {
	if err := b.Book(&s, b.at(s.Seq).Key); err != nil {
		return err
	}
	if day, claimed, submitted := s.Used(); claimed != 0 || submitted != 0 {
		q.account(b.Account).use(day, claimed, submitted)
	}
	b.records[s.Seq] = s.After
	b.note(&s)
	b.open.remove(s.Seq)
	b.ready.remove(s.Seq)
	if owner, ok := b.jobs[s.Before.JobID]; ok && owner == s.Seq {
		delete(b.jobs, s.Before.JobID)
	}
	switch s.After.State {
	case queue.Submitted:
		b.jobs[s.After.JobID] = s.Seq
	case queue.Sending, queue.InDoubt:
		b.open.add(s.Seq)
	case queue.Pending:
		b.ready.add(s.Seq)
		q.wake()
	}
	return nil
}

// Exchange implements [queue.Claims].
func (q *Queue) Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error) {
	if len(results) > 0 {
		ctx = context.WithoutCancel(ctx)
	}
	unlock, err := q.use(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	in := make([]queue.Items, len(results))
	for i := range results {
		b, err := q.batch(results[i].Batch)
		if err != nil {
			return nil, nil, fmt.Errorf("item %d: %w", results[i].Seq, err)
		}
		in[i] = b
	}
	from := make([]*batch, len(r.Batches))
	for i, id := range r.Batches {
		if from[i], err = q.batch(id); err != nil {
			return nil, nil, err
		}
		if one, other := from[0].Account, from[i].Account; one != other {
			return nil, nil, fmt.Errorf("batches of the accounts %q and %q cannot be claimed together", one, other)
		}
	}
	steps, others, clashes, err := queue.CheckResults(in, results)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range append(steps, others...) {
		b, _ := q.batch(s.Batch)
		if err := q.apply(b, s); err != nil {
			return nil, nil, err
		}
	}
	claimed, err := q.claim(from, r)
	return claimed, clashes, err
}

// claim hands out items.
func (q *Queue) claim(from []*batch, r queue.ClaimRequest) ([]queue.Claimed, error) {
	pending := int64(0)
	for _, b := range from {
		pending += b.Counts.Pending
	}
	if pending == 0 || r.Max <= 0 {
		return nil, nil
	}
	a := q.account(from[0].Account)
	want, err := r.MostNow(func(d queue.Day) (int64, error) { return a.days[d].Claimed, nil })
	if err != nil {
		return nil, err
	}
	var claimed []queue.Claimed
	for i, b := range from {
		for _, seq := range b.choose(&r, i, r.MostOf(i, want-len(claimed))) {
			before := b.record(seq)
			after, err := queue.Claim(before, r.Day)
			if err != nil {
				return nil, err
			}
			b.Sent = true
			if err := q.apply(b, queue.Step{Seq: seq, Before: before, After: after}); err != nil {
				return nil, err
			}
			b.holders[seq] = r.Holder
			claimed = append(claimed, b.claimed(seq))
		}
	}
	a.use(r.Day, int64(len(claimed)), 0)
	return claimed, nil
}

func (b *batch) claimed(seq uint64) queue.Claimed {
	return queue.Claimed{Batch: b.ID, Holder: b.holders[seq], Item: b.at(seq), Record: b.record(seq)}
}

// choose returns up to n items to be claimed.
func (b *batch) choose(r *queue.ClaimRequest, at, n int) (seqs []uint64) {
	only, some := r.OnlyOf(at)
	if !some {
		return b.next(n)
	}
	for _, seq := range only {
		if len(seqs) < n && seq < b.len() && b.record(seq).State == queue.Pending && !slices.Contains(seqs, seq) {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// next returns up to so many items to be claimed: those never claimed, then those that are pending again.
func (b *batch) next(n int) (seqs []uint64) {
	for ; b.cursor < b.len() && len(seqs) < n; b.cursor++ {
		if _, changed := b.records[b.cursor]; !changed {
			seqs = append(seqs, b.cursor)
		}
	}
	n = min(n-len(seqs), len(b.ready))
	later := b.ready.from(b.turn)
	looked := append(slices.Clone(later), b.ready[:len(b.ready)-len(later)]...)
	untried := 0
	for i, seq := range looked {
		if untried == n || i == max(n, claimLook) {
			looked = looked[:i]
			break
		}
		if b.record(seq).Attempts == 0 {
			untried++
		}
	}
	slices.SortStableFunc(looked, func(x, y uint64) int { return cmp.Compare(b.record(x).Attempts, b.record(y).Attempts) })
	if n > 0 {
		b.turn = looked[n-1] + 1
		seqs = append(seqs, looked[:n]...)
	}
	return seqs
}

// claimLook is how many of the items that are pending again one claim chooses among.
const claimLook = 256

// InDoubt implements [queue.Claims].
func (q *Queue) InDoubt(ctx context.Context, id string, after int64, most int) ([]queue.Claimed, error) {
	b, unlock, err := q.useBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var list []queue.Claimed
	for _, seq := range b.open.from(uint64(after) + 1) {
		if len(list) < most && b.record(seq).State == queue.InDoubt {
			list = append(list, b.claimed(seq))
		}
	}
	return list, nil
}
