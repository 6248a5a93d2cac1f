package worker

import (
	"context"

	"airlift/queue"
	"airlift/worker/air"
)

// finder finds items.
type finder interface {
	Find(ctx context.Context, batch string, o queue.Object) (queue.Entry, bool, error)
}

// whose is the item that a listed job belongs to.
type whose struct {
	queue.Entry
	found bool
	// version is set if the batch does not have the item, but the object: then Entry is the object's first item.
	version uint64
}

// whoseJob finds the item of a job by the job's source and, as the object may have several, by its name. A job of a name
// that is none of ours is taken for the first item's.
func whoseJob(ctx context.Context, store finder, names queue.Namer, j air.Job) (w whose, err error) {
	o := queue.Object{Bucket: j.Source.Bucket, Key: j.Source.ObjectKey}
	w.Entry, w.found, err = store.Find(ctx, j.Batch, o)
	if err != nil || !w.found || names.Name(&w.Item) == j.Name {
		return w, err
	}
	if o.Version = queue.VersionIn(j.Name); o.Version == 0 {
		return w, nil
	}
	e, found, err := store.Find(ctx, j.Batch, o)
	if err != nil {
		return w, err
	}
	if found && names.Name(&e.Item) == j.Name {
		w.Entry = e
		return w, nil
	}
	it := w.Item
	if it.Version = o.Version; !found && names.Name(&it) == j.Name {
		w.found, w.version = false, o.Version
	}
	return w, nil
}
