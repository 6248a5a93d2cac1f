package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Figures of calls over the socket.
const (
	p99   = "p99, ms"
	calls = "calls"
)

const (
	// watchers are how many processes or pages look at a run; two of them hardly read.
	watchers = 64
	// askEvery is how often the status is asked for where its time is measured, and askFor how long.
	askEvery = 20 * time.Millisecond
	askFor   = 5 * time.Second
)

// watched is a queue that the built binary works off while others look at it over its socket.
type watched struct {
	b    *bench
	url  string
	n    int
	path string         // of the queue, which each repetition copies
	big  map[int]string // queues of several sizes
}

// watchersContest submits with and without watchers, and asks for the status of large queues under full load.
func watchersContest(b *bench) *contest {
	w := &watched{b: b, n: max(b.size(200_000), 100_000), big: map[int]string{}}
	sizes := append([]int{b.size(1_000_000)}, b.sizes...)
	c := &contest{
		name: "watchers",
		prepare: func(ctx context.Context) (func(), error) {
			s, err := b.startServer(ctx, "server", args{More: map[string]string{"latency": "0s"}})
			if err != nil {
				return nil, err
			}
			w.url = s.url
			undo := func() {
				s.stop()
				for _, path := range w.big {
					os.Remove(path)
				}
				os.Remove(w.path)
			}
			w.path, err = w.filled(ctx, w.n)
			for _, n := range sizes {
				if err == nil {
					w.big[n], err = w.filled(ctx, n)
				}
			}
			return undo, err
		},
		contestants: []contestant{
			{name: "alone", measure: func(ctx context.Context) (sample, error) { return w.submit(ctx, 0) }},
			{name: "watched", measure: func(ctx context.Context) (sample, error) { return w.submit(ctx, watchers) }},
		},
		rows: []line{
			{what: fmt.Sprintf("submit %s items, %d watchers", short(w.n), watchers), ours: figure{"watched", rate}, peer: figure{"alone", rate}, least: 0.95, unit: "/s"},
			{what: "CPU an item in that run", ours: figure{"watched", cpu}, peer: figure{"alone", cpu}, most: 1.05, unit: " us"},
			{what: "p99 of what they ask", ours: figure{"watched", p99}, unit: " ms"},
		},
	}
	for _, n := range sizes {
		name := "asked at " + short(n)
		c.contestants = append(c.contestants, contestant{name: name, measure: func(ctx context.Context) (sample, error) { return w.ask(ctx, w.big[n]) }})
		c.rows = append(c.rows, line{what: "`status` over the socket at " + short(n) + " items, full load: p99", ours: figure{name, p99}, most: 50, unit: " ms"})
	}
	return c
}

// filled enqueues n rows by the built binary.
func (w *watched) filled(ctx context.Context, n int) (string, error) {
	manifest, db := filepath.Join(w.b.dir, "watched.csv"), filepath.Join(w.b.dir, fmt.Sprintf("watched-%d.db", n))
	defer os.Remove(manifest)
	if _, err := os.Stat(db); err == nil {
		return db, nil
	}
	if err := writeManifest(manifest, n); err != nil {
		return "", err
	}
	_, err := w.b.enqueued(ctx, db, manifest, n)
	return db, err
}

// copied returns a copy of a queue.
func (w *watched) copied(path string) (string, error) {
	from, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(w.b.dir, "work.db"))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Sync(), to.Close())
	return to.Name(), err
}

// submit works off a copy of the queue while some watch it.
func (w *watched) submit(ctx context.Context, watching int) (sample, error) {
	db, err := w.copied(w.path)
	if err != nil {
		return nil, err
	}
	defer os.Remove(db)
	var seen latencies
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all sync.WaitGroup
	for i := range watching {
		all.Go(func() { lookOn(ctx, db, i, &seen) })
	}
	r, err := w.b.airliftRun(ctx, db, w.url, false, "submit", batchID)
	stop()
	all.Wait()
	if err != nil {
		return nil, err
	}
	s := sample{rate: float64(w.n) / r.took.Seconds(), cpu: float64(r.cpu.Microseconds()) / float64(w.n)}
	seen.into(s)
	return s, nil
}

// ask asks for the status again and again while a copy of a queue is worked off, at most for askFor.
func (w *watched) ask(ctx context.Context, path string) (sample, error) {
	db, err := w.copied(path)
	if err != nil {
		return nil, err
	}
	defer os.Remove(db)
	cmd := w.b.airliftCommand(ctx, db, w.url, "submit", batchID)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	asking, stop := context.WithTimeout(ctx, askFor)
	defer stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
		stop()
	}()
	var seen latencies
	client := clientOf(db)
	for t := time.NewTicker(askEvery); asking.Err() == nil; <-t.C {
		seen.call(asking, client, "/v1/status")
	}
	_ = cmd.Process.Signal(syscall.SIGINT)
	<-ended
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 5 { // 5: in good order with work left
		return nil, fmt.Errorf("airlift submit ended with exit code %d:\n%s", code, problems.String())
	}
	s := sample{}
	seen.into(s)
	if s[calls] == 0 {
		return nil, errors.New("the status was never answered")
	}
	return s, nil
}

// clientOf returns a client of the process that holds a queue.
func clientOf(db string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialHolder(ctx, db)
	}}}
}

func dialHolder(ctx context.Context, db string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(db+".run", "socket"))
}

// lookOn looks at a run each second until ctx ends, as the i-th of many. The first two are stuck: one reads the overviews a
// byte a second, and one asks for all items and reads nothing.
func lookOn(ctx context.Context, db string, i int, seen *latencies) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	switch i {
	case 0:
		stuck(ctx, db, "/v1/events", t.C)
		return
	case 1:
		stuck(ctx, db, "/v1/items?batch="+batchID, nil)
		return
	}
	client := clientOf(db)
	defer client.CloseIdleConnections()
	path := []string{"/v1/overview", "/v1/status"}[i%2]
	for begin := time.After(time.Duration(i) * time.Second / watchers); ; begin = nil {
		select {
		case <-ctx.Done():
			return
		case <-begin:
		case <-t.C:
		}
		seen.call(ctx, client, path)
	}
}

// stuck makes a call and reads a byte of its answer each time that it may, until ctx ends.
func stuck(ctx context.Context, db, path string, may <-chan time.Time) {
	c, err := dialHolder(ctx, db)
	for err != nil {
		if ctx.Err() != nil {
			return
		}
		time.Sleep(time.Millisecond) // the process has just been started
		c, err = dialHolder(ctx, db)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: airlift\r\n\r\n", path)
	for one := make([]byte, 1); ; {
		select {
		case <-ctx.Done():
			return
		case <-may:
			_, _ = c.Read(one) // at the end of the run there is nothing more
		}
	}
}

// latencies are how long calls took. Its methods are safe for concurrent use.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration // guarded by mu
}

// call makes a call, and books how long it took if it was answered.
func (l *latencies) call(ctx context.Context, client *http.Client, path string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://airlift"+path, nil)
	if err != nil {
		return
	}
	start := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		return // it does not listen yet, or no more
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, time.Since(start))
}

// into puts the figures into a sample.
func (l *latencies) into(s sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s[calls] = float64(len(l.all))
	if len(l.all) > 0 {
		slices.Sort(l.all)
		s[p99] = float64(l.all[len(l.all)*99/100].Microseconds()) / 1e3
	}
}
