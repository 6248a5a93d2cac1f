package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air"
)

func init() {
	tasks["server"] = serve
	tasks["airlift-submit"] = airliftSubmit
	tasks["bare-submit"] = bareSubmit
}

// workers is how many submit at once.
const workers = 64

// settings are those of every job.
var settings = queue.Settings{JobFields: queue.JobFields{
	Services: json.RawMessage(`{"ocr":"","s2t":""}`), DestinationBucket: "results", DestinationRegion: "eu-central-1",
}}

// submitContest submits with every guarantee on, against a client that posts the same bodies and stores nothing. The
// server is a process of its own and as cheap as one can be.
func submitContest(b *bench) *contest {
	url := ""
	n := b.size(200_000)
	with := func() args { return args{N: n, More: map[string]string{"url": url}} }
	return &contest{
		name: "submit",
		prepare: func(ctx context.Context) (func(), error) {
			s, err := b.startServer(ctx, "server", args{})
			if err != nil {
				return nil, err
			}
			url = s.url
			return s.stop, nil
		},
		contestants: []contestant{
			{name: "airlift",
				measure: func(ctx context.Context) (sample, error) { return b.child(ctx, "airlift-submit", with()) },
				fsyncs: func(ctx context.Context) (float64, error) {
					few := with()
					few.N = min(n, 50_000)
					return b.countFsyncs(ctx, "airlift-submit", few)
				}},
			{name: "net/http", measure: func(ctx context.Context) (sample, error) { return b.child(ctx, "bare-submit", with()) }},
			{name: "net/http and encoding/json", measure: func(ctx context.Context) (sample, error) {
				a := with()
				a.More["codec"] = "yes"
				return b.child(ctx, "bare-submit", a)
			}},
		},
		rows: []line{
			{what: fmt.Sprintf("submit %s items, %d workers", short(n), workers), ours: figure{"airlift", rate}, peer: figure{"net/http", rate}, least: 0.80, unit: "/s"},
			{what: "the same", ours: figure{"airlift", rate}, peer: figure{"net/http and encoding/json", rate}, unit: "/s"},
			{what: "fsyncs an item in that run", ours: figure{"airlift", fsyncs}, most: 0.03},
		},
	}
}

// server is a server in a process of its own.
type server struct {
	url  string
	stop func()
}

func (b *bench) startServer(ctx context.Context, task string, a args) (*server, error) {
	cmd, clean, err := b.command(ctx, task, &a)
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{stop: func() { in.Close(); _ = cmd.Wait(); clean() }}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s.url = strings.TrimSpace(url)
	return s, nil
}

// serve answers as AiR does, and remembers nothing: each POST gets its job back under a new id, each list is empty.
func serve(args, *meter) error {
	var jobs atomic.Int64
	return serveUntilEOF(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method != http.MethodPost {
			io.WriteString(w, `{"Records":[],"PageNumber":1,"PageSize":100,"TotalRecords":0}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) < 2 {
			http.Error(w, `{"ErrorCode":"BadRequest","Error":"no body"}`, http.StatusBadRequest)
			return
		}
		answer := make([]byte, 0, len(body)+160)
		answer = fmt.Appendf(answer, `{"Job":{"Id":"%032x","UserId":"user","Created":"2026-01-01T00:00:00.000Z","Completed":"","Status":"submitted",`, jobs.Add(1))
		answer = append(append(answer, body[1:]...), '}')
		w.Write(answer)
	}))
}

// serveUntilEOF serves on loopback, prints its URL, and ends with its standard input.
func serveUntilEOF(handler http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, handler)
	fmt.Printf("http://%s\n", l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// filled opens a new queue and enqueues n rows.
func filled(dir string, n int) (*bolt.DB, error) {
	ctx := context.Background()
	db, err := bolt.Open(filepath.Join(dir, "queue.db"), bolt.Options{})
	if err != nil {
		return nil, err
	}
	err = db.CreateBatch(ctx, queue.Batch{ID: batchID, Account: queue.DefaultAccount, Settings: settings})
	if err == nil {
		err = db.BeginReading(ctx, batchID)
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
		BaseURL: a.More["url"], Credentials: air.NewCredentials("access", "secret"), Connections: workers + worker.LookupsAtOnce,
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
	err = m.do(func() error { return pool.Run(context.Background()) })
	if stop, ok := errors.AsType[*worker.StopError](err); err != nil && !(ok && stop.Reason == worker.Limit) {
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
