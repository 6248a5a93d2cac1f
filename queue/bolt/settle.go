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
	const parts = 8
	var ws [parts]runWriter
	each(parts, func() func(i int) {
		return func(i int) {
			merge(l.between(uint64(i), parts), ws[i].add)
			ws[i].flush()
		}
	})
	for i := range ws[1:] {
		ws[0].join(&ws[1+i])
	}
	return &ws[0]
}

// between returns what the lists have in one of so many equal parts of all hashes.
func (l *late) between(part, parts uint64) []stretch {
	lists := slices.Clone(l.lists)
	width := ^uint64(0)/parts + 1
	for i := range lists {
		refs := lists[i].refs
		from, _ := slices.BinarySearchFunc(refs, hash{hi: part * width}, ref.compare)
		to := len(refs)
		if part+1 < parts {
			to, _ = slices.BinarySearchFunc(refs, hash{hi: (part + 1) * width}, ref.compare)
		}
		lists[i].refs = refs[from:to]
	}
	return lists
}

// merge calls add with all entries in the order of their hashes.
func merge(lists []stretch, add func(entry)) {
	lists = slices.DeleteFunc(lists, func(list stretch) bool { return len(list.refs) == 0 })
	heads := make([]hash, len(lists)) // side by side, because each is looked at for every entry
	for i := range lists {
		heads[i] = lists[i].refs[0].hash
	}
	for len(heads) > 0 {
		least := 0
		for i := 1; i < len(heads); i++ {
			if heads[i].hi < heads[least].hi || heads[i].hi == heads[least].hi && heads[i].lo < heads[least].lo {
				least = i
			}
		}
		list := &lists[least]
		add(list.entry(0))
		if list.refs = list.refs[1:]; len(list.refs) > 0 {
			heads[least] = list.refs[0].hash
			continue
		}
		lists, heads = slices.Delete(lists, least, least+1), slices.Delete(heads, least, least+1)
	}
}
