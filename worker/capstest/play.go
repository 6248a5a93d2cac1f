package capstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/queue/learned"
	"airlift/queue/memory"
	"airlift/ratelimit"
	"airlift/ratelimit/caps"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

// Batch is the id of the batch that is sent.
const Batch = "archive"

// Play is a world in play.
type Play struct {
	World
	// DB is the queue as it is stored.
	DB  *memory.Queue
	Air *airtest.Server

	t     *testing.T
	rand  *rand.Rand
	skew  atomic.Int64
	each  func(*Play)
	items int
	first time.Time // when the server's first day began

	changing sync.Mutex // over DB

	mu sync.Mutex
	// The fields below are guarded by mu.
	result Result
	pause  *Pause
}

// Play plays the world in a bubble of fake time and returns what came of it. each, which may be nil, is called as the package says.
func (w World) Play(t *testing.T, each func(*Play)) (got Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(w.Begin)
		p := &Play{World: w, DB: memory.New(), t: t, rand: rand.New(rand.NewPCG(w.Seed, 2)), each: each}
		p.skew.Store(int64(w.Skew))
		p.Air = airtest.NewServer(airtest.Config{
			Clock:    func() time.Time { return time.Now().Add(time.Duration(p.skew.Load())) },
			Settings: airtest.Settings{ResetAt: airtest.Duration(w.ResetAt), Latency: airtest.Duration(w.Latency)},
			CapOn:    p.capOn,
			OnAccept: p.accepted,
		})
		defer p.Air.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(w.Days)*day)
		var others sync.WaitGroup
		p.fill()
		p.begin()
		others.Go(func() { p.live(ctx) })
		p.work(ctx)
		cancel()
		others.Wait()
		p.end()
		got = p.result
	})
	return got
}

// Now returns the time by AiR's clock.
func (p *Play) Now() time.Time { return p.Air.Now() }

// Learned returns what the queue has learned.
func (p *Play) Learned() caps.Learned {
	l, err := learned.Read(context.Background(), p.DB, queue.DefaultAccount, p.Now())
	p.ok(err)
	return l
}

// Left returns how many items are not submitted.
func (p *Play) Left() int64 {
	b, err := p.DB.Batch(context.Background(), Batch)
	p.ok(err)
	return b.Counts.Items - b.Counts.Submitted
}

func (p *Play) ok(err error) {
	if err != nil && !errors.Is(err, queue.ErrClosed) {
		p.t.Helper()
		p.t.Errorf("seed %d: %v", p.Seed, err)
	}
}

// fill enqueues the items.
func (p *Play) fill() {
	p.items = p.Items
	if p.items == 0 {
		for i := range p.Days + 2 {
			p.items += nth(p.Caps, i)
		}
	}
	p.ok(p.DB.CreateBatch(context.Background(), queue.Batch{ID: Batch, Account: queue.DefaultAccount, Settings: queue.Settings{JobFields: queue.JobFields{
		Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1",
	}}}))
	var c queue.Chunk
	for i := range p.items {
		c.Items = append(c.Items, queue.Item{Line: int64(i + 2), Bucket: "archive", Key: fmt.Sprintf("clip-%05d.mov", i)})
	}
	_, err := p.DB.Add(context.Background(), Batch, c)
	p.ok(err)
}

// work runs one process after the other until nothing is left or the days are over.
func (p *Play) work(ctx context.Context) {
	for first := true; ctx.Err() == nil && p.Left() > 0; first = false {
		if !first {
			p.sleepToNext(ctx)
			p.changing.Lock()
			p.DB = p.DB.Reopen()
			p.changing.Unlock()
		}
		err := p.run(ctx)
		if s, ok := errors.AsType[*stop.Error](err); ok && s.Reason != stop.Limit {
			p.t.Errorf("seed %d: the run ended with %v", p.Seed, err)
			return
		}
	}
}

// sleepToNext sleeps until about the end of the stored pause.
func (p *Play) sleepToNext(ctx context.Context) {
	a, err := p.DB.Account(ctx, queue.DefaultAccount, 0)
	if err != nil || a.Gate.PausedUntil.IsZero() {
		return
	}
	wait := time.Until(a.Gate.PausedUntil) - time.Duration(p.rand.IntN(100))*time.Second
	if p.Late > 0 {
		wait += time.Duration(p.rand.Int64N(int64(p.Late)))
	}
	_ = ratelimit.Sleep(ctx, max(wait, 0))
}

// run runs one process, which ends in a pause if it does not stay.
func (p *Play) run(ctx context.Context) error {
	client, err := air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("access-key", "secret-key"), Transport: p.Air})
	p.ok(err)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limiter := ratelimit.NewLimiter(rate.Limit(float64(p.PerDay)/day.Seconds()), 1)
	stays := p.rand.Float64() < p.Stays
	watch := &observer{play: p}
	if !stays {
		counted := min(time.Duration(16*86400/p.PerDay)*time.Second, 20*time.Minute) // others' jobs, from the list
		watch.leave = func() { time.AfterFunc(2*time.Minute+counted, cancel) }
	}
	pool, err := worker.New(worker.Config{
		Store: p.DB, API: client, Limiter: limiter, Batches: []string{Batch}, Opened: time.Now(), Workers: p.Workers, Log: zerolog.Nop(), Observer: watch,
	})
	if err != nil {
		return err
	}
	return pool.Run(ctx)
}
