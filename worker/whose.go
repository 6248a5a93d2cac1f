package worker

import (
	"context"
	"errors"
	"sync"

	"airlift/queue"
	"airlift/worker/air"
)

// finder finds items.
type finder interface {
	Find(ctx context.Context, batch string, o queue.Object) (queue.Entry, bool, error)
	Entries(ctx context.Context, batch string, f queue.Filter, fn func(*queue.Entry) error) error
}

// whose is the item that a listed job belongs to.
type whose struct {
	queue.Entry
	found bool
	// version is set if the batch does not have the item, but the object: then Entry is the object's first item.
	version uint64
	// exact says that the item's job has this name and source; without it the source alone was found.
	exact bool
	// similar says that the list writes the source in another way than the queue; see similarSource.
	similar bool
}

// holds reports whether the job is the one that the item has.
func (w *whose) holds(j air.Job) bool {
	return w.found && w.State == queue.Submitted && w.JobID == j.ID
}

// matcher finds the items that listed jobs belong to.
type matcher struct {
	store finder
	batch string
	names queue.Namer

	mu     sync.Mutex
	bucket string // that of the batch's first item, once it is known; guarded by mu
}

// errFirst ends a reading of entries at the first.
var errFirst = errors.New("the first entry")

// firstBucket returns the bucket of the batch's first item, for jobs that are listed without one; empty: there is no item.
func (m *matcher) firstBucket(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bucket != "" {
		return m.bucket, nil
	}
	err := m.store.Entries(ctx, m.batch, queue.Filter{}, func(e *queue.Entry) error {
		m.bucket = e.Bucket
		return errFirst
	})
	if errors.Is(err, errFirst) {
		err = nil
	}
	return m.bucket, err
}

// whose finds the item of a job by the job's source and, as the object may have several, by its name. A job of a name
// that is none of ours is taken for the first item's, unless its source is only similar.
func (m *matcher) whose(ctx context.Context, j air.Job) (w whose, err error) {
	w, err = m.under(ctx, queue.Object{Bucket: j.Source.Bucket, Key: j.Source.ObjectKey}, j.Name)
	if err != nil || w.found || w.version != 0 {
		return w, err
	}
	bucket := j.Source.Bucket
	if bucket == "" {
		if bucket, err = m.firstBucket(ctx); err != nil {
			return w, err
		}
	}
	for _, o := range objectsLike(j.Source, bucket) {
		like, err := m.under(ctx, o, j.Name)
		if err != nil {
			return w, err
		}
		if like.exact {
			like.similar = true
			return like, nil
		}
	}
	return w, nil
}

// unsourced returns the item that an adoption makes for a job of an object that the batch does not have; nil if the job
// names no object. proven says that the job's name was made of this very object. If it was made of the object in another
// spelling, the list has changed that, and the item gets it back.
func (m *matcher) unsourced(ctx context.Context, j air.Job) (it *queue.Item, proven bool, err error) {
	it = &queue.Item{Bucket: j.Source.Bucket, Key: j.Source.ObjectKey, Name: j.Name}
	if it.Bucket == "" {
		if it.Bucket, err = m.firstBucket(ctx); err != nil {
			return nil, false, err
		}
	}
	if it.Bucket == "" || it.Key == "" {
		return nil, false, nil
	}
	for _, o := range append([]queue.Object{{Bucket: it.Bucket, Key: it.Key}}, objectsLike(j.Source, it.Bucket)...) {
		own := queue.Item{Bucket: o.Bucket, Key: o.Key}
		if m.names.Name(&own) == j.Name {
			return &own, true, nil
		}
		if own.Version = queue.VersionIn(j.Name); own.Version != 0 && m.names.Name(&own) == j.Name {
			return &queue.Item{Bucket: o.Bucket, Key: o.Key, Name: j.Name}, true, nil
		}
	}
	return it, false, nil
}

// under is whose for a job of one object.
func (m *matcher) under(ctx context.Context, o queue.Object, name string) (w whose, err error) {
	w.Entry, w.found, err = m.store.Find(ctx, m.batch, o)
	if err != nil || !w.found {
		return w, err
	}
	if m.names.Name(&w.Item) == name {
		w.exact = true
		return w, nil
	}
	if o.Version = queue.VersionIn(name); o.Version == 0 {
		return w, nil
	}
	e, found, err := m.store.Find(ctx, m.batch, o)
	if err != nil {
		return w, err
	}
	if found && m.names.Name(&e.Item) == name {
		w.Entry, w.exact = e, true
		return w, nil
	}
	it := w.Item
	if it.Version = o.Version; !found && m.names.Name(&it) == name {
		w.found, w.version = false, o.Version
	}
	return w, nil
}
