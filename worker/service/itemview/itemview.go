package itemview

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"airlift/queue"
)

// Item is all that is known of an item.
type Item struct {
	Batch string
	queue.Entry
	// Name is that of its job, and Fields are what the row, the rules and the settings of the batch give now.
	Name   string
	Fields queue.JobFields
	// Events are what happened to it, in order.
	Events []queue.Event
}

// NoItemError: the batch has no item of an object.
type NoItemError struct {
	Batch, Key string
	// Near are some similar keys, and Buckets the buckets in which the key is, if no bucket was given and it is in several.
	Near, Buckets []string
}

func (e *NoItemError) Error() string {
	if len(e.Buckets) > 0 {
		return fmt.Sprintf("batch %q has the key %q in several buckets: %s", e.Batch, e.Key, quotedList(e.Buckets))
	}
	text := fmt.Sprintf("batch %q has no item with the key %q", e.Batch, e.Key)
	if len(e.Near) > 0 {
		text += "; similar ones are " + quotedList(e.Near)
	}
	return text
}

func quotedList(all []string) string { return strings.Trim(fmt.Sprintf("%q", all), "[]") }

// Of returns the item of an object, and those of its versions. Without a bucket the key may be in any; it is searched in the
// buckets of the batch's first and last items, and then in all items.
func Of(ctx context.Context, in queue.Reader, batch, bucket, key string) ([]Item, error) {
	b, err := in.Batch(ctx, batch)
	if err != nil {
		return nil, err
	}
	names, err := queue.NewNamer(b)
	if err != nil {
		return nil, err
	}
	found, err := find(ctx, in, &b, bucket, key)
	var all []Item
	for i := range found {
		it := Item{Batch: b.ID, Entry: found[i], Name: names.Name(&found[i].Item), Fields: b.Settings.Fields(&found[i].Item)}
		if it.Events, err = in.History(ctx, b.ID, it.Seq); err != nil {
			return nil, err
		}
		all = append(all, it)
	}
	return all, err
}

// find returns the items of one object.
func find(ctx context.Context, r queue.Reader, b *queue.Batch, bucket, key string) (found []queue.Entry, err error) {
	buckets := []string{bucket}
	if bucket == "" {
		if buckets, err = someBuckets(ctx, r, b); err != nil {
			return nil, err
		}
	}
	for _, name := range buckets {
		e, have, err := r.Find(ctx, b.ID, queue.Object{Bucket: name, Key: key})
		if err != nil {
			return nil, err
		}
		if have {
			found = append(found, e)
		}
	}
	var near []string
	if len(found) == 0 && bucket == "" || len(found) > 0 && b.Versions > 0 {
		if found, near, err = search(ctx, r, b.ID, bucket, key); err != nil {
			return nil, err
		}
	}
	missing := &NoItemError{Batch: b.ID, Key: key, Near: near}
	for _, e := range found {
		if !slices.Contains(missing.Buckets, e.Bucket) {
			missing.Buckets = append(missing.Buckets, e.Bucket)
		}
	}
	switch len(missing.Buckets) {
	case 1:
		return found, nil
	case 0:
		return nil, missing
	}
	missing.Near = nil
	return nil, missing
}

// fewItems is how many items at either end of a batch are asked for their buckets.
const fewItems = 100

// someBuckets returns the buckets of the first and the last items.
func someBuckets(ctx context.Context, r queue.Reader, b *queue.Batch) (buckets []string, err error) {
	items := uint64(b.Counts.Items)
	for _, span := range []queue.Span{{From: 0, To: fewItems}, {From: items - min(items, fewItems), To: items}} {
		enough, n := errors.New("enough"), 0
		err := queue.Entries(ctx, r, b.ID, queue.Filter{Span: &span}, func(e *queue.Entry) error {
			if !slices.Contains(buckets, e.Bucket) {
				buckets = append(buckets, e.Bucket)
			}
			if n++; n == fewItems {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			return nil, err
		}
	}
	return buckets, nil
}

// maxNear is how many similar keys are named.
const maxNear = 3

// search goes through all items. It returns those of a key, in a bucket if one is given, or else some keys that differ only in case,
// or in the folders before the name.
func search(ctx context.Context, r queue.Reader, batch, bucket, key string) (found []queue.Entry, near []string, err error) {
	similar := func(other string) bool {
		return len(near) < maxNear && (strings.EqualFold(other, key) || path.Base(other) == path.Base(key) || strings.EqualFold(path.Base(other), key))
	}
	f := queue.Filter{Key: func(other string) bool { return other == key || similar(other) }}
	err = queue.Entries(ctx, r, batch, f, func(e *queue.Entry) error {
		switch {
		case e.Key == key && (bucket == "" || e.Bucket == bucket):
			found = append(found, *e)
		case e.Key != key && similar(e.Key):
			near = append(near, e.Key)
		}
		return nil
	})
	return found, near, err
}
