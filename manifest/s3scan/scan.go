package s3scan

import (
	"airlift/manifest/entry"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/time/rate"
)

// DefaultWorkers is how many requests of a scan are under way at once if
// nothing else is said.
const DefaultWorkers = 16

// Config says how a bucket is listed. The zero value is a good one.
type Config struct {
	// Workers is how many requests may be under way at once; 0 is
	// DefaultScanWorkers. About two pages a worker are held in memory.
	Workers int
	// Rate bounds the requests a second; 0 does not.
	Rate rate.Limit
	// RetryBudget is how long a page is asked for while the server has passing
	// trouble (5xx, throttling, no answer); 0 is ten minutes. Before the first
	// page it is at most 15 seconds.
	RetryBudget time.Duration
	// Cursor is what Resumer.Cursor returned in an earlier scan of the same
	// source: this one goes on from there. nil begins.
	Cursor []byte
}

// scan lists a bucket with some workers at once. It begins as one span, which a
// worker reads from its beginning. A worker without work splits one: it asks the
// server for what follows on some key in the part not yet read, a folder's name
// at best, and takes over from the first key that comes.
type scan struct {
	listing
	retryBudget time.Duration
	ctx         context.Context // of the whole; done when nobody reads any more
	pages       chan *page

	mu sync.Mutex
	// The fields below are guarded by mu.
	spans       []*span       // not yet listed to their end, in the order of keys
	waiting     []*span       // those of them that no worker has
	splitPoints []string      // see hint; sorted
	folders     []string      // those of the last survey; sorted
	probes      []string      // hints being tried
	searching   bool          // one worker asks for hints
	changed     chan struct{} // closed at the next change of all this
	err         error         // the first
}

// Open asks for the first page, so that a bucket that cannot be listed fails
// at once.
func Open(ctx context.Context, client Client, source, bucket, prefix string, c Config) (*Reader, error) {
	at, spans, err := newCursor(c.Cursor)
	if err != nil {
		return nil, &entry.BrokenError{Source: source, Unread: true, Err: err, Remedy: "run the same command again: it begins afresh"}
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &scan{
		listing: listing{client: client, bucket: bucket, prefix: prefix}, retryBudget: c.RetryBudget, ctx: ctx,
		pages: make(chan *page), spans: slices.Clone(spans), waiting: spans, changed: make(chan struct{}),
	}
	if s.retryBudget == 0 {
		s.retryBudget = defaultRetryBudget
	}
	if c.Rate > 0 {
		s.limiter = rate.NewLimiter(c.Rate, 1)
	}
	workers := c.Workers
	if workers <= 0 {
		workers = DefaultWorkers
	}
	var first *span
	var a *answer
	if len(spans) > 0 {
		first, s.waiting = spans[0], spans[1:]
		if a, err = s.ask(ctx, query{after: first.after}, min(s.retryBudget, openRetryBudget)); err != nil {
			cancel()
			err, remedy := Explain(err, bucket)
			return nil, &entry.BrokenError{Source: source, Unread: true, Err: fmt.Errorf("list the bucket: %w", err), Remedy: remedy}
		}
	}
	go s.run(workers, first, a)
	return &Reader{source: source, bucket: bucket, pages: s.pages, cancel: cancel, at: at, ordinal: at.objects, page: &page{}}, nil
}

// run lets the workers list, waits for them, and sends how it ended.
func (s *scan) run(workers int, first *span, a *answer) {
	defer close(s.pages)
	// Requests end with the first failure; what was listed until then is still handed over.
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			var err error
			if i == 0 && first != nil {
				err = s.list(ctx, first, a)
			}
			if err == nil {
				err = s.work(ctx)
			}
			if err != nil {
				s.fail(err)
				cancel()
			}
		})
	}
	all.Wait()
	err := s.err
	if err == nil {
		err = io.EOF
	}
	_ = s.send(&page{err: err})
}

