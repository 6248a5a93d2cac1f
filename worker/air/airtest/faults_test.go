package airtest_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// faultTests say what a client sees of each fault, and whether there is a job then.
var faultTests = []struct {
	fault    airtest.Fault
	status   int
	code     string
	err      error // errors.Is; errAny: any
	id       bool
	accepted int
}{
	{airtest.Fault{}, 200, "", nil, true, 1},
	{airtest.Fault{Delay: time.Millisecond}, 200, "", nil, true, 1},
	{airtest.Fault{Kind: airtest.Err500Before}, 500, "INTERNAL_ERROR", nil, false, 0},
	{airtest.Fault{Kind: airtest.Err500After}, 500, "INTERNAL_ERROR", nil, false, 1},
	{airtest.Fault{Kind: airtest.HTML502Before}, 502, "", nil, false, 0},
	{airtest.Fault{Kind: airtest.HTML502After}, 502, "", nil, false, 1},
	{airtest.Fault{Kind: airtest.ResetBefore}, 0, "", syscall.ECONNRESET, false, 0},
	{airtest.Fault{Kind: airtest.ResetAfter}, 0, "", syscall.ECONNRESET, false, 1},
	{airtest.Fault{Kind: airtest.CloseBefore}, 0, "", io.EOF, false, 0},
	{airtest.Fault{Kind: airtest.CloseAfter}, 0, "", io.EOF, false, 1},
	{airtest.Fault{Kind: airtest.HangBefore, Delay: time.Millisecond}, 0, "", io.EOF, false, 0},
	{airtest.Fault{Kind: airtest.HangAfter, Delay: time.Millisecond}, 0, "", io.EOF, false, 1},
	{airtest.Fault{Kind: airtest.HangBefore}, 0, "", context.DeadlineExceeded, false, 0},
	{airtest.Fault{Kind: airtest.HangAfter}, 0, "", context.DeadlineExceeded, false, 1},
	{airtest.Fault{Kind: airtest.HTML200Before}, 200, "", errAny, false, 0},
	{airtest.Fault{Kind: airtest.HTML200After}, 200, "", errAny, false, 1},
	{airtest.Fault{Kind: airtest.EmptyJSONBefore}, 200, "", nil, false, 0},
	{airtest.Fault{Kind: airtest.EmptyJSONAfter}, 200, "", nil, false, 1},
	{airtest.Fault{Kind: airtest.HalfBody}, 200, "", io.ErrUnexpectedEOF, false, 1},
	{airtest.Fault{Kind: airtest.Late, Delay: time.Millisecond}, 200, "", nil, true, 1},
	{airtest.Fault{Kind: airtest.Throttle400}, 400, "RequestRateLimitExceeded", nil, false, 0},
	{airtest.Fault{Kind: airtest.Throttle503}, 503, "SlowDown", nil, false, 0},
	{airtest.Fault{Kind: airtest.Reject400}, 400, "BAD_REQUEST", nil, false, 0},
	{airtest.Fault{Kind: airtest.Forbid403}, 403, "MONTHLY_QUOTA_REACHED", nil, false, 0},
	{airtest.Fault{Kind: airtest.Cap429}, 429, "DAILY_CAP_EXCEEDED", nil, false, 0},
	{airtest.Fault{Kind: airtest.StatusBefore, Status: 418, Code: "TEA"}, 418, "TEA", nil, false, 0},
	{airtest.Fault{Kind: airtest.StatusAfter, Status: 408}, 408, "", nil, false, 1},
	{airtest.Fault{Kind: airtest.StatusBefore, Status: 302, Header: map[string]string{"Location": "http://192.0.2.1/"}}, 302, "", nil, false, 0},
}

var errAny = errors.New("any error")

