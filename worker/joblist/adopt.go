package joblist

import (
	"context"
	"sync"
	"time"

	"airlift/queue"
	"airlift/worker/air"
)

// adoptNew adopts the jobs of a page whose items the batch does not have: those of objects that no source shows, and those
// of versions of changed objects, recognized by the job's name. A job whose name does not prove its
// object waits until all jobs are known; see settleUnclear.
func (a *Audit) adoptNew(ctx context.Context, jobs []air.Job) error {
	var adopt []queue.Adopted
	var unsourced []air.Job
	for _, j := range jobs {
		got, err := a.items.match(ctx, j)
		if err != nil {
			return err
		}
		one := adopted(got.Seq, j, time.Now())
		switch {
		case got.version != 0:
			one.Version = got.version
		case got.found:
			continue
		default:
			it, proven, err := a.items.unsourced(ctx, j)
			if err != nil {
				return err
			}
			if !proven {
				continue
			}
			one.Unsourced = it
			unsourced = append(unsourced, j)
		}
		adopt = append(adopt, one)
	}
	return a.store(ctx, adopt, unsourced)
}

// store adopts jobs and adds their items, and reports jobs of objects that no source shows. Of two jobs of one
// object the first is adopted; the other is reported when the items are compared.
func (a *Audit) store(ctx context.Context, adopt []queue.Adopted, unsourced []air.Job) error {
	if len(adopt) == 0 {
		return nil
	}
	n, err := a.Store.Adopt(ctx, a.Batch, adopt)
	if err != nil {
		return err
	}
	a.tally.Adopted += int64(n)
	for _, j := range unsourced {
		got, err := a.items.match(ctx, j)
		if err != nil {
			return err
		}
		if !got.holds(j) {
			continue
		}
		f := Finding{Kind: Unsourced, Bucket: got.Bucket, Key: got.Key, State: got.State, JobID: j.ID, Listed: []string{j.ID}}
		if err := a.report(f); err != nil {
			return err
		}
	}
	return nil
}

// settleUnclear decides about the jobs in unclear. Once the whole
// list is known, the items without a job are those that would be sent. If the job may belong to such an
// item with its source in another spelling, it is reported; otherwise it is adopted.
func (a *Audit) settleUnclear(ctx context.Context) error {
	if len(a.unclear) == 0 {
		return nil
	}
	may, err := a.mayBeOfItems(ctx)
	if err != nil {
		return err
	}
	for i, j := range a.unclear {
		it, _, err := a.items.unsourced(ctx, j)
		if err != nil {
			return err
		}
		if may[i] || it == nil {
			a.tally.Jobs++
			f := Finding{Kind: UnknownObject, Bucket: j.Source.Bucket, Key: j.Source.ObjectKey, Listed: []string{j.ID}}
			if err := a.report(f); err != nil {
				return err
			}
			continue
		}
		one := adopted(0, j, time.Now())
		one.Unsourced = it
		if err := a.store(ctx, []queue.Adopted{one}, []air.Job{j}); err != nil {
			return err
		}
		if err := a.page(ctx, []air.Job{j}, nil); err != nil {
			return err
		}
	}
	return nil
}

// mayBeOfItems reports for each unclear job whether it may belong to an item without a job: its name or key is the
// same except for spelling (see plainName).
func (a *Audit) mayBeOfItems(ctx context.Context) (map[int]bool, error) {
	names, keys := map[string][]int{}, map[string][]int{}
	for i, j := range a.unclear {
		names[plainName(j.Name)] = append(names[plainName(j.Name)], i)
		keys[plainName(j.Source.ObjectKey)] = append(keys[plainName(j.Source.ObjectKey)], i)
	}
	may := map[int]bool{}
	err := queue.Entries(ctx, a.Store, a.Batch, queue.Filter{}, func(e *queue.Entry) error {
		if e.State == queue.Submitted {
			return nil
		}
		for _, i := range names[plainName(a.items.names.Name(&e.Item))] {
			may[i] = true
		}
		for _, i := range keys[plainName(e.Key)] {
			if b := a.unclear[i].Source.Bucket; b == "" || plainName(b) == plainName(e.Bucket) {
				may[i] = true
			}
		}
		return nil
	})
	return may, err
}

// lookUpRest looks up by name each item whose job the list did not show: the list changed while it was read, so it proves no absence.
func (a *Audit) lookUpRest(ctx context.Context, l *listing) error {
	b, err := a.Store.Batch(ctx, a.Batch)
	if err != nil {
		return err
	}
	a.Log.Warn().Str("batch", a.Batch).Int64("items", b.Counts.Items).Int64("shown", a.tally.Agreed).
		Msg("AiR's list did not show the same jobs twice, up to an empty page: items whose job it did not show are looked up by name, one request each")
	var some []queue.Item
	err = queue.Entries(ctx, a.Store, a.Batch, queue.Filter{}, func(e *queue.Entry) error {
		if a.agreed.Has(e.Seq) || a.Adopt && e.State == queue.Submitted {
			return nil
		}
		if some = append(some, e.Item); len(some) < LookupsAtOnce {
			return nil
		}
		err := a.lookUp(ctx, l, some)
		some = some[:0]
		return err
	})
	if err != nil {
		return err
	}
	return a.lookUp(ctx, l, some)
}

// LookupsAtOnce is how many lookups may be under way at once.
const LookupsAtOnce = 8

// lookUp looks some items up at once, and compares what is found as if the list had shown it.
func (a *Audit) lookUp(ctx context.Context, l *listing, items []queue.Item) error {
	found, odd, errs := make([][]air.Job, len(items)), make([][]air.UnreadableJob, len(items)), make([]error, len(items))
	var wg sync.WaitGroup
	for i := range items {
		wg.Go(func() { found[i], odd[i], errs[i] = l.named(ctx, a.items.names.Name(&items[i])) })
	}
	wg.Wait()
	for i := range items {
		if errs[i] != nil {
			return errs[i]
		}
		if err := a.page(ctx, found[i], odd[i]); err != nil {
			return err
		}
		if a.tally.LookedUp++; a.tally.LookedUp%progressEvery == 0 {
			a.Log.Info().Str("batch", a.Batch).Int64("items", a.tally.LookedUp).Int64("adopted", a.tally.Adopted).Msg("looking items up by name")
		}
	}
	return nil
}

// adopted returns a listed job for [queue.Store.Adopt]. A creation time in our future is replaced by now, because it
// would keep later times out of [queue.Batch.Accepted].
func adopted(seq uint64, j air.Job, now time.Time) queue.Adopted {
	made, ok := j.CreatedAt()
	switch {
	case !ok:
		return queue.Adopted{Seq: seq, JobID: j.ID, At: now.UTC()}
	case made.After(now):
		return queue.Adopted{Seq: seq, JobID: j.ID, At: now.UTC(), Day: queue.DayOf(made)}
	}
	return queue.Adopted{Seq: seq, JobID: j.ID, At: made.UTC(), Day: queue.DayOf(made)}
}
