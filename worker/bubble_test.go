package worker

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/memory"
	"airlift/ratelimit"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

const batch = "b"

// bubble is a queue in memory and an AiR in process, in fake time.
type bubble struct {
	t      *testing.T
	db     *memory.Queue
	opened time.Time
	air    *airtest.Server
	mu     sync.Mutex
	posts  []time.Time // when POSTs arrived; guarded by mu
	gets   []time.Time // when lists were asked for; guarded by mu
	// twins is how many objects the test itself gives two jobs.
	twins int
}

// inBubble runs a test at noon of fake time, with so many items pending.
func inBubble(t *testing.T, items int, c airtest.Config, test func(*bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour) // a bubble begins at midnight
		b := &bubble{t: t}
		observed := c.OnRequest
		c.OnRequest = func(r airtest.Request) {
			b.mu.Lock()
			if r.Method == "POST" {
				b.posts = append(b.posts, time.Now())
			} else {
				b.gets = append(b.gets, time.Now())
			}
			b.mu.Unlock()
			if observed != nil {
				observed(r)
			}
		}
		b.air = airtest.NewServer(c)
		defer b.air.Close()
		b.open()
		defer func() {
			b.check()
			b.close()
		}()
		if err := b.db.CreateBatch(t.Context(), queue.Batch{ID: batch, Account: queue.DefaultAccount, Settings: queue.Settings{JobFields: queue.JobFields{
			Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1",
		}}}); err != nil {
			t.Fatal(err)
		}
		b.add(0, items)
		test(b)
	})
}

// open opens the queue: a new one, or the one that was closed before, as the next process finds it.
func (b *bubble) open() {
	if b.db == nil {
		b.db = memory.New()
	} else {
		b.db = b.db.Reopen()
	}
	b.opened = time.Now()
}

// reopen opens the queue again, as after the end of the process.
func (b *bubble) reopen() {
	b.t.Helper()
	b.close()
	b.open()
}

func (b *bubble) close() {
	b.t.Helper()
	b.ok(b.db.Close())
}

// add enqueues items from to to.
func (b *bubble) add(from, to int) {
	b.t.Helper()
	var c queue.Chunk
	for i := from; i < to; i++ {
		c.Items = append(c.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i)})
	}
	if _, err := b.db.Add(b.t.Context(), batch, c); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bubble) client() *air.Client {
	b.t.Helper()
	client, err := air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("access-key", "secret-key"), Transport: b.air})
	if err != nil {
		b.t.Fatal(err)
	}
	return client
}

// pool returns a pool at a rate, 0 for unlimited.
func (b *bubble) pool(perSecond float64, change func(*Config)) *Pool {
	b.t.Helper()
	client := b.client()
	limit := ratelimit.Unlimited
	if perSecond > 0 {
		limit = rate.Limit(perSecond)
	}
	c := Config{
		Store: b.db, API: client, Limiter: ratelimit.NewLimiter(limit, 1), Batches: []string{batch}, Opened: b.opened, Log: zerolog.Nop(),
	}
	if change != nil {
		change(&c)
	}
	p, err := New(c)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// run runs a pool to its end.
func (b *bubble) run(perSecond float64, change func(*Config)) error {
	b.t.Helper()
	return b.pool(perSecond, change).Run(b.t.Context())
}

func (b *bubble) counts() queue.Counts {
	b.t.Helper()
	got, err := b.db.Batch(context.Background(), batch)
	if err != nil {
		b.t.Fatal(err)
	}
	return got.Counts
}

// want fails the test unless so many items are in each of the states; the others are empty.
func (b *bubble) want(want queue.Counts) {
	b.t.Helper()
	want.Items = want.Pending + want.Sending + want.InDoubt + want.Submitted + want.Failed + want.Cancelled
	if got := b.counts(); got != want {
		b.t.Errorf("books: got %+v, want %+v", got, want)
	}
}

// check holds for every test: the books balance, and no object has two jobs.
func (b *bubble) check() {
	b.t.Helper()
	if dup := b.air.Duplicates(); len(dup) != b.twins {
		b.t.Errorf("objects with more than one job: got %v, want %d", dup, b.twins)
	}
	report, err := b.db.Check(context.Background(), nil)
	if err != nil || len(report.Problems) > 0 {
		b.t.Errorf("check: %v %v", err, report.Problems)
	}
}

// arrivals returns how many POSTs and lists arrived so far.
func (b *bubble) arrivals() (posts, gets []time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(posts, b.posts...), append(gets, b.gets...)
}

// wantStop fails the test unless err is a stop of that reason.
func wantStop(t *testing.T, err error, want stop.Reason) {
	t.Helper()
	var s *stop.Error
	if !errors.As(err, &s) || s.Reason != want {
		t.Fatalf("the run ended with %v, want a stop of reason %d", err, want)
	}
}

func (b *bubble) limiter() *ratelimit.Limiter { return ratelimit.NewLimiter(ratelimit.Unlimited, 1) }

// dropBatch makes a list that ignores the batch that was asked for.
func dropBatch(q url.Values) { q.Del("batch") }