func TestFaults(t *testing.T) {
	for way, connect := range map[string]func(testing.TB, *airtest.Server, air.Config) *air.Client{
		"over a socket": overSocket, "in process": inProcess,
	} {
		for _, tt := range faultTests {
			t.Run(way+"/"+string(tt.fault.Kind), func(t *testing.T) {
				srv := airtest.NewServer(airtest.Config{Script: func(airtest.Request) airtest.Fault { return tt.fault }})
				timeout := 10 * time.Second
				if tt.err == context.DeadlineExceeded {
					timeout = 50 * time.Millisecond
				}
				out := connect(t, srv, air.Config{Timeout: timeout}).Submit(context.Background(), job(1))
				if out.Status != tt.status || out.Code != tt.code || (out.JobID != "") != tt.id || !out.Written {
					t.Errorf("got status %d, code %q, job %q, written %v; want %d, %q, a job: %v, written", out.Status, out.Code, out.JobID, out.Written, tt.status, tt.code, tt.id)
				}
				if (out.Err != nil) != (tt.err != nil) || tt.err != nil && tt.err != errAny && !errors.Is(out.Err, tt.err) {
					t.Errorf("got error %v, want %v", out.Err, tt.err)
				}
				if srv.Accepted() != tt.accepted || srv.Posts() != 1 {
					t.Errorf("got %d jobs of %d posts, want %d of 1", srv.Accepted(), srv.Posts(), tt.accepted)
				}
			})
		}
	}
}

// A fault after acceptance is not injected into a refusal.
func TestRefusalComesBeforeTheFaultAfter(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{
		Settings: airtest.Settings{DailyCap: 1},
		Script: func(r airtest.Request) airtest.Fault {
			if r.N == 2 {
				return airtest.Fault{Kind: airtest.ResetAfter}
			}
			return airtest.Fault{}
		},
	})
	client := inProcess(t, srv, air.Config{})
	mustSubmit(t, client, 0, 1)
	if out := client.Submit(context.Background(), job(1)); out.Status != 429 {
		t.Errorf("got %+v, want 429", out)
	}
	if got := srv.Injected(); len(got) != 0 {
		t.Errorf("got %v injected, want none", got)
	}
}

func TestUnsent(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		if r.Job.Source.ObjectKey == "key-1" {
			return airtest.Fault{Kind: airtest.Unsent}
		}
		return airtest.Fault{}
	}})
	client := inProcess(t, srv, air.Config{})
	out := client.Submit(context.Background(), job(1))
	if out.Written || !errors.Is(out.Err, syscall.ECONNREFUSED) || srv.Posts() != 0 || len(srv.Statuses()) != 0 {
		t.Errorf("got %+v and %d posts, want a refused connection and none", out, srv.Posts())
	}
	mustSubmit(t, client, 2, 3)
}

// AiR accepts two seconds after our timeout gave up.
func TestLateOutlivesItsClient(t *testing.T) {
	late := func(done chan air.Job) airtest.Config {
		return airtest.Config{
			OnAccept: func(j air.Job) { done <- j },
			Script: func(airtest.Request) airtest.Fault {
				return airtest.Fault{Kind: airtest.Late, Delay: 100 * time.Millisecond}
			},
		}
	}
	t.Run("in process", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			done := make(chan air.Job, 1)
			srv := airtest.NewServer(late(done))
			out := inProcess(t, srv, air.Config{Timeout: time.Millisecond}).Submit(context.Background(), job(1))
			if !errors.Is(out.Err, context.DeadlineExceeded) || srv.Accepted() != 0 {
				t.Errorf("got %+v and %d jobs, want a timeout and none yet", out, srv.Accepted())
			}
			j := <-done
			if after := time.Since(out.Ended); after != 99*time.Millisecond || j.Name != "job-1" {
				t.Errorf("got %s %v after the timeout, want job-1 after 99ms", j.Name, after)
			}
		})
	})
	t.Run("over a socket", func(t *testing.T) {
		done := make(chan air.Job, 1)
		srv := airtest.NewServer(late(done))
		out := overSocket(t, srv, air.Config{Timeout: 10 * time.Millisecond}).Submit(context.Background(), job(1))
		if out.Err == nil || out.JobID != "" {
			t.Errorf("got %+v, want a timeout", out)
		}
		<-done
		if srv.Accepted() != 1 {
			t.Errorf("got %d jobs, want 1", srv.Accepted())
		}
	})
}

