package intake

import (
	"context"
	"errors"
	"fmt"

	"airlift/manifest/entry"
	"airlift/manifest/filter"
	"airlift/manifest/s3scan"
	"airlift/queue"
)

// errStore marks an error of the queue, which ends the reading; the source is not broken.
var errStore = errors.New("ask the queue")

// reject returns the rejected row of an item.
func reject(it *queue.Item, why string) row {
	return row{rejected: &queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Reason: why, Extra: it.Extra}}
}

// missingField returns why an item that is new to the batch lacks a required field. Known items were checked before. A
// changed object may be sent again, so it is checked again.
func (r *Reading) missingField(ctx context.Context, it *queue.Item) (string, error) {
	if r.needs == nil {
		return "", nil
	}
	why := lacks(r.needs.Fields(it))
	if why == "" || r.changed {
		return why, nil
	}
	known, err := r.has(ctx, queue.Object{Bucket: it.Bucket, Key: it.Key})
	if err != nil {
		return "", fmt.Errorf("%w: %w", errStore, err)
	}
	if known {
		return "", nil
	}
	return why, nil
}

// require makes the reading reject rows that lack a required field, including those read ahead.
func (r *Reading) require(ctx context.Context, settings queue.Settings, has func(context.Context, queue.Object) (bool, error)) error {
	if lacks(settings.JobFields) == "" {
		return nil
	}
	r.needs, r.has = &settings, has
	for i, h := range r.head {
		if h.item == nil {
			continue
		}
		why, err := r.missingField(ctx, h.item)
		if err != nil {
			return err
		}
		if why != "" {
			r.head[i] = reject(h.item, why)
		}
	}
	return nil
}

// warned records which of the one-time warnings were given.
type warned struct{ unknown, columns, foreign bool }

// warnUnknown warns once that a filter skips rows whose size or date is not known.
func (r *Reading) warnUnknown(e *entry.Entry, why string) {
	if r.warned.unknown || why != filter.SkipNoSize && why != filter.SkipNoDate {
		return
	}
	r.warned.unknown = true
	r.log.Warn().Str("source", r.List[r.next-1].Arg).Int64("line", e.Line).
		Msg(why + ": such rows are left out, for a filter asks for it and the source does not tell it; the summary counts them")
}

// warnColumns says once that rows have more columns than a batch may.
func (r *Reading) warnColumns(e *entry.Entry, err error) {
	if r.warned.columns {
		return
	}
	r.warned.columns = true
	r.log.Warn().Msgf("%s: line %d: the row is rejected: %v (logged once)", r.List[r.next-1].Arg, e.Line, err)
}

// warnForeign says once that a row names another server than Wasabi's.
func (r *Reading) warnForeign(e *entry.Entry) {
	if r.warned.foreign || e.Endpoint == "" || !s3scan.OutsideWasabi(e.Endpoint) {
		return
	}
	r.warned.foreign = true
	r.log.Warn().Int64("line", e.Line).Str("endpoint", shorten(e.Endpoint, 100)).Msg("a row names an S3 server that is not Wasabi's; AiR takes no credentials for a source, so it can read only public objects there (logged once)")
}
