package bolt

import (
	"context"
	"slices"
)

// settle stores the late entries as a run. It is called with the batch's turn.
func (db *DB) settle(ctx context.Context, b *batch) error {
	run := b.lateRun()
	if run == nil {
		return nil
	}
	err := db.submit(ctx, true, func(t *txn) error {
		bk, err := t.buckets(b)
		if err == nil {
			run.settle(t, b, bk)
		}
		return err
	})
	if err != nil {
		return err
	}
	return db.mergeRuns(ctx, b)
}

// lateRun returns the late entries as a run to be stored, or nil if the runs go up to the last item.
func (b *batch) lateRun() *runWriter {
	l := b.late.Load()
	if l == nil || b.adding.indexed == uint64(b.public.Load().Counts.Items) {
		return nil
	}
	if l.len() == 0 {
		return &runWriter{} // of versions, which the index does not have
	}
	return l.run()
}

// settle stores the run and books that the runs go up to the last item.
func (w *runWriter) settle(t *txn, b *batch, bk buckets) {
	if w.total > 0 {
		w.store(t, b, bk)
	}
	m := t.touch(b)
	m.Indexed = uint64(m.Batch.Counts.Items)
	indexed := m.Indexed
	t.then(func() {
		b.late.Store(&late{})
		b.adding.indexed = indexed
	})
}

// run packs all entries as one run, on all cores.
func (l *late) run() *runWriter {
	const partBits = 3
	var ws [1 << partBits]runWriter
	each(len(ws), func() func(i int) {
		return func(i int) {
			part := join(l.between(uint64(i), partBits), partBits)
			for n := range part.refs {
				ws[i].add(part.entry(n))
			}
			ws[i].flush()
		}
	})
	for i := range ws[1:] {
		ws[0].join(&ws[1+i])
	}
	return &ws[0]
}

// between returns what the stretches have of the hashes that begin with so many given bits.
func (l *late) between(first uint64, n int) []stretch {
	some := slices.Clone(l.some)
	from, to := hash{hi: first << (64 - n)}, hash{hi: (first + 1) << (64 - n)}
	for i := range some {
		refs := some[i].refs
		low, _ := slices.BinarySearchFunc(refs, from, ref.compare)
		high := len(refs)
		if to.hi > 0 {
			high, _ = slices.BinarySearchFunc(refs, to, ref.compare)
		}
		some[i].refs = refs[low:high]
	}
	return some
}

// join makes one stretch of several, which are in the order of the items, and whose hashes have so many first bits in
// common.
func join(some []stretch, common int) stretch {
	n := 0
	for _, s := range some {
		n += len(s.refs)
	}
	one := stretch{some[0].base, make([]ref, 0, n)}
	for _, s := range some {
		for _, r := range s.refs {
			r.row += int32(s.base - one.base)
			one.refs = append(one.refs, r)
		}
	}
	one.refs = sortRefs(one.refs, common)
	return one
}
