package intake

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/rs/zerolog"

	"airlift/manifest"
	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/queue"
)

// row is the result for one row of a source: an item, a rejection or the reason to skip it.
type row struct {
	item     *queue.Item
	rejected *queue.Rejected
	skipped  string
	// times is how many rows, skipped for the same reason, this row stands for; 0 means one.
	times int64
	// part says that more rows of its page follow: they are stored together, with the marks of the last.
	part  bool
	marks []queue.Mark
}

// rowSource returns the next row of a reading, or io.EOF after the last.
type rowSource func(ctx context.Context) (row, error)

// Reading reads sources one after the other into a batch, while the batch is being sent.
type Reading struct {
	Sources
	// Preview, if set, sees the items on their way before any of them is stored.
	Preview func(ctx context.Context, items []queue.Item) error
	// Accepted counts, after a replacement, the replaced items that AiR had already accepted.
	Accepted int64

	names queue.Namer
	// needs, if not nil, are settings that lack a required field: a row that does not set it either is
	// rejected, unless the batch has its object already.
	needs *queue.Settings
	has   func(ctx context.Context, o queue.Object) (bool, error)
	// changed adds changed objects again; sent leaves out what other batches sent; replace withdraws at
	// the end what only earlier readings have; details keeps what the sources say of the objects.
	changed, replace, details bool
	sent                      sentBefore
	// columns are the extra columns of the batch, with those of this reading; stored are those before it.
	columns   *queue.ColumnSet
	stored    []string
	preflight *preflightStage // nil: the objects are not checked
	batchSize func(items int64)
	services  *ServiceWarnings
	log       zerolog.Logger

	next    int // the source to open next
	current manifest.Reader
	head    []row       // rows read ahead
	entry   entry.Entry // the entry last read
	spare   *queue.Item // an item that can be reused
	whole   bool        // all sources were read from their beginning to their end
	warned  warned
	nothing emptiness
	progress

	pouring bool // Into has begun, and closes what is open

	mu     sync.Mutex
	end    End                // guarded by mu
	cancel context.CancelFunc // cancels the open source; guarded by mu
}

// read returns the next row of all sources, or io.EOF after the last.
func (r *Reading) read(ctx context.Context) (row, error) {
	for {
		if r.current == nil {
			if r.next == len(r.List) {
				r.endAll()
				return row{}, io.EOF
			}
			if err := r.openNext(ctx); err != nil {
				if errors.Is(err, entry.ErrUsage) && r.next == 1 { // nothing has been read yet
					return row{}, err
				}
				if ctx.Err() != nil {
					return row{}, context.Cause(ctx)
				}
				r.breaks(err)
			}
			if r.current == nil {
				continue
			}
		}
		got, err := r.readRow(ctx)
		switch {
		case err == nil:
			r.nothing.see(got)
			return r.withMarks(got), nil
		case errors.Is(err, io.EOF):
			r.ended()
			r.endSource(r.List[r.next-1])
		case ctx.Err() != nil:
			return row{}, context.Cause(ctx) // it did not break off: it was interrupted
		case errors.Is(err, errStore):
			return row{}, err
		default:
			r.breaks(err)
		}
		r.closeSource()
	}
}

// readRow reads one row of the open source.
func (r *Reading) readRow(ctx context.Context) (row, error) {
	err := r.current.Read(&r.entry)
	if err == nil {
		return r.rowOf(ctx, &r.entry)
	}
	var bad *entry.RowError
	if !errors.As(err, &bad) {
		return row{}, err
	}
	if len(r.List) > 1 {
		bad.Reason = bad.Source + ": " + bad.Reason
	}
	return row{rejected: &queue.Rejected{Line: bad.Line, Bucket: bad.Bucket, Key: bad.Key, Reason: bad.Reason, Extra: r.columns.Keep(fields(bad.Extra))}}, nil
}

