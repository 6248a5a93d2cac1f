package main

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/rs/zerolog"

	"airlift/manifest"
	"airlift/queue"
)

// mostRows bounds a chunk: large enough to make a commit worth it, small enough for memory and not to hold up the claims.
const mostRows = 16 << 10

// row is what became of one row of a source: exactly one of the three.
type row struct {
	item     *queue.Item
	rejected *queue.Rejected
	skipped  string
	// times is of how many rows that were skipped for the same reason this tells, 0 for one.
	times int64
	// part says that its page goes on: it is stored together with the rows that follow, and with the marks of the last.
	part  bool
	marks []queue.Mark
}

// reading reads some sources one after the other into a batch, while the batch is being worked.
type reading struct {
	sources
	// settings are those of the batch if they do not give all that a job needs: a row that leaves a needed field to
	// nobody is rejected, unless the batch has it already. Nil: nothing is asked for.
	settings *queue.Settings
	has      func(ctx context.Context, o queue.Object) bool
	// changed takes objects whose contents changed once more; since leaves out what other batches sent.
	changed bool
	since   since
	// replaces, if not nil, takes back at the end what only earlier readings have.
	replaces *replaceFlags
	// accepted counts those of them that AiR has accepted already.
	accepted int64
	// columns are the further ones of the batch, those of this reading too; stored are those that it had before.
	columns *queue.ColumnSet
	stored  []string
	// first, if not nil, shows the first jobs.
	first *firstJobs
	// grown, if not nil, is told how many items the batch has after each chunk.
	grown func(items int64)
	log   zerolog.Logger
	// services warns of the rows' own services; nil: nothing does.
	services *serviceWarner

	next    int // the source to open next
	current manifest.Reader
	head    []row
	entry   manifest.Entry // the last one that was read
	spare   *queue.Item    // one that nobody holds any more
	warned  bool           // of rows left out because their size or date is not known
	whole   bool           // all sources were read from their beginning to their end
	progress
	// describes adds to the items what the source tells of the object, for a plan.
	describes bool
	// warnedForeign says that a warning of a source outside Wasabi was given.
	warnedForeign bool
	// warnedColumns says that a warning of a column too many was given.
	warnedColumns bool
	nothing       emptiness

	mu sync.Mutex
	// broken is the first source that broke off; empty is what was found to be empty; worst the exit code of all these.
	// Guarded by mu.
	broken error
	empty  []string
	worst  int
}

// afresh returns a reading of the sources from their beginning, that judges rows as this one does.
func (r *reading) afresh(from sources) *reading {
	return &reading{sources: from, settings: r.settings, has: r.has, changed: r.changed, since: r.since, grown: r.grown, describes: r.describes, log: r.log,
		services: r.services, stored: r.stored, columns: queue.NewColumnSet(r.stored)}
}

