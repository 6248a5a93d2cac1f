package main

import (
	"context"
	"errors"

	"airlift/queue"
)

// showFirst is how many jobs are shown as they would be sent.
const showFirst = 3

// firstJobs shows the first jobs of a reading that are to be sent, before any of them is.
type firstJobs struct {
	show     func(queue.Preview)
	names    queue.Namer
	settings queue.Settings
	shown    map[queue.Object]bool
	looked   int
}

// see looks at rows on their way into the batch. It gives up after the first [checkFirst]: those are known then, and
// were shown before.
func (f *firstJobs) see(ctx context.Context, db queue.Store, batch string, items []queue.Item) {
	for i := range items {
		if f == nil || len(f.shown) == showFirst || f.looked == checkFirst {
			return
		}
		f.looked++
		it := &items[i]
		object := queue.Object{Bucket: it.Bucket, Key: it.Key}
		e, found, err := db.Find(ctx, batch, object)
		switch {
		case err != nil:
			return // what is wrong with the queue shows when the row is added
		case found && e.State != queue.Pending && !e.Withdrawn, f.shown[object]:
			continue
		case found:
			it = &e.Item // the row may contradict it
		}
		if f.shown == nil {
			f.shown = map[queue.Object]bool{}
		}
		f.shown[object] = true
		f.show(f.names.Preview(&f.settings, it))
	}
}

// logFirst logs the first jobs of the reading as they will be sent.
func (t *intake) logFirst() {
	t.reading.first = &firstJobs{names: t.sources.names, settings: t.settings, show: func(p queue.Preview) {
		t.app.log.Info().Str("bucket", p.Bucket).Str("key", p.Key).RawJSON("services", p.Services).
			Msg("one of the first jobs, as it will be sent")
	}}
}

// firstJobs returns the first jobs that a run would send: of the new items, then of those that the batch has waiting.
func (t *intake) firstJobs(ctx context.Context, trial queue.Store, s *survey) (first []queue.Preview, err error) {
	take := func(db queue.Store, f queue.Filter, wanted func(seq uint64) bool) error {
		err := queue.Entries(ctx, db, t.batch, f, func(e *queue.Entry) error {
			if len(first) == showFirst {
				return errListed
			}
			if wanted(e.Seq) {
				first = append(first, t.sources.names.Preview(&t.settings, &e.Item))
			}
			return nil
		})
		if errors.Is(err, errListed) || errors.Is(err, queue.ErrBatchNotFound) {
			return nil
		}
		return err
	}
	first = []queue.Preview{}
	if err := take(trial, queue.Filter{}, func(seq uint64) bool { return !s.known.has(seq) }); err != nil || t.db == nil || len(first) == showFirst {
		return first, err
	}
	err = take(t.db, queue.Filter{State: queue.Pending}, func(seq uint64) bool { return !t.replace.replace || s.seen.has(seq) })
	return first, err
}
