package intake

import (
	"context"
	"slices"
	"strconv"
	"time"

	"airlift/manifest/entry"
	"airlift/manifest/preflight"
	"airlift/queue"
)

// addDetails stores with an item the object's size and ETag from its source.
func addDetails(it *queue.Item, e *entry.Entry) {
	if e.Sized || e.ETag != "" {
		it.Details = &queue.Details{Size: queue.UnknownSize, ETag: e.ETag}
	}
	if e.Sized {
		it.Details.Size = e.Size
	}
}

// addMedia stores with an item the duration and audio channels found in the object's container.
func addMedia(it *queue.Item, m preflight.Media) {
	if m.Duration <= 0 && m.Channels <= 0 {
		return
	}
	if it.Details == nil {
		it.Details = &queue.Details{Size: queue.UnknownSize}
	}
	it.Details.Duration, it.Details.Channels = m.Duration.Round(time.Millisecond), m.Channels
}

// detailColumns: engines do not keep details, so in the queue of a dry run they are the last columns of each item. Their
// names are not valid UTF-8, as those of a source are.
var detailColumns = [...]string{"\xff size", "\xff etag", "\xff duration", "\xff channels"}

// packDetails turns the details of an item into columns.
func packDetails(it *queue.Item) {
	var values [len(detailColumns)]string
	if d := it.Details; d != nil {
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		values = [...]string{number(d.Size), d.ETag, number(int64(d.Duration)), number(int64(d.Channels))}
	}
	it.Extra = slices.Grow(slices.Clip(it.Extra), len(values))
	for i, value := range values {
		it.Extra = append(it.Extra, queue.Field{Name: detailColumns[i], Value: value})
	}
}

// unpackDetails turns these columns into details again.
func unpackDetails(it *queue.Item) {
	own := len(it.Extra) - len(detailColumns)
	values := it.Extra[own:]
	it.Extra = it.Extra[:own]
	if values[0].Value == "" {
		return
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(values[i].Value, 10, 64) // as packDetails has written it
		return n
	}
	it.Details = &queue.Details{Size: number(0), ETag: values[1].Value, Duration: time.Duration(number(2)), Channels: int(number(3))}
}

// Batch implements [queue.Reader].
func (t *trial) Batch(ctx context.Context, id string) (queue.Batch, error) {
	b, err := t.Store.Batch(ctx, id)
	b.Columns = slices.DeleteFunc(b.Columns, func(name string) bool { return slices.Contains(detailColumns[:], name) })
	return b, err
}

// Pages implements [queue.Reader].
func (t *trial) Pages(ctx context.Context, id string, f queue.Filter, fn func(queue.Page) error) error {
	if t.details {
		undetailed := fn
		fn = func(p queue.Page) error { return undetailed(detailedPage{p}) }
	}
	return t.Store.Pages(ctx, id, f, fn)
}

// detailedPage is a page with the details of its items.
type detailedPage struct{ queue.Page }

// Entries implements [queue.Page].
func (p detailedPage) Entries() ([]queue.Entry, error) {
	entries, err := p.Page.Entries()
	for i := range entries {
		unpackDetails(&entries[i].Item)
	}
	return entries, err
}