// read returns the next row of all sources, or io.EOF after the last.
func (r *reading) read(ctx context.Context) (row, error) {
	for {
		if r.current == nil {
			if r.next == len(r.list) {
				r.endAll()
				return row{}, io.EOF
			}
			if err := r.openNext(ctx); err != nil {
				if errors.Is(err, manifest.ErrUsage) && r.next == 1 { // nothing was read yet
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
		err := r.current.Read(&r.entry)
		var bad *manifest.RowError
		switch {
		case err == nil:
			got := r.judge(ctx, &r.entry)
			r.nothing.see(got)
			return r.placed(got), nil
		case errors.As(err, &bad):
			if len(r.list) > 1 {
				bad.Reason = bad.Source + ": " + bad.Reason
			}
			got := row{rejected: &queue.Rejected{Line: bad.Line, Bucket: bad.Bucket, Key: bad.Key, Reason: bad.Reason, Extra: r.columns.Keep(fields(bad.Extra))}}
			r.nothing.see(got)
			return r.placed(got), nil
		case errors.Is(err, io.EOF):
			r.ended()
			r.endSource(r.list[r.next-1])
		case ctx.Err() != nil:
			return row{}, context.Cause(ctx) // it did not break off: we ended it
		default:
			r.breaks(err)
		}
		r.shut()
	}
}

// openNext opens the next source. It leaves none open if that one is read to its end already, or may be empty and is.
func (r *reading) openNext(ctx context.Context) error {
	src := r.list[r.next]
	r.next++
	at := r.scans[r.next-1]
	if at.Done {
		r.ended()
		return nil
	}
	options := r.options
	options.Scan.Cursor = at.Cursor
	opened, err := manifest.Open(ctx, src.Arg, options)
	if r.allowEmpty && errors.Is(err, manifest.ErrEmpty) {
		r.ended()
		return nil
	}
	if err != nil {
		return err
	}
	r.current = opened
	r.nothing.begin(at.Cursor != nil)
	return nil
}

// openOnly opens the only source, if it is a manifest, before a batch is made for it. Its error says that nothing of it
// can be read.
func (r *reading) openOnly(ctx context.Context) error {
	if len(r.list) != 1 || r.next != 0 || r.list[0].Kind == manifest.KindS3Scan {
		return nil
	}
	err := r.openNext(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// forgetName takes from a row of a report the name that its item has in this batch anyway: the report says what it was
// called, not that somebody chose the name, and the row does not contradict the item.
func (r *reading) forgetName(it *queue.Item) {
	bare := *it
	bare.Name = ""
	if r.names.Name(&bare) == it.Name {
		it.Name = ""
	}
}

// judge turns an entry into a row.
func (r *reading) judge(ctx context.Context, e *manifest.Entry) row {
	if why := r.filter.Skip(e); why != "" {
		r.warnUnknown(e, why)
		return row{skipped: why}
	}
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
	if err := r.columns.Add(item.Extra); err != nil {
		r.warnColumns(e, err)
		item.Extra = r.columns.Keep(item.Extra)
		return rejectItem(item, err.Error())
	}
	if r.describes {
		describe(item, e)
	}
	if hasPassword(e.Endpoint) {
		item.Own.SourceEndpoint = ""
		return rejectItem(item, "the endpoint holds a user or password: take it out, it would be sent and stored")
	}
	if e.Endpoint != "" && !r.warnedForeign && outsideWasabi(e.Endpoint) {
		r.warnedForeign = true
		r.log.Warn().Int64("line", e.Line).Str("endpoint", cut(e.Endpoint, 100)).Msg("a row names an S3 server that is not Wasabi's; AiR takes no credentials for a source, so it can read only what is public there (said once)")
	}
	if why := r.unserved(ctx, item); why != "" {
		return rejectItem(item, why)
	}
	r.services.check(r.log, "the row's services", e.Line, item.Own.Services)
	return row{item: item}
}

// unserved says what an item lacks that is new to the batch; one that the batch has was judged before. With --changed it
// may be sent once more, so it is judged again.
func (r *reading) unserved(ctx context.Context, it *queue.Item) string {
	if r.settings == nil {
		return ""
	}
	why := lacks(r.settings.Fields(it))
	if why == "" || r.has != nil && !r.changed && r.has(ctx, queue.Object{Bucket: it.Bucket, Key: it.Key}) {
		return ""
	}
	return why
}

// rejectItem turns an item away.
func rejectItem(it *queue.Item, why string) row {
	return row{rejected: &queue.Rejected{Line: it.Line, Bucket: it.Bucket, Key: it.Key, Reason: why, Extra: it.Extra}}
}

func fields(in []manifest.Field) []queue.Field {
	if len(in) == 0 {
		return nil
	}
	out := make([]queue.Field, len(in))
	for i, f := range in {
		out[i] = queue.Field(f)
	}
	return out
}

// peek reads ahead until n items are there or the sources end; into still gives these rows first. Skipped rows, of which
// there may be millions before an item, take no room.
func (r *reading) peek(ctx context.Context, n int) error {
	if r.choice.limit > 0 {
		n = int(min(int64(n), r.choice.limit))
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

// look shows f the items in their order, reading ahead as it must, until f has seen enough, or most of them.
func (r *reading) look(ctx context.Context, most int, f func(*queue.Item) bool) error {
	for seen := 0; seen < most; seen++ {
		if have := len(r.items()); seen == have {
			if err := r.peek(ctx, 1); err != nil {
				return err
			}
			if len(r.items()) == have {
				return nil
			}
		}
		if f(r.items()[seen]) {
			return nil
		}
	}
	return nil
}

// items returns the items that peek has read.
func (r *reading) items() []*queue.Item {
	var out []*queue.Item
	for _, h := range r.head {
		if h.item != nil {
			out = append(out, h.item)
		}
	}
	return out
}

// into reads everything into the batch. The reading is complete only if it ends cleanly; after an error it is not, and
// neither when ctx is done. Rows come out of a source that may block for ever (a pipe), so the one who reads is not
// waited for when ctx is done.
func (r *reading) into(ctx context.Context, db queue.Store, batch string) error {
	if r.unread() {
		if r.replaces != nil {
			return r.replaceEarlier(ctx, db, batch) // which refuses
		}
		return nil
	}
	if err := r.begin(ctx, db, batch); err != nil {
		return err
	}
	b := newRowBuffer()
	go func() { b.end(r.pour(ctx, b)) }()
	unsure, err := r.drain(ctx, db, batch, b)
	if unsure > 0 {
		r.log.Warn().Str("batch", batch).Int64("objects", unsure).Msg("--changed: objects whose earlier content is not known, or for which " +
			"this source tells neither size nor ETag, could not be compared: they count as known. What was found now is what the next run compares with")
	}
	_, broken := r.exitStatus()
	complete := err == nil && broken == nil
	r.whole = complete && r.scans == nil && r.choice.limit == 0
	last := context.WithoutCancel(ctx) // the one who reads may not have begun, and must find its own ctx
	err = errors.Join(err, r.forget(last, db, batch), db.EndReading(last, batch, complete))
	if err == nil && r.replaces != nil {
		err = r.replaceEarlier(ctx, db, batch)
	}
	return err
}

// unread reports whether it is known before the reading begins that nothing can be read.
func (r *reading) unread() bool {
	_, broken := r.exitStatus()
	return broken != nil && r.next == len(r.list) && r.current == nil && len(r.head) == 0
}

// pour reads the sources to their end into the buffer.
func (r *reading) pour(ctx context.Context, b *rowBuffer) error {
	next := r.chosen(r.headFirst)
	if r.preflight != nil {
		var stop func()
		next, stop = r.preflight.over(ctx, next)
		defer stop()
	}
	for ctx.Err() == nil {
		got, err := next(ctx)
		if errors.Is(err, io.EOF) {
			r.shut() // --limit ends before the source does
			return nil
		}
		if broken := (*manifest.BrokenError)(nil); errors.As(err, &broken) {
			r.brokeOff(r.hidden(err))
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.put(ctx, got); err != nil {
			return err
		}
		if r.preflight == nil { // which reads in a goroutine of its own
			r.spare = got.item
		}
	}
	return context.Cause(ctx)
}

// headFirst is read with what peek has read before.
func (r *reading) headFirst(ctx context.Context) (row, error) {
	if len(r.head) == 0 {
		return r.read(ctx)
	}
	first := r.head[0]
	r.head = r.head[1:]
	return first, nil
}
