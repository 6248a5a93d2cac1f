package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"airlift/manifest/filter"
	"airlift/queue"
	"airlift/queue/intake"
	"airlift/queue/memory"
	"airlift/ratelimit"
	"airlift/worker"
	"airlift/worker/air"
	"airlift/worker/air/airtest"
	"airlift/worker/stop"
)

var settings = queue.Settings{JobFields: queue.JobFields{Services: []byte(`{"ocr":""}`), DestinationBucket: "out", DestinationRegion: "us-east-1"}}

// rig is an AiR in process, and what a run and an audit need of it.
type rig struct {
	*airtest.Server
	pool  worker.Config
	audit AuditRequest
}

func newRig(t *testing.T, c airtest.Config) *rig {
	t.Helper()
	r := &rig{Server: airtest.NewServer(c)}
	t.Cleanup(r.Close)
	client, err := air.New(air.Config{BaseURL: "http://127.0.0.1", Credentials: air.NewCredentials("access", "secret"), Transport: r})
	if err != nil {
		t.Fatal(err)
	}
	limiter := ratelimit.NewLimiter(ratelimit.Unlimited, 1)
	r.pool = worker.Config{API: client, Limiter: limiter, Settle: -1}
	r.audit = AuditRequest{API: client, Limiter: limiter, Batch: "b"}
	return r
}

// run runs batch b.
func (r *rig) run(ctx context.Context, s *Service) Outcome {
	return s.Run(ctx, RunRequest{Pool: r.pool, Batches: []string{"b"}, Settings: &settings})
}

