package metrics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/bolt"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/service"
	"airlift/worker/verdict"
)

// rig is a queue in a file, an AiR in process, and the metrics of both, in fake time.
type rig struct {
	t      *testing.T
	db     queue.Store
	air    *airtest.Server
	to     *service.Service
	pool   worker.Config
	ending chan struct{}
	*Metrics
}

// inBubble runs a test at noon of fake time.
func inBubble(t *testing.T, c airtest.Config, test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour) // a bubble begins at midnight
		path := filepath.Join(t.TempDir(), "queue.db")
		db, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, db: db, air: airtest.NewServer(c), ending: make(chan struct{})}
		defer r.air.Close()
		client, err := air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("access", "secret"), Transport: r.air})
		if err != nil {
			t.Fatal(err)
		}
		host := &service.Host{}
		r.to = service.New(service.Config{Store: db, Place: path, Host: host, Log: zerolog.Nop()})
		r.Metrics = New(Config{Version: "v1.2.3", Overview: r.to.Overview, Runs: host.Runs, Ending: r.ending, Log: zerolog.Nop()})
		r.pool = worker.Config{API: client, Limiter: ratelimit.NewLimiter(10, 1), Settle: time.Second, Observer: r.Observer(queue.DefaultAccount)}
		test(r)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// add makes a batch of so many items.
func (r *rig) add(batch string, items int) {
	r.t.Helper()
	chunk := queue.Chunk{}
	for i := range items {
		chunk.Items = append(chunk.Items, queue.Item{Line: int64(i + 1), Bucket: "archive", Key: fmt.Sprintf("%s/clip-%05d.mov", batch, i)})
	}
	err := r.db.CreateBatch(r.t.Context(), queue.Batch{ID: batch, Settings: queue.Settings{JobFields: queue.JobFields{
		Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1",
	}}})
	if err == nil {
		_, err = r.db.Add(r.t.Context(), batch, chunk)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// start runs all batches. end ends the run.
func (r *rig) start() (end func() service.Outcome) {
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan service.Outcome, 1)
	go func() { ended <- r.to.Run(ctx, service.RunRequest{Pool: r.pool}) }()
	return func() service.Outcome {
		cancel()
		return <-ended
	}
}

// scrape returns the samples of a scrape, by name and labels.
func (r *rig) scrape() map[string]float64 {
	r.t.Helper()
	return scrape(r.t, r.Metrics)
}

func scrape(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	got := get(m.Scrape(), "/metrics")
	if got.Code != http.StatusOK {
		t.Fatalf("GET /metrics: %d %s", got.Code, got.Body)
	}
	samples := map[string]float64{}
	for line := range strings.Lines(got.Body.String()) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if _, twice := samples[line[:at]]; err != nil || twice {
			t.Errorf("the line %q: %v, or it comes twice", line, err)
		}
		samples[line[:at]] = value
	}
	return samples
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// want compares samples of a scrape.
func want(t *testing.T, got, want map[string]float64) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, ok := got[name]; !ok || value != want[name] {
			t.Errorf("%s is %v (shown: %t), want %v", name, value, ok, want[name])
		}
	}
}

