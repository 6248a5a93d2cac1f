package plan

import (
	"context"
	"errors"

	"airlift/queue"
	"airlift/queue/intake"
)

// firstJobs is how many jobs are shown as they would be sent.
const firstJobs = intake.PreviewItems

// ShowFirst calls show with the first jobs of a reading, before any of them is sent.
func ShowFirst(t *intake.Intake, show func(queue.Preview)) {
	shown, looked := map[queue.Object]bool{}, 0
	t.Reading.Preview = func(ctx context.Context, items []queue.Item) error {
		for i := range items {
			// If none of so many items is new, the first jobs were shown by an earlier run.
			if len(shown) == firstJobs || looked == intake.FirstItems {
				return nil
			}
			looked++
			it := &items[i]
			object := queue.Object{Bucket: it.Bucket, Key: it.Key}
			e, found, err := t.Store.Find(ctx, t.Batch, object)
			switch {
			case err != nil:
				return err
			case found && e.State != queue.Pending && !e.Withdrawn, shown[object]:
				continue
			case found:
				it = &e.Item // its fields apply, not those of the row
			}
			shown[object] = true
			show(t.Names.Preview(&t.Settings, it))
		}
		return nil
	}
}

// First returns the first jobs that a run would send: of the new items, then of the pending items of the batch.
func First(ctx context.Context, t *intake.Intake, d *intake.DryRun) ([]queue.Preview, error) {
	first := []queue.Preview{}
	take := func(db queue.Store, f queue.Filter, wanted func(seq uint64) bool) error {
		err := queue.Entries(ctx, db, t.Batch, f, func(e *queue.Entry) error {
			if len(first) == firstJobs {
				return queue.ErrEnough
			}
			if wanted(e.Seq) {
				first = append(first, t.Names.Preview(&t.Settings, &e.Item))
			}
			return nil
		})
		if errors.Is(err, queue.ErrBatchNotFound) {
			return nil
		}
		return err
	}
	if err := take(d.Scratch, queue.Filter{}, func(uint64) bool { return true }); err != nil || t.Store == nil || len(first) == firstJobs {
		return first, err
	}
	err := take(t.Store, queue.Filter{State: queue.Pending}, func(seq uint64) bool { return !t.Replace || d.Seen(seq) })
	return first, err
}