func TestCloseEndsWhatHangs(t *testing.T) {
	arrived := make(chan airtest.Request, 1)
	srv := airtest.NewServer(airtest.Config{
		OnRequest: func(r airtest.Request) { arrived <- r },
		Script:    func(airtest.Request) airtest.Fault { return airtest.Fault{Kind: airtest.HangBefore} },
	})
	client := inProcess(t, srv, air.Config{})
	out := make(chan air.Outcome)
	go func() { out <- client.Submit(context.Background(), job(1)) }()
	if r := <-arrived; r.N != 1 || r.Method != "POST" || r.Path != "/jobs" || r.Job.Source.ObjectKey != "key-1" || r.At.IsZero() {
		t.Errorf("got %+v", r)
	}
	srv.Close()
	srv.Close()
	if o := <-out; o.Err == nil || !o.Written {
		t.Errorf("got %+v, want an error, written", o)
	}
}

func TestListFaults(t *testing.T) {
	for kind, want := range map[airtest.Kind]string{
		airtest.Forbid403: "403", airtest.Err500Before: "500", airtest.HTML200Before: "not a complete JSON object",
		airtest.EmptyJSONAfter: "no array of Records", airtest.HalfBody: "unexpected EOF", airtest.Throttle503: "SlowDown",
	} {
		srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{List: airtest.Odds{kind: 1}}}})
		client := inProcess(t, srv, air.Config{})
		mustSubmit(t, client, 0, 1) // posts are spared
		if _, err := client.List(context.Background(), air.ListQuery{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s in it", kind, err, want)
		}
		if srv.Injected()[kind] != 1 || srv.Lists() != 1 {
			t.Errorf("%s: got %v injected of %d", kind, srv.Injected(), srv.Lists())
		}
	}
}

// The same seed injects faults into the same requests, in about the wanted share.
func TestRandomFaults(t *testing.T) {
	odds, err := airtest.ParseOdds("500_before=0.2, reset_after=0.1")
	if err != nil {
		t.Fatal(err)
	}
	run := func(seed uint64) string {
		srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{Faults: airtest.Faults{Post: odds, Seed: seed}}})
		client := inProcess(t, srv, air.Config{})
		var pattern strings.Builder
		for i := range 1000 {
			out := client.Submit(context.Background(), job(i))
			pattern.WriteByte("0125"[out.Status/200+out.Status%200/100])
		}
		got := srv.Injected()
		if a, b := got[airtest.Err500Before], got[airtest.ResetAfter]; a < 150 || a > 250 || b < 60 || b > 140 || srv.Accepted() != 1000-a {
			t.Errorf("got %v and %d jobs, want about 200 and 100, and 1000 less the first", got, srv.Accepted())
		}
		return pattern.String()
	}
	if first, again, other := run(1), run(1), run(2); first != again || first == other {
		t.Error("faults do not follow the seed")
	}
	for _, s := range []string{"late", "late=x", "unknown=0.1", "late=2", "late=0.6,half_body=0.6"} {
		if _, err := airtest.ParseOdds(s); err == nil {
			t.Errorf("%q: got no error", s)
		}
	}
	for _, k := range airtest.Kinds() {
		if _, err := airtest.ParseOdds(string(k) + "=1"); err != nil {
			t.Errorf("%s: got %v", k, err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{DailyCap: 900}})
	client := overSocket(t, srv, air.Config{Connections: 16})
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			for i := range 64 {
				client.Submit(context.Background(), job(w*64+i))
				if i%16 == 0 {
					_, _ = client.List(context.Background(), air.ListQuery{Batch: "b", Descending: true})
					srv.Duplicates()
				}
			}
		})
	}
	all.Wait()
	if got := srv.Statuses(); srv.Posts() != 1024 || srv.Accepted() != 900 || got[429] != 124 || len(srv.Jobs()) != 900 {
		t.Errorf("got %d posts, %d jobs, %v; want 1024, 900 and 124 times 429", srv.Posts(), srv.Accepted(), got)
	}
}