// wantStatus compares a scrape with the status of all batches.
func (r *rig) wantStatus(got map[string]float64, series map[string]string) {
	r.t.Helper()
	all, err := r.to.Status(r.t.Context(), service.StatusQuery{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, st := range all {
		batch := fmt.Sprintf("airlift_queue_items{account=\"default\",batch=%q,state=", series[st.Batch])
		want(r.t, got, map[string]float64{
			batch + `"pending"}`: float64(st.Pending), batch + `"sending"}`: float64(st.Sending), batch + `"in_doubt"}`: float64(st.InDoubt),
			batch + `"submitted"}`: float64(st.Submitted), batch + `"failed"}`: float64(st.Failed), batch + `"cancelled"}`: float64(st.Cancelled),
			`airlift_jobs_submitted_today{account="default"}`: float64(st.SubmittedToday),
		})
	}
}

// eventful is an AiR with a cap, a refused object and a lost answer.
func eventful() airtest.Config {
	return airtest.Config{
		Settings:     airtest.Settings{DailyCap: 40, Latency: airtest.Duration(300 * time.Millisecond)},
		SourceExists: func(_, key string) bool { return !strings.HasSuffix(key, "clip-00007.mov") },
		Script: func(q airtest.Request) airtest.Fault {
			if q.Method == http.MethodPost && q.N == 3 {
				return airtest.Fault{Kind: airtest.ResetAfter}
			}
			return airtest.Fault{}
		},
	}
}

// The numbers of a scrape are those of the status, of what AiR has seen and of the settings.
func TestAScrapeEqualsTheStatus(t *testing.T) {
	inBubble(t, eventful(), func(r *rig) {
		r.add("first", 10)
		r.add("second", 90)
		r.pool.DailyLimit = 500
		r.pool.Workers = 1
		end := r.start()
		time.Sleep(2 * time.Minute) // the cap is met
		got := r.scrape()
		r.wantStatus(got, map[string]string{"first": "(other)", "second": "second"})
		midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		o, err := r.to.Overview(r.t.Context())
		if err != nil || o.Account.PausedUntil == nil || !o.Account.PausedUntil.After(midnight) {
			r.t.Fatalf("got %+v, %v", o.Account, err)
		}
		want(r.t, got, map[string]float64{
			"airlift_queue_up": 1, "airlift_queue_batches": 2,
			`airlift_gate_state{account="default",state="paused"}`: 1, `airlift_gate_state{account="default",state="open"}`: 0, `airlift_gate_state{account="default",state="stopped"}`: 0,
			`airlift_gate_paused_until_timestamp_seconds{account="default"}`: float64(o.Account.PausedUntil.UnixMilli()) / 1000, `airlift_pauses_total{account="default"}`: 1,
			`airlift_daily_limit_jobs{account="default",source="user"}`: 500, `airlift_daily_limit_jobs{account="default",source="learned"}`: 40, `airlift_jobs_submitted_today{account="default"}`: 40,
			`airlift_run_active{account="default"}`: 1, `airlift_workers{account="default"}`: 1, `airlift_rate_limit_requests_per_second{account="default"}`: 10, `airlift_run_limited_by{account="default",cause="gate"}`: 1,
			`airlift_submissions_total{account="default",code="none",outcome="submitted"}`: 39, `airlift_submissions_total{account="default",code="BAD_REQUEST",outcome="failed"}`: 2,
			`airlift_submissions_total{account="default",code="no_answer",outcome="in_doubt"}`: 1, `airlift_submissions_total{account="default",code="DAILY_CAP_EXCEEDED",outcome="not_accepted"}`: 1,
			`airlift_submission_duration_seconds_count{account="default"}`: float64(r.air.Posts()), `airlift_submissions_in_flight{account="default"}`: 0,
			`airlift_results_total{account="default",state="submitted"}`: 40, `airlift_results_total{account="default",state="failed"}`: 2,
			`airlift_lookups_total{account="default",result="job"}`: 1, `airlift_lookups_total{account="default",result="error"}`: 0, `airlift_lookup_duration_seconds_count{account="default"}`: 1,
			`airlift_submission_duration_seconds_bucket{account="default",le="0.25"}`: 0, `airlift_submission_duration_seconds_bucket{account="default",le="0.5"}`: float64(r.air.Posts()),
		})
		if finish := got[`airlift_batch_forecast_finish_timestamp_seconds{account="default",batch="second"}`]; finish < float64(midnight.Unix()) || finish != got["airlift_forecast_finish_timestamp_seconds"] {
			r.t.Errorf("the forecast is %v, want one after midnight", finish)
		}
		if got["airlift_queue_file_bytes"] < 1<<12 || got["airlift_queue_disk_free_bytes"] == 0 || got[`airlift_commit_results_count{account="default"}`] == 0 || got["go_goroutines"] == 0 {
			r.t.Errorf("got %v", got)
		}
		if problems, err := testutil.GatherAndLint(r.registry); err != nil || len(problems) > 0 {
			r.t.Errorf("lint: %v, %v", problems, err)
		}
		end()
		got = r.scrape()
		want(r.t, got, map[string]float64{`airlift_run_active{account="default"}`: 0, `airlift_gate_state{account="default",state="paused"}`: 1, "airlift_queue_up": 1})
		r.wantStatus(got, map[string]string{"first": "(other)", "second": "second"})
	})
}

// Scrapes and probes during a run at full rate change nothing, and the last one shows all that was sent.
func TestScrapesDuringARun(t *testing.T) {
	inBubble(t, airtest.Config{}, func(r *rig) {
		r.add("b", 500)
		r.pool.Limiter = ratelimit.NewLimiter(ratelimit.Unlimited, 1)
		ended := make(chan service.Outcome, 1)
		go func() { ended <- r.to.Run(r.t.Context(), service.RunRequest{Pool: r.pool}) }()
		for {
			select {
			case out := <-ended:
				got := r.scrape()
				r.wantStatus(got, map[string]string{"b": "(other)"})
				want(r.t, got, map[string]float64{`airlift_submissions_total{account="default",code="none",outcome="submitted"}`: 500, `airlift_results_total{account="default",state="submitted"}`: 500})
				if out.Err != nil || r.air.Posts() != 500 || got[`airlift_commit_results_sum{account="default"}`] != 500 {
					r.t.Errorf("got %v, %d POSTs, %v results", out.Err, r.air.Posts(), got[`airlift_commit_results_sum{account="default"}`])
				}
				return
			default:
				r.scrape()
				get(r.Readyz(), "/readyz")
			}
		}
	})
}

// There are no more series with 10,000 items than with 10, and no more with 250 batches than with 100.
func TestSeriesAreBounded(t *testing.T) {
	inBubble(t, airtest.Config{}, func(r *rig) {
		r.add("batch-000", 10)
		few := len(r.scrape())
		for i := range 10 {
			chunk := queue.Chunk{}
			for j := range 1000 {
				chunk.Items = append(chunk.Items, queue.Item{Bucket: "more", Key: fmt.Sprint(i, "/", j)})
			}
			if _, err := r.db.Add(r.t.Context(), "batch-000", chunk); err != nil {
				r.t.Fatal(err)
			}
		}
		if many := len(r.scrape()); many != few {
			r.t.Errorf("%d series with 10,010 items, %d with 10", many, few)
		}
		for i := 1; i < 250; i++ {
			r.add(fmt.Sprintf("batch-%03d", i), 1)
		}
		r.add(otherBatches, 3)
		r.add("of \"quotes\", {braces} and ünïcode", 1)
		got, pending, named := r.scrape(), 0., 0
		for name, value := range got {
			if strings.HasPrefix(name, "airlift_queue_items{") && strings.HasSuffix(name, `state="pending"}`) {
				pending += value
				named++
			}
		}
		if pending != 10010+249+3+1 || named != maxBatches+1 || len(got) > few+8*maxBatches {
			r.t.Errorf("%v pending items in %d batches, %d series", pending, named, len(got))
		}
		want(r.t, got, map[string]float64{
			`airlift_queue_items{account="default",batch="(other)",state="pending"}`: 10010 + 150 + 3, `airlift_queue_items{account="default",batch="batch-249",state="pending"}`: 1,
			`airlift_queue_items{account="default",batch="of \"quotes\", {braces} and ünïcode",state="pending"}`: 1,
		})
	})
}

// Whatever AiR answers, the label values are from the list.
func TestCodesAreBounded(t *testing.T) {
	m := newCounters(queue.DefaultAccount)
	for i := range 1000 {
		code := fmt.Sprintf("CODE_%d", i)
		for _, state := range queue.States {
			m.Answered("b", air.Outcome{Code: code, Status: i}, verdict.Verdict{State: state})
			m.Answered("b", air.Outcome{Status: i - 1}, verdict.Verdict{State: state})
		}
	}
	n := testutil.CollectAndCount(m, "airlift_submissions_total")
	if n > int(outcomes)*len(codeNames) {
		t.Errorf("%d series of submissions", n)
	}
	for _, c := range []struct {
		o    air.Outcome
		want string
	}{
		{air.Outcome{Status: 400, Code: "BAD_REQUEST"}, "BAD_REQUEST"},
		{air.Outcome{Status: 400, Code: "RequestRateLimitExceeded"}, "throttling"},
		{air.Outcome{Status: 400, Code: "ODD"}, "other"},
		{air.Outcome{Status: 502}, "http_502"},
		{air.Outcome{Status: 599}, "http_5xx"},
		{air.Outcome{Status: 999}, "other"},
		{air.Outcome{Status: 200}, "http_2xx"},
		{air.Outcome{Written: true}, "no_answer"},
		{air.Outcome{}, "not_sent"},
	} {
		if got := codeNames[codeOf(c.o, inDoubt)]; got != c.want {
			t.Errorf("%+v: got %s, want %s", c.o, got, c.want)
		}
	}
}

// A request costs no memory.
func TestCountingAllocatesNothing(t *testing.T) {
	m := newCounters(queue.DefaultAccount)
	o := air.Outcome{Status: 200, JobID: "j", Written: true, Sent: time.Now(), Ended: time.Now().Add(time.Second)}
	refused := air.Outcome{Status: 400, Code: "BAD_REQUEST", Written: true}
	results := make([]queue.Result, 100)
	for i := range results {
		results[i].To = queue.Submitted
	}
	if n := testing.AllocsPerRun(1000, func() {
		m.Sent("b")
		m.Answered("b", o, verdict.Verdict{State: queue.Submitted})
		m.Sent("b")
		m.Answered("b", refused, verdict.Verdict{State: queue.Failed})
		m.Committed(results)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A process is ready between the preparation of its run and its end, also while it is paused.
func TestReadiness(t *testing.T) {
	inBubble(t, airtest.Config{Settings: airtest.Settings{DailyCap: 1}}, func(r *rig) {
		probe := func(when string, status int, text string) {
			r.t.Helper()
			if got := get(r.Readyz(), "/readyz"); got.Code != status || !strings.Contains(got.Body.String(), text) {
				r.t.Errorf("%s: got %d %s, want %d %s", when, got.Code, got.Body, status, text)
			}
			if got := get(r.Healthz(), "/healthz"); got.Code != http.StatusOK || got.Body.String() != "alive\n" {
				r.t.Errorf("%s: got %d %s", when, got.Code, got.Body)
			}
		}
		r.add("b", 5)
		probe("before the run", 503, "no run is in progress")
		end := r.start()
		time.Sleep(time.Minute)
		probe("paused", 200, "ready")
		close(r.ending)
		probe("ending", 503, "the process is ending")
		end()
	})
	closed := New(Config{})
	if got := get(closed.Readyz(), "/readyz"); got.Code != 503 || got.Body.String() != "the queue is not open\n" {
		t.Errorf("without a queue: got %d %s", got.Code, got.Body)
	}
	for name, h := range map[string]http.Handler{"/metrics": closed.Scrape(), "/healthz": closed.Healthz(), "/readyz": closed.Readyz()} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, name, nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", name, w.Code)
		}
	}
}

// A run that is being prepared is not ready.
func TestNotReadyWhilePreparing(t *testing.T) {
	inBubble(t, airtest.Config{}, func(r *rig) {
		r.pool.Store = r.db
		pool, err := worker.New(r.pool)
		if err != nil {
			r.t.Fatal(err)
		}
		m := New(Config{Overview: r.to.Overview, Runs: func() []*service.Running { return []*service.Running{{Pool: pool}} }})
		if got := get(m.Readyz(), "/readyz"); got.Code != 503 || !strings.Contains(got.Body.String(), "being prepared") {
			r.t.Errorf("got %d %s", got.Code, got.Body)
		}
		if err := pool.Run(r.t.Context()); err != nil {
			r.t.Fatal(err)
		}
		if got := get(m.Readyz(), "/readyz"); got.Code != 503 || !strings.Contains(got.Body.String(), "has ended") {
			r.t.Errorf("got %d %s", got.Code, got.Body)
		}
	})
}

// A queue that cannot be read leaves the counters, and is told once.
func TestAQueueThatCannotBeRead(t *testing.T) {
	var log strings.Builder
	m := New(Config{Log: zerolog.New(&log), Overview: func(context.Context) (service.Overview, error) {
		return service.Overview{}, errors.New("the disk is gone")
	}})
	m.Observer(queue.DefaultAccount).Sent("b")
	scrape(t, m)
	got := scrape(t, m)
	want(t, got, map[string]float64{"airlift_queue_up": 0, `airlift_submissions_in_flight{account="default"}`: 1})
	if strings.Count(log.String(), "the disk is gone") != 1 {
		t.Errorf("logged %s", log.String())
	}
}

// A pause by hand has no end, and a stop outlasts its run.
func TestTheGateIsShown(t *testing.T) {
	inBubble(t, airtest.Config{Settings: airtest.Settings{MonthlyQuota: 5}}, func(r *rig) {
		r.add("b", 50)
		r.add("held", 3)
		ctx := r.t.Context()
		err := errors.Join(r.db.SetControl(ctx, queue.DefaultAccount, queue.Control{Paused: true}), r.db.SetBatchControl(ctx, "held", queue.BatchControl{Paused: true, Share: 7}))
		want(r.t, r.scrape(), map[string]float64{
			`airlift_gate_state{account="default",state="paused"}`: 1, `airlift_gate_state{account="default",state="open"}`: 0, `airlift_batch_share{account="default",batch="held"}`: 7,
			`airlift_batch_paused{account="default",batch="held"}`: 1, `airlift_batch_share{account="default",batch="b"}`: 1, `airlift_batch_paused{account="default",batch="b"}`: 0,
		})
		if err = errors.Join(err, r.db.SetControl(ctx, queue.DefaultAccount, queue.Control{})); err != nil {
			r.t.Fatal(err)
		}
		r.pool.Limiter = ratelimit.NewLimiter(1, 1)
		end := r.start()
		time.Sleep(3 * time.Second)
		pool := r.c.Runs()[0].Pool
		pool.Pause("maintenance")
		got := r.scrape()
		want(r.t, got, map[string]float64{`airlift_gate_state{account="default",state="paused"}`: 1, `airlift_pauses_total{account="default"}`: 1, `airlift_run_active{account="default"}`: 1})
		if until, shown := got[`airlift_gate_paused_until_timestamp_seconds{account="default"}`]; shown {
			r.t.Errorf("the pause ends at %v, want no end", until)
		}
		pool.Resume()
		time.Sleep(time.Minute)
		end()
		want(r.t, r.scrape(), map[string]float64{
			`airlift_gate_state{account="default",state="stopped"}`: 1, `airlift_gate_state{account="default",state="open"}`: 0, `airlift_run_active{account="default"}`: 0, `airlift_jobs_submitted_today{account="default"}`: 5,
			`airlift_submissions_total{account="default",code="MONTHLY_QUOTA_REACHED",outcome="not_accepted"}`: 1,
		})
	})
}
