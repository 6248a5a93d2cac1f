package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/joblist"
	"airlift/worker/stop"
)

func init() {
	tasks["airlift-submit"] = airliftSubmit
	tasks["bare-submit"] = bareSubmit
}

const (
	// workers is how many submit at once.
	workers = 64
	// easedGC is what the command sets as GOGC when it only submits, with so little in use. The peer has it too.
	easedGC = 400
)

// settings are those of every job.
var settings = queue.Settings{JobFields: queue.JobFields{
	Services: json.RawMessage(`{"ocr":"","s2t":""}`), DestinationBucket: "results", DestinationRegion: "eu-central-1",
}}

// submitContest submits n items with every guarantee on, against a client that posts the same bodies and stores nothing,
// with ready bodies and with those that it encodes. The server is a process of its own and as cheap as one can be; latency
// is how long it takes beside.
func submitContest(b *bench, name string, n int, latency time.Duration) *contest {
	url := ""
	n = b.size(n)
	with := func(more string) args { return args{N: n, More: map[string]string{"url": url, more: "yes"}} }
	const ready, encoding = "net/http", "net/http and encoding/json"
	c := &contest{
		name: name,
		prepare: func(ctx context.Context) (func(), error) {
			s, err := b.startServer(ctx, "server", args{More: map[string]string{"latency": latency.String()}})
			if err != nil {
				return nil, err
			}
			url = s.url
			return s.stop, nil
		},
		contestants: []contestant{
			{name: "airlift", measure: func(ctx context.Context) (sample, error) { return b.child(ctx, "airlift-submit", with("")) }},
			{name: ready, measure: func(ctx context.Context) (sample, error) { return b.child(ctx, "bare-submit", with("")) }},
			{name: encoding, measure: func(ctx context.Context) (sample, error) { return b.child(ctx, "bare-submit", with("codec")) }},
		},
	}
	ours := figure{"airlift", rate}
	if latency > 0 {
		c.rows = []line{
			{what: fmt.Sprintf("submit at %s latency, %d workers", latency, workers), ours: ours, peer: figure{ready, rate}, least: 0.98, unit: "/s"},
			{what: "the same", ours: ours, peer: figure{encoding, rate}, least: 0.98, unit: "/s"},
		}
		return c
	}
	c.contestants[0].fsyncs = func(ctx context.Context) (float64, error) {
		few := with("")
		few.N = min(n, 50_000)
		return b.countFsyncs(ctx, "airlift-submit", few)
	}
	c.rows = []line{
		{what: fmt.Sprintf("submit %s items, %d workers", short(n), workers), ours: ours, peer: figure{ready, rate}, least: 0.60, unit: "/s"},
		{what: "the same", ours: ours, peer: figure{encoding, rate}, least: 0.90, unit: "/s"},
		{what: "CPU an item in that run", ours: figure{"airlift", cpu}, most: 45, unit: " us"},
		{what: "fsyncs an item in that run", ours: figure{"airlift", fsyncs}, most: 0.03},
	}
	return c
}

// filled opens a new queue and enqueues n rows.
func filled(dir string, n int) (*bolt.DB, error) {
	ctx := context.Background()
	db, err := bolt.Open(filepath.Join(dir, "queue.db"), bolt.Options{})
	if err != nil {
		return nil, err
	}
	err = db.CreateBatch(ctx, queue.Batch{ID: batchID, Settings: settings})
	if err == nil {
		err = db.BeginReading(ctx, batchID, false)
	}
	if err == nil {
		err = chunks(n, chunkRows, nil, func(rows []queue.Item) error {
			_, err := db.Add(ctx, batchID, queue.Chunk{Items: rows})
			return err
		})
	}
	if err == nil {
		err = db.EndReading(ctx, batchID, true)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func airliftSubmit(a args, m *meter) error {
	db, err := filled(a.Dir, a.N)
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := air.New(air.Config{
		BaseURL: a.More["url"], Credentials: air.NewCredentials("access", "secret"), Connections: workers + joblist.LookupsAtOnce,
	})
	if err != nil {
		return err
	}
	defer client.Close()
	return work(db, client, a.N, m)
}

// api is what a pool submits to.
type api interface {
	Submit(ctx context.Context, job air.NewJob) air.Outcome
	List(ctx context.Context, q air.ListQuery) (air.Page, error)
	JobStatus(ctx context.Context, id string) (air.JobState, error)
	JobErrors(ctx context.Context, id string) (air.JobState, error)
	DistrustConnections()
}

// work submits n items of what is in the queue, as the command does, and measures that.
func work(db *bolt.DB, to api, n int, m *meter) error {
	before, err := db.Batch(context.Background(), batchID)
	if err != nil {
		return err
	}
	most := int64(n)
	if before.Counts.Pending == most {
		most = 0 // no limit
	}
	pool, err := worker.New(worker.Config{
		Store: db, API: to, Limiter: ratelimit.NewLimiter(ratelimit.Unlimited, 1), Batches: []string{batchID}, Workers: workers,
		MaxItems: most, Log: zerolog.Nop(),
	})
	if err != nil {
		return err
	}
	quietly()
	defer debug.SetGCPercent(debug.SetGCPercent(easedGC))
	err = m.do(func() error { return pool.Run(context.Background()) })
	if ended, ok := errors.AsType[*stop.Error](err); err != nil && !(ok && ended.Reason == stop.Limit) {
		return err
	}
	b, err := db.Batch(context.Background(), batchID)
	if err != nil {
		return err
	}
	if b.Counts.Submitted != int64(n) {
		return fmt.Errorf("%d of %d items were submitted", b.Counts.Submitted, n)
	}
	return nil
}

// bodyOf is what airlift posts for file i.
func bodyOf(i int) ([]byte, error) {
	it := row(i, i)
	return json.Marshal(air.NewJob{
		Name: queue.JobName(batchID, it), Services: settings.Services, Batch: batchID,
		Destination: air.Destination{Bucket: settings.DestinationBucket, Region: settings.DestinationRegion},
		Source:      air.Source{Bucket: it.Bucket, ObjectKey: it.Key},
	})
}

// bareSubmit posts bodies that are made beforehand, reads the answers and throws them away. With "codec" it makes each
// body as it goes and takes the job's id out of the answer, as any client must.
func bareSubmit(a args, m *meter) error {
	codec := a.More["codec"] != ""
	bodies := make([][]byte, a.N)
	for i := range bodies {
		if codec {
			break
		}
		var err error
		if bodies[i], err = bodyOf(i); err != nil {
			return err
		}
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxConnsPerHost: workers, MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	quietly()
	debug.SetGCPercent(easedGC)
	return m.do(func() error {
		var next atomic.Int64
		errs := make([]error, workers)
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				for errs[w] == nil {
					i := int(next.Add(1)) - 1
					if i >= len(bodies) {
						return
					}
					body := bodies[i]
					if codec {
						if body, errs[w] = bodyOf(i); errs[w] != nil {
							return
						}
					}
					errs[w] = post(client, a.More["url"]+"/jobs", body, codec)
				}
			})
		}
		all.Wait()
		return errors.Join(errs...)
	})
}

func post(client *http.Client, url string, body []byte, decode bool) error {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amz-Access-Key", "access")
	req.Header.Set("X-Amz-Secret-Key", "secret")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", resp.Status)
	}
	if !decode {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	var answer struct{ Job struct{ ID string } }
	if err := json.Unmarshal(text, &answer); err != nil || answer.Job.ID == "" {
		return fmt.Errorf("the answer has no job: %.100q, %w", text, err)
	}
	return nil
}