// work lists what no other worker does, until all is listed.
func (s *scan) work(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.err != nil || len(s.spans) == 0 {
			s.mu.Unlock()
			return nil
		}
		if len(s.waiting) > 0 {
			sp := s.waiting[0]
			s.waiting = s.waiting[1:]
			s.mu.Unlock()
			if err := s.list(ctx, sp, nil); err != nil {
				return err
			}
			continue
		}
		if m, ok := s.nextSplitPoint(); ok {
			s.probes = append(s.probes, m)
			s.mu.Unlock()
			if err := s.probe(ctx, m); err != nil {
				return err
			}
			continue
		}
		if sp := s.dueSpan(); sp != nil && !s.searching {
			s.searching = true
			pos, end := sp.pos, sp.end
			s.mu.Unlock()
			found, folders := s.findSplitPoints(ctx, pos, end)
			s.mu.Lock()
			s.splitPoints, s.searching = found, false
			if folders {
				s.folders = slices.Clone(found)
			}
			s.broadcast()
			s.mu.Unlock()
			continue
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// probe lists from a hint on. That it fails, or finds nothing, matters little.
func (s *scan) probe(ctx context.Context, m string) error {
	a, err := s.ask(ctx, query{after: m}, 0)
	s.mu.Lock()
	s.probes = slices.DeleteFunc(s.probes, func(other string) bool { return other == m })
	if err != nil {
		s.mu.Unlock()
		return sleep(ctx, backoff(1))
	}
	s.dropSplitPoints(m, a)
	sp, p := s.split(m, a)
	s.mu.Unlock()
	if sp == nil {
		return nil
	}
	if a, err = s.deliver(ctx, sp, p, a); err != nil || p.last {
		return err
	}
	return s.list(ctx, sp, a)
}

// finish takes a span out that is listed to its end, and returns that.
func (s *scan) finish(sp *span) (end string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = slices.DeleteFunc(s.spans, func(other *span) bool { return other == sp })
	s.broadcast()
	return sp.end
}

// fail notes the first failure.
func (s *scan) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	s.broadcast()
}

// broadcast wakes the workers that wait for a change.
func (s *scan) broadcast() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// send hands a page to the one who reads.
func (s *scan) send(p *page) error {
	select {
	case s.pages <- p:
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
}

// Reader reads what a scan lists.
type Reader struct {
	source, bucket string
	pages          <-chan *page
	cancel         context.CancelFunc

	page    *page
	pos     int     // in the page's objects
	ordinal int64   // of the last object
	at      *cursor // after the last whole page
	err     error   // that every further Read returns
	closed  atomic.Bool
}

// Read returns the next object; see Reader.
func (r *Reader) Read(e *entry.Entry) error {
	err := r.read(e)
	if r.closed.Load() {
		return fs.ErrClosed
	}
	return err
}

func (r *Reader) read(e *entry.Entry) error {
	for r.err == nil && r.pos == len(r.page.objects) {
		p, ok := <-r.pages
		switch {
		case !ok: // cancelled, and nobody could say so
			r.err = r.end(context.Canceled)
		case p.err != nil:
			r.err = r.end(p.err)
		default:
			r.page, r.pos = p, 0
			if len(p.objects) == 0 {
				r.at.read(p)
			}
		}
	}
	if r.err != nil {
		return r.err
	}
	o := &r.page.objects[r.pos]
	if r.pos++; r.pos == len(r.page.objects) {
		r.at.read(r.page)
	}
	r.ordinal++
	key := *o.Key
	if reason := entry.KeyProblem(key); reason != "" {
		return &entry.RowError{Source: r.source, Line: r.ordinal, Bucket: r.bucket, Key: key, Reason: reason}
	}
	*e = entry.Entry{
		Line: r.ordinal, Bucket: r.bucket, Key: key, Scan: true,
		Sized: o.Size != nil, Size: aws.ToInt64(o.Size), ETag: strings.Trim(aws.ToString(o.ETag), `"`), StorageClass: string(o.StorageClass),
	}
	if o.LastModified != nil {
		e.LastModified = o.LastModified.UTC()
	}
	return nil
}

// Cursor says how far the scan has come; see Resumer.
func (r *Reader) Cursor() []byte {
	if r.pos < len(r.page.objects) {
		return nil
	}
	return r.at.record()
}

// end turns the last page's error into the reader's.
func (r *Reader) end(err error) error {
	if err == io.EOF {
		return io.EOF
	}
	err, remedy := Explain(err, r.bucket)
	return &entry.BrokenError{Source: r.source, Unread: r.ordinal == 0,
		Err: fmt.Errorf("the listing broke off after %d objects: %w", r.ordinal, err), Remedy: remedy}
}

// Close ends the listing and waits for its goroutines.
func (r *Reader) Close() error {
	r.closed.Store(true)
	r.cancel()
	for range r.pages {
		// It is closed when all have ended.
	}
	return nil
}