// rowOf turns an entry into a row.
func (r *Reading) rowOf(ctx context.Context, e *entry.Entry) (row, error) {
	if why := r.Filter.Skip(e); why != "" {
		r.warnUnknown(e, why)
		return row{skipped: why}, nil
	}
	item := r.itemOf(e)
	if err := r.columns.Add(item.Extra); err != nil {
		r.warnColumns(e, err)
		item.Extra = r.columns.Keep(item.Extra)
		return reject(item, err.Error()), nil
	}
	if r.details {
		addDetails(item, e)
	}
	if s3scan.HasPassword(e.Endpoint) {
		item.Own.SourceEndpoint = ""
		return reject(item, "the endpoint holds a user or password: take it out, it would be sent and stored"), nil
	}
	r.warnForeign(e)
	why, err := r.missingField(ctx, item)
	if err != nil {
		return row{}, err
	}
	if why != "" {
		return reject(item, why), nil
	}
	r.services.Check(r.log, "the row's services", e.Line, item.Own.Services)
	return row{item: item}, nil
}

// itemOf makes an entry an item.
func (r *Reading) itemOf(e *entry.Entry) *queue.Item {
	item := r.spare
	if r.spare = nil; item == nil {
		item = new(queue.Item)
	}
	*item = queue.Item{
		Line: e.Line, Bucket: e.Bucket, Key: e.Key, Name: e.Name, Extra: fields(e.Extra),
		Content: queue.ContentOf(e.ETag, e.Size, e.Sized),
		Own: queue.JobFields{
			Services: e.Services, Priority: e.Priority, DestinationBucket: e.DestinationBucket,
			DestinationRegion: e.DestinationRegion, SourceRegion: e.Region, SourceEndpoint: e.Endpoint,
		},
	}
	if e.State != "" {
		r.forgetName(item)
	}
	return item
}

// forgetName removes from a row of a report the name that its item has in this batch anyway: the report says how the
// job is named, not that a manifest chose the name, and the row must not conflict with the item.
func (r *Reading) forgetName(it *queue.Item) {
	bare := *it
	bare.Name = ""
	if r.names.Name(&bare) == it.Name {
		it.Name = ""
	}
}

func fields(in []entry.Field) []queue.Field {
	if len(in) == 0 {
		return nil
	}
	out := make([]queue.Field, len(in))
	for i, f := range in {
		out[i] = queue.Field(f)
	}
	return out
}

// peek reads ahead until it has n items or the sources end. Into starts with these rows. Skipped rows are only
// counted, because there may be millions.
func (r *Reading) peek(ctx context.Context, n int) error {
	if r.Limit > 0 {
		n = int(min(int64(n), r.Limit))
	}
	items, skipped := 0, map[string]int{}
	for items < n {
		got, err := r.read(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if at, again := skipped[got.skipped]; again && got.marks == nil {
			r.head[at].times++
			continue
		}
		if got.skipped != "" {
			got.times, skipped[got.skipped] = 1, len(r.head)
		}
		if got.marks != nil {
			clear(skipped) // the rows of another page are counted with that one
		}
		r.head = append(r.head, got)
		if got.item != nil {
			items++
		}
	}
	return nil
}

// look calls f with the first items in order, reading ahead as needed, until f returns true or has seen most items.
func (r *Reading) look(ctx context.Context, most int, f func(*queue.Item) bool) error {
	for seen := 0; seen < most; seen++ {
		have := r.items()
		if seen == len(have) {
			if err := r.peek(ctx, 1); err != nil {
				return err
			}
			if have = r.items(); seen == len(have) {
				return nil
			}
		}
		if f(have[seen]) {
			return nil
		}
	}
	return nil
}

// items returns the items that peek has read.
func (r *Reading) items() []*queue.Item {
	var out []*queue.Item
	for _, h := range r.head {
		if h.item != nil {
			out = append(out, h.item)
		}
	}
	return out
}

// headFirst returns the rows that peek has read, and then reads on.
func (r *Reading) headFirst(ctx context.Context) (row, error) {
	if len(r.head) == 0 {
		return r.read(ctx)
	}
	first := r.head[0]
	r.head = r.head[1:]
	return first, nil
}
