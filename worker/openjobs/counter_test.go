package openjobs

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

const life = 200 * time.Second

var long = flag.Bool("openjobs.long", false, "simulate an hour instead of minutes, and more jobs at once")

// sim submits jobs to an AiR in process, never more than so many at once as a counter counts.
type sim struct {
	*testing.T
	air    *airtest.Server
	client *air.Client
	most   int

	mu       sync.Mutex
	accepted []time.Time // of our jobs; guarded by mu
	requests int         // other than POSTs; guarded by mu
	highest  int         // most open jobs so far; guarded by mu
	stops    []*stop.Error
	ends     map[string]int // by status; guarded by mu
}

func inSim(t *testing.T, most int, c airtest.Config, test func(*sim)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &sim{T: t, most: most, ends: map[string]int{}}
		if c.Lifecycle == 0 {
			c.Lifecycle = airtest.Duration(life)
		}
		c.OnRequest = func(r airtest.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if r.Method != "POST" {
				s.requests++
			}
		}
		s.air = airtest.NewServer(c)
		defer s.air.Close()
		client, err := air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("a", "s"), Transport: s.air})
		if err != nil {
			t.Fatal(err)
		}
		s.client = client
		test(s)
	})
}

// submit submits a job of a batch and returns it.
func (s *sim) submit(batch string, n int) Job {
	s.Helper()
	o := s.client.Submit(s.Context(), air.NewJob{
		Name: fmt.Sprint("j", n), Batch: batch, Services: []byte(`{"ocr":""}`), Destination: air.Destination{Bucket: "o", Region: "r"},
		Source: air.Source{Bucket: "in", ObjectKey: fmt.Sprint(batch, n)},
	})
	if o.JobID == "" {
		s.Fatalf("job %d of %s was not accepted: %+v", n, batch, o)
	}
	return Job{Batch: batch, ID: o.JobID, At: time.Now()}
}

// work submits for some time, to the batches in turn, as fast as the counter and a rate allow, and returns how many jobs it submitted.
func (s *sim) work(d, each time.Duration, earlier []Earlier, batches ...string) (n int) {
	s.Helper()
	freed := make(chan struct{}, 1)
	c := New(Config{
		API: s.client, Earlier: earlier, Settle: 30 * time.Second, Log: zerolog.Nop(),
		OnEnd: func(ends []End) {
			s.mu.Lock()
			for _, e := range ends {
				s.ends[e.Status]++
			}
			s.mu.Unlock()
			select {
			case freed <- struct{}{}:
			default:
			}
		},
		Stop: func(e *stop.Error) { s.stops = append(s.stops, e) },
	})
	ctx, cancel := context.WithTimeout(s.Context(), d)
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	defer running.Wait()
	defer cancel()
	for ctx.Err() == nil {
		open, known := c.Open()
		if !known || open >= s.most {
			c.Want()
			select {
			case <-freed:
			case <-ctx.Done():
			}
			continue
		}
		c.Add(s.submit(batches[n%len(batches)], len(s.accepted)))
		n++
		s.count()
		time.Sleep(each)
	}
	return n
}

// count notes how many of our jobs are open now.
func (s *sim) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, time.Now())
	open := 0
	for i := len(s.accepted) - 1; i >= 0 && time.Since(s.accepted[i]) < life; i-- {
		open++
	}
	s.highest = max(s.highest, open)
}

// want fails the test unless the jobs were never more than allowed, their number reached a share of what is possible, and they took
// at most so many requests each.
func (s *sim) want(n int, d time.Duration, share, requestsEach float64) {
	s.Helper()
	possible := float64(s.most) * float64(d) / float64(life)
	s.Logf("%d jobs of %.0f possible (%.3f), at most %d open, %d requests (%.3f a job)", n, possible, float64(n)/possible, s.highest, s.requests, float64(s.requests)/float64(n))
	if s.highest > s.most || s.highest < s.most {
		s.Errorf("open jobs: got at most %d, want %d", s.highest, s.most)
	}
	if float64(n) < share*possible {
		s.Errorf("got %d jobs in %v, want at least %.2f of %.0f", n, d, share, possible)
	}
	if got := float64(s.requests) / float64(n); got > requestsEach {
		s.Errorf("got %.2f requests a job, want at most %.2f", got, requestsEach)
	}
}