// options are those of the reading of a manifest into batch b.
func options(t *testing.T, s *Service, text string) intake.Options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sources, err := intake.ParseSources([]string{path})
	if err == nil {
		err = sources.Resolve(t.Context())
	}
	if err == nil {
		sources.Filter, err = filter.New(filter.Config{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return intake.Options{Batch: "b", Sources: sources, Settings: settings, Log: zerolog.Nop(),
		Open: func(bool) (queue.Store, error) { return s.c.Store, nil }, Scratch: func() (queue.Store, error) { return memory.New(), nil }}
}

// feed prepares the reading of a manifest of some keys into batch b, and gives it the store of a service.
func feed(t *testing.T, s *Service, keys ...string) Feed {
	t.Helper()
	text := "bucket,key\n"
	for _, key := range keys {
		text += "archive," + key + "\n"
	}
	in, err := intake.Prepare(t.Context(), options(t, s, text))
	if err != nil {
		t.Fatal(err)
	}
	return Feed{Reading: in.Reading, Batch: "b"}
}

// A run sends what is there, and shows how it goes and how it ended.
func TestRun(t *testing.T) {
	r, s := newRig(t, airtest.Config{}), newService(t, "a.mov", "b.mov", "c.mov")
	var fed atomic.Int64
	var last atomic.Pointer[Status]
	s.c.OnFed = func() { fed.Add(1) }
	s.c.Watch = func(done <-chan struct{}, now func(all bool) []Status) {
		if all := now(false); len(all) != 1 || all[0].Batch != "b" {
			t.Errorf("the watcher is shown %+v", all)
		}
		<-done
		last.Store(&now(true)[0])
	}
	out := r.run(t.Context(), s)
	if out.Err != nil || len(out.Batches) != 1 || out.Batches[0].Submitted != 3 || out.Batches[0].State != "idle" || out.Read {
		t.Errorf("got %+v", out)
	}
	if got := last.Load(); got == nil || got.Submitted != 3 || fed.Load() != 1 || r.Posts() != 3 {
		t.Errorf("at the end the watcher is shown %+v, fed %d times, %d POSTs", got, fed.Load(), r.Posts())
	}
}

// A run reads its sources into the batch and sends them, first things first if it is told to.
func TestRunReads(t *testing.T) {
	for _, first := range []string{"", "read first"} {
		r, s := newRig(t, airtest.Config{}), newEmpty(t)
		f := feed(t, s, "a.mov", "b.mov")
		out := s.Run(t.Context(), RunRequest{Pool: r.pool, Batches: []string{"b"}, Feed: f, ReadFirst: first})
		if out.Err != nil || !out.Read || out.Batches[0].Submitted != 2 || out.Batches[0].Added != 2 || r.Accepted() != 2 {
			t.Errorf("%q: got %+v, and %d jobs", first, out, r.Accepted())
		}
	}
}

// All batches are checked before the settings of any are replaced, and each that lacks something is named.
func TestRunNamesWhatAllBatchesLack(t *testing.T) {
	r, s := newRig(t, airtest.Config{}), newService(t, "a.mov")
	ctx := t.Context()
	add(t, s, "c", "x.mov")
	some := queue.Settings{JobFields: queue.JobFields{DestinationBucket: "out"}}
	out := s.Run(ctx, RunRequest{Pool: r.pool, Batches: []string{"b", "c"}, Settings: &some})
	var several Errors
	if !errors.As(out.Err, &several) || len(several) != 2 || out.Batches != nil {
		t.Fatalf("got %+v, want the gaps of two batches", out)
	}
	for i, batch := range []string{"b", "c"} {
		var gaps *intake.MissingError
		if !errors.As(several[i], &gaps) || gaps.Batch != batch || !gaps.Services || gaps.DestinationBucket || !gaps.DestinationRegion {
			t.Errorf("%s: got %+v", batch, gaps)
		}
		if b, err := s.Batch(ctx, batch); err != nil || b.Settings.DestinationBucket != "" {
			t.Errorf("%s was changed: %+v, %v", batch, b.Settings, err)
		}
	}
	if r.Posts() != 0 {
		t.Errorf("%d POSTs, want none", r.Posts())
	}
	if out := s.Run(ctx, RunRequest{Pool: r.pool, Incomplete: true}); !errors.As(out.Err, new(*intake.MissingError)) {
		t.Errorf("a caller that lacks something itself: got %v", out.Err)
	}
}

// moved is a queue whose file is replaced as soon as something was sent.
type moved struct {
	queue.Store
	sent atomic.Bool
}

func (m *moved) Exchange(ctx context.Context, results []queue.Result, r queue.ClaimRequest) ([]queue.Claimed, []queue.Clash, error) {
	if len(results) > 0 {
		m.sent.Store(true)
	}
	return m.Store.Exchange(ctx, results, r)
}

func (m *moved) CheckPlace() error {
	if m.sent.Load() {
		return queue.ErrReplaced
	}
	return nil
}

// What a replaced file takes along is told, beside the reason for which the run ended.
func TestRunOnAReplacedQueue(t *testing.T) {
	r, s := newRig(t, airtest.Config{Settings: airtest.Settings{MonthlyQuota: 1}}), newService(t, "a.mov", "b.mov")
	s.c.Store = &moved{Store: s.c.Store}
	out := r.run(t.Context(), s)
	var quota *stop.Error
	if !errors.Is(out.Err, queue.ErrReplaced) {
		t.Errorf("got %v, want the replaced file", out.Err)
	}
	if errors.As(out.Err, &quota) && quota.Reason == stop.Quota && len(out.Err.(Errors)) != 2 {
		t.Errorf("got %v, want each reason once", out.Err)
	}
}

// The end of a context is an outcome with its cause, and with how the batches stand.
func TestARunThatIsEnded(t *testing.T) {
	r, s := newRig(t, airtest.Config{}), newService(t, "a.mov")
	why := errors.New("ended by a signal")
	ctx, end := context.WithCancelCause(t.Context())
	end(why)
	out := s.Run(ctx, RunRequest{Pool: r.pool, Batches: []string{"b"}})
	if out.Err != why || len(out.Batches) != 1 || out.Batches[0].Pending != 1 || r.Posts() != 0 {
		t.Errorf("got %+v after %d POSTs", out, r.Posts())
	}
}

// What the queue does not know is found after a run, and adopted by an adoption, whose sources are read first.
func TestVerifyAndAdopt(t *testing.T) {
	r, s := newRig(t, airtest.Config{}), newService(t, "a.mov", "b.mov")
	if out := r.run(t.Context(), s); out.Err != nil {
		t.Fatal(out.Err)
	}
	lost := newEmpty(t)
	if err := CheckAdoptable(t.Context(), r.audit); err != nil {
		t.Errorf("a batch that AiR knows: %v", err)
	}
	none := r.audit
	none.Batch = "none"
	if err := CheckAdoptable(t.Context(), none); !errors.As(err, new(*NoJobsError)) {
		t.Errorf("a batch that nobody knows: %v", err)
	}
	out := lost.Adopt(t.Context(), feed(t, lost, "a.mov", "c.mov"), r.audit)
	if b := out.Batches[0]; out.Err != nil || b.Submitted != 2 || b.Pending != 1 || b.Unsourced != 1 || b.Audit == nil || b.Audit.Adopted != 2 || b.Adopting {
		t.Errorf("adopt: got %+v", out)
	}
	out = lost.Run(t.Context(), RunRequest{Pool: r.pool, Batches: []string{"b"}, Verify: &r.audit})
	if b := out.Batches[0]; out.Err != nil || b.Submitted != 3 || b.Audit == nil || b.Audit.Found() != 0 || !b.Audit.Complete {
		t.Errorf("run and verify: got %+v, %+v", out, b.Audit)
	}
	v, err := s.Audit(t.Context(), r.audit)
	if err != nil || v.Unknown != 1 || len(v.Findings) != 1 || v.Findings[0].Key != "c.mov" {
		t.Errorf("the stale queue: got %+v, %v", v, err)
	}
}

// A dry run stores nothing, and shows what a run would.
func TestDryRun(t *testing.T) {
	s := newService(t, "a.mov")
	before, err := s.Batch(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, s, "bucket,key\narchive,a.mov\narchive,new.mov\narchive,\n")
	o.StoreNothing = true
	in, err := intake.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	st, d, err := DryRun(t.Context(), in)
	if err != nil || st.Rows != 3 || st.Added != 1 || st.Known != 1 || st.Rejected != 1 || st.Pending != 2 || st.Items != 2 || len(d.RejectedRows) != 1 {
		t.Errorf("got %+v, %v", st, err)
	}
	if after, err := s.Batch(t.Context(), "b"); err != nil || after.Counts != before.Counts || after.Reading.Number != before.Reading.Number {
		t.Errorf("it changed the batch: %+v, %v", after, err)
	}
}

// newEmpty returns a service on a queue without a batch.
func newEmpty(t *testing.T) *Service {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	return New(Config{Store: db, Place: "queue.db", Opened: time.Now(), Log: zerolog.Nop()})
}
