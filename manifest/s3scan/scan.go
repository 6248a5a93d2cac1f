package s3scan

import (
	"cmp"
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

	"airlift/manifest/entry"
	"airlift/ratelimit"
)

// DefaultWorkers is the number of concurrent requests of a scan by default.
const DefaultWorkers = 16

// Config says how a bucket is listed. The zero value is a good one.
type Config struct {
	// Workers is the number of concurrent requests; 0 means DefaultWorkers. A scan
	// holds about two pages a worker in memory.
	Workers int
	// Rate limits the requests a second; 0 means no limit.
	Rate rate.Limit
	// RetryBudget is how long a request is retried on errors that may pass (5xx, throttling, no answer); 0 means ten
	// minutes. Before the first page it is at most 15 seconds.
	RetryBudget time.Duration
	// Cursor is what Reader.Cursor returned in an earlier scan of the same source:
	// this scan continues from there. nil starts at the beginning.
	Cursor []byte
}

// scan lists a bucket with several workers. It starts as one key range, which a worker reads from the beginning. A
// worker without a range splits one: it lists from a split point in the part that is not read yet, and takes over from
// the first key that the server returns.
type scan struct {
	listing
	retryBudget time.Duration
	gone        <-chan struct{} // closed when the Reader is closed
	pages       chan *page

	mu sync.Mutex
	// The fields below are guarded by mu.
	ranges      []*keyRange   // not listed to their end, in key order
	waiting     []*keyRange   // those without a worker
	splitPoints []string      // sorted; see nextSplitPoint
	folders     []string      // sorted; the last ones that findSplitPoints found
	probes      []string      // split points that workers are listing from
	searching   bool          // a worker is in findSplitPoints
	changed     chan struct{} // closed at the next change of these fields
	err         error         // the first
}

// Open requests the first page, so that a bucket that cannot be listed fails at
// once. source is the name for messages. Its errors are *entry.BrokenError.
func Open(ctx context.Context, client Client, source, bucket, prefix string, c Config) (*Reader, error) {
	at, ranges, err := newCursor(c.Cursor)
	if err != nil {
		return nil, &entry.BrokenError{Source: source, Unread: true, Err: err, Remedy: "run the same command again: it begins afresh"}
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &scan{
		listing: listing{client: client, bucket: bucket, prefix: prefix}, retryBudget: cmp.Or(c.RetryBudget, defaultRetryBudget), gone: ctx.Done(),
		pages: make(chan *page), ranges: slices.Clone(ranges), waiting: ranges, changed: make(chan struct{}),
	}
	if c.Rate > 0 {
		s.limiter = rate.NewLimiter(c.Rate, 1)
	}
	workers := c.Workers
	if workers <= 0 {
		workers = DefaultWorkers
	}
	var first *keyRange
	var a *answer
	if len(ranges) > 0 {
		first, s.waiting = ranges[0], ranges[1:]
		if a, err = s.ask(ctx, query{after: first.after}, min(s.retryBudget, openRetryBudget)); err != nil {
			cancel()
			err, remedy := Explain(err, bucket)
			return nil, &entry.BrokenError{Source: source, Unread: true, Err: fmt.Errorf("list the bucket: %w", err), Remedy: remedy}
		}
	}
	go s.run(ctx, workers, first, a)
	return &Reader{source: source, bucket: bucket, pages: s.pages, cancel: cancel, at: at, ordinal: at.objects, page: &page{}}, nil
}

// run starts the workers, waits for them, and sends how the scan ended.
func (s *scan) run(ctx context.Context, workers int, first *keyRange, a *answer) {
	defer close(s.pages)
	// The first failure ends all requests; pages listed before it are still sent.
	ctx, cancel := context.WithCancel(ctx)
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

// work lists ranges without a worker, until everything is listed.
func (s *scan) work(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.err != nil || len(s.ranges) == 0 {
			s.mu.Unlock()
			return nil
		}
		if len(s.waiting) > 0 {
			kr := s.waiting[0]
			s.waiting = s.waiting[1:]
			s.mu.Unlock()
			if err := s.list(ctx, kr, nil); err != nil {
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
		if kr := s.dueRange(); kr != nil && !s.searching {
			s.searching = true
			pos, end := kr.pos, kr.end
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

// probe lists from a split point. Nothing depends on its success.
func (s *scan) probe(ctx context.Context, m string) error {
	a, err := s.ask(ctx, query{after: m}, 0)
	s.mu.Lock()
	s.probes = slices.DeleteFunc(s.probes, func(other string) bool { return other == m })
	if err != nil {
		s.mu.Unlock()
		return ratelimit.Sleep(ctx, backoff(2))
	}
	s.dropSplitPoints(m, a)
	kr, p := s.split(m, a)
	s.mu.Unlock()
	if kr == nil {
		return nil
	}
	if a, err = s.deliver(ctx, kr, p, a); err != nil || p.last {
		return err
	}
	return s.list(ctx, kr, a)
}

// finish removes a range that is listed to its end, and returns that end.
func (s *scan) finish(kr *keyRange) (end string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ranges = slices.DeleteFunc(s.ranges, func(other *keyRange) bool { return other == kr })
	s.broadcast()
	return kr.end
}

// fail records the first failure.
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

// send sends a page to the Reader.
func (s *scan) send(p *page) error {
	select {
	case s.pages <- p:
		return nil
	case <-s.gone:
		return context.Canceled
	}
}

// Reader returns the objects that a scan lists.
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

// Read returns the next object. It behaves as manifest.Reader says.
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
		case !ok: // canceled
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

// Cursor returns where another scan can continue; see manifest.Resumer.
func (r *Reader) Cursor() []byte {
	if r.pos < len(r.page.objects) {
		return nil
	}
	return r.at.record()
}

// end converts the error of the last page.
func (r *Reader) end(err error) error {
	if err == io.EOF {
		return io.EOF
	}
	err, remedy := Explain(err, r.bucket)
	return &entry.BrokenError{Source: r.source, Unread: r.ordinal == 0,
		Err: fmt.Errorf("the listing broke off after %d objects: %w", r.ordinal, err), Remedy: remedy}
}

// Close ends the listing and waits for its goroutines. It may be called during a Read in another goroutine.
func (r *Reader) Close() error {
	r.closed.Store(true)
	r.cancel()
	for range r.pages {
		// run closes it when all workers have returned
	}
	return nil
}
