package joblist

import (
	"context"
	"sync"

	"airlift/queue"
	"airlift/worker/air"
)

// match is the item that a listed job belongs to.
type match struct {
	queue.Entry
	found bool
	// version is set if the batch does not have the item, but the object: then Entry is the object's first item.
	version uint64
	// exact says that the item's job has this name and source; without it only the source agrees.
	exact bool
}

// holds reports whether the job is the one that the item has.
func (m *match) holds(j air.Job) bool {
	return m.found && m.State == queue.Submitted && m.JobID == j.ID
}

// matcher finds the items that listed jobs belong to.
type matcher struct {
	store queue.Reader
	batch string
	names queue.Namer

	mu     sync.Mutex
	bucket string // that of the batch's first item, once it is known; guarded by mu
}

// firstBucket returns the bucket of the batch's first item, or "" for an empty batch. Jobs that are listed without a bucket
// are looked for there.
func (m *matcher) firstBucket(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bucket != "" {
		return m.bucket, nil
	}
	err := queue.Entries(ctx, m.store, m.batch, queue.Filter{}, func(e *queue.Entry) error {
		m.bucket = e.Bucket
		return queue.ErrEnough
	})
	return m.bucket, err
}

// match finds the item of a job by the job's source and, as the object may have several, by its name. A job whose name is
// no item's counts as that of the object's first item, unless its source is only similar.
func (m *matcher) match(ctx context.Context, j air.Job) (got match, err error) {
	got, err = m.matchObject(ctx, queue.Object{Bucket: j.Source.Bucket, Key: j.Source.ObjectKey}, j.Name)
	if err != nil || got.found || got.version != 0 {
		return got, err
	}
	bucket := j.Source.Bucket
	if bucket == "" {
		if bucket, err = m.firstBucket(ctx); err != nil {
			return got, err
		}
	}
	for _, o := range objectsLike(j.Source, bucket) {
		like, err := m.matchObject(ctx, o, j.Name)
		if err != nil {
			return got, err
		}
		if like.exact {
			return like, nil
		}
	}
	return got, nil
}

// unsourced returns the item that an adoption adds for a job of an object that the batch does not have; nil if neither
// bucket and key nor the name identify the object. proven says that the job's name was generated from this object. If it was generated from
// another spelling of the object, or with the bucket of the batch, the item gets the original spelling.
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
	if j.Source.Bucket == "" || j.Name == "" {
		return nil, false, nil
	}
	return it, false, nil
}

// matchObject finds the item of an object whose job has this name; if there is none, the object's first item.
func (m *matcher) matchObject(ctx context.Context, o queue.Object, name string) (got match, err error) {
	got.Entry, got.found, err = m.store.Find(ctx, m.batch, o)
	if err != nil || !got.found {
		return got, err
	}
	if m.names.Name(&got.Item) == name {
		got.exact = true
		return got, nil
	}
	if o.Version = queue.VersionIn(name); o.Version == 0 {
		return got, nil
	}
	e, found, err := m.store.Find(ctx, m.batch, o)
	if err != nil {
		return got, err
	}
	if found && m.names.Name(&e.Item) == name {
		got.Entry, got.exact = e, true
		return got, nil
	}
	it := got.Item
	if it.Version = o.Version; !found && m.names.Name(&it) == name {
		got.found, got.version = false, o.Version
	}
	return got, nil
}