// With jobs of 200 seconds, the counter lets through nearly as many jobs as the limit allows, and never more at once.
func TestManyJobs(t *testing.T) {
	cases := map[string]struct {
		most     int
		each     time.Duration
		batches  []string
		settings airtest.Settings
		requests float64
	}{
		"many":          {200, 200 * time.Millisecond, []string{"a"}, airtest.Settings{FailShare: 0.3}, 0.4},
		"few":           {2, time.Millisecond, []string{"a", "b"}, airtest.Settings{}, 25},
		"three batches": {100, 200 * time.Millisecond, []string{"a", "b", "c"}, airtest.Settings{}, 1.5},
		"lag":           {100, 200 * time.Millisecond, []string{"a"}, airtest.Settings{ListLag: airtest.Duration(20 * time.Second)}, 1},
		"small pages":   {100, 200 * time.Millisecond, []string{"a"}, airtest.Settings{PageCap: 25}, 1},
	}
	d := 10 * time.Minute
	if *long {
		d = time.Hour
		more := cases["many"]
		more.most, more.each, more.requests = 2000, 20*time.Millisecond, 0.2
		cases["very many"] = more
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inSim(t, c.most, airtest.Config{Settings: c.settings}, func(s *sim) {
				n := s.work(d, c.each, nil, c.batches...)
				s.want(n, d, 0.95, c.requests)
			})
		})
	}
}

// A list without a firm order costs more requests, and is counted right.
func TestListWithoutOrder(t *testing.T) {
	config := airtest.Config{}
	config.TurningTies = airtest.Duration(time.Minute)
	inSim(t, 100, config, func(s *sim) {
		const d = 10 * time.Minute
		s.want(s.work(d, 200*time.Millisecond, nil, "a"), d, 0.93, 2)
	})
}

// A process that follows another finds the jobs that are open, also those that are not listed yet, and neither those of others nor
// those that have ended.
func TestRestart(t *testing.T) {
	inSim(t, 50, airtest.Config{Settings: airtest.Settings{ListLag: airtest.Duration(10 * time.Second)}}, func(s *sim) {
		for i := range 30 { // of others: in another batch
			s.submit("theirs", i)
		}
		const d = 30 * time.Minute
		n, rest := 0, d
		for i := range 6 {
			var earlier []Earlier
			if i > 0 {
				earlier = []Earlier{{"b", time.Now().Add(30 * time.Second)}, {"a", time.Now().Add(30 * time.Second)}}
			}
			part := rest
			if i < 5 {
				part = time.Duration(rand.Int64N(int64(d/6))) + time.Second
			}
			rest -= part
			n += s.work(part, 200*time.Millisecond, earlier, "a", "b")
		}
		if len(s.stops) > 0 {
			t.Errorf("got %v", s.stops)
		}
		s.want(n, d, 0.9, 2)
	})
}

// While lists fail, no job counts as ended, and all goes on afterwards.
func TestListFails(t *testing.T) {
	var start time.Time
	c := airtest.Config{Script: func(r airtest.Request) (f airtest.Fault) {
		if start.IsZero() {
			start = r.At
		}
		if d := r.At.Sub(start); r.Method == "GET" && d > 5*time.Minute && d < 15*time.Minute {
			f.Kind = airtest.Err500Before
		}
		return f
	}}
	inSim(t, 50, c, func(s *sim) {
		const d = 30 * time.Minute
		s.want(s.work(d, 200*time.Millisecond, nil, "a"), d-10*time.Minute-life/20, 0.95, 2)
	})
}

// A job that AiR no longer has is not open.
func TestGone(t *testing.T) {
	inSim(t, 10, airtest.Config{Settings: airtest.Settings{Lifecycle: -1}}, func(s *sim) {
		var told []End
		c := New(Config{API: s.client, Settle: time.Minute, OnEnd: func(e []End) { told = append(told, e...) }, Stop: func(*stop.Error) {}, Log: zerolog.Nop()})
		c.Add(Job{Batch: "a", ID: "00000000000000000000000000000000", At: time.Now()}, s.submit("a", 1))
		ctx, cancel := context.WithTimeout(s.Context(), 10*time.Minute)
		defer cancel()
		c.Want()
		c.Run(ctx)
		if open, _ := c.Open(); open != 1 || len(told) != 1 || told[0].Status != "" {
			t.Errorf("got %d open, ends %+v; want 1, and one job that is gone", open, told)
		}
	})
}

// Another source of ends does what the list does.
func TestEnded(t *testing.T) {
	var told []End
	c := New(Config{OnEnd: func(e []End) { told = append(told, e...) }})
	c.Add(Job{Batch: "a", ID: "1"}, Job{Batch: "a", ID: "2"}, Job{Batch: "a", ID: "2"})
	c.Ended("1", air.StatusFailed)
	c.Ended("1", air.StatusFailed)
	c.Ended("3", air.StatusFailed)
	if open, known := c.Open(); open != 1 || !known || len(told) != 1 || told[0].ID != "1" || told[0].Status != air.StatusFailed {
		t.Errorf("got %d open, known %v, ends %+v", open, known, told)
	}
}
