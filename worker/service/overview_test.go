package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"airlift/queue"
	"airlift/queue/learned"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
	"airlift/worker/bottleneck"
	"airlift/worker/pace"
	"airlift/worker/service/eventlog"
)

// overview returns the overview of a service.
func overview(t *testing.T, s *Service) Overview {
	t.Helper()
	o, err := s.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOverviewOfAnEmptyQueue(t *testing.T) {
	text, err := json.Marshal(overview(t, newEmpty(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"schema":1,`, `"batches":[],`, `"run":null,`, `"errors":[],"events":[]}`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("got %s, want in it %s", text, want)
		}
	}
}

func TestOverviewOfAQueueAtRest(t *testing.T) {
	s := newService(t, "a.mov", "b.mov")
	ctx, yesterday := t.Context(), queue.DayOf(time.Now())-1
	add(t, s, "c", "c.mov")
	_, _, err := s.c.Store.Exchange(ctx, nil, queue.ClaimRequest{Batches: []string{"b"}, Max: 1, Day: yesterday})
	job := queue.Result{Batch: "b", To: queue.Submitted, JobID: "j", Sent: true, Attempted: true, At: time.Now()}
	if err == nil {
		_, _, err = s.c.Store.Exchange(ctx, []queue.Result{job}, queue.ClaimRequest{})
	}
	until, one := time.Now().Add(time.Hour).UTC(), int64(1)
	err = errors.Join(err, s.c.Store.Observe(ctx, s.c.Account, queue.Observation{Kind: queue.SeenCap, At: yesterday.Start().Add(time.Hour)}),
		s.c.Store.SetGate(ctx, s.c.Account, queue.Gate{PausedUntil: until, Reason: "cap"}))
	if err != nil {
		t.Fatal(err)
	}
	o := overview(t, s)
	want := AccountOverview{Name: queue.DefaultAccount, State: "paused", Reason: "cap", PausedUntil: &until, LearnedCap: &one,
		Learned: &learned.Summary{Cap: &learned.Estimate{Value: 1, Low: 1, High: 1, Seen: yesterday.Start().Format(time.DateOnly), Days: 1, Of: 1}}}
	if diff := cmp.Diff(want, o.Account); diff != "" {
		t.Error(diff)
	}
	if len(o.Batches) != 2 || o.Batches[0].Batch != "b" || o.Batches[0].Submitted != 1 || o.Batches[1].Pending != 1 || o.Batches[0].Worked || o.Run != nil {
		t.Errorf("got %+v", o)
	}
}

// What an operator has set is shown as long as it is in force.
func TestOverviewOfWhatIsSet(t *testing.T) {
	s := newService(t, "a.mov")
	add(t, s, "c", "c.mov")
	ctx, until := t.Context(), time.Now().Add(time.Hour).UTC()
	err := errors.Join(s.c.Store.SetBatchControl(ctx, "b", queue.BatchControl{Share: 7, Paused: true, PausedUntil: until, Reason: "disk"}),
		s.c.Store.SetBatchControl(ctx, "c", queue.BatchControl{Paused: true, PausedUntil: time.Now().Add(-time.Second)}),
		s.c.Store.SetControl(ctx, s.c.Account, queue.Control{Paused: true, Reason: "night"}))
	if err != nil {
		t.Fatal(err)
	}
	o := overview(t, s)
	if diff := cmp.Diff(&HandPause{&until, "disk"}, o.Batches[0].ByHand); diff != "" || o.Batches[0].Share != 7 {
		t.Errorf("share %d, %s", o.Batches[0].Share, diff)
	}
	if b := o.Batches[1]; b.ByHand != nil || b.Share != 1 {
		t.Errorf("a pause that is over: %+v", b)
	}
	if diff := cmp.Diff(&HandPause{nil, "night"}, o.Account.ByHand); diff != "" {
		t.Error(diff)
	}
}

// during runs batch b of 1,001 items, one of which AiR refuses, in fake time.
func during(t *testing.T, test func(s *Service, began time.Time, ended <-chan Outcome)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, airtest.Config{Settings: airtest.Settings{DailyCap: 400}, SourceExists: func(_, key string) bool { return key != "bad.mov" }})
		keys := make([]string, 1000)
		for i := range keys {
			keys[i] = fmt.Sprintf("clip-%d.mov", i)
		}
		s := newService(t, append([]string{"bad.mov"}, keys...)...)
		add(t, s, "other", "c.mov")
		s.c.Host.Events = &eventlog.Log{}
		s.c.Log = zerolog.New(s.c.Host.Events)
		r.pool.Limiter, r.pool.DailyLimit, r.pool.Address = ratelimit.NewLimiter(5, 1), 500, "https://air.example.com"
		began, ended := time.Now(), make(chan Outcome, 1)
		go func() { ended <- r.run(t.Context(), s) }()
		test(s, began, ended)
		time.Sleep(72 * time.Hour)
		if out := <-ended; out.Err != nil {
			t.Error(out.Err)
		}
		if o := overview(t, s); o.Run != nil || o.Account.State != "idle" || o.Batches[0].Left() != 0 || o.ETA != nil {
			t.Errorf("after the run: %+v", o)
		}
	})
}

// The overview of a run has the numbers of the run, and says what limits it.
func TestOverviewOfARun(t *testing.T) {
	during(t, func(s *Service, began time.Time, ended <-chan Outcome) {
		time.Sleep(61*time.Second + 100*time.Millisecond) // between two requests
		o := overview(t, s)
		rate := 5.
		want := &RunOverview{PID: os.Getpid(), Since: began.UTC(), Address: "https://air.example.com", Activity: "running",
			Limits: LimitsOverview{Rate: &rate, RateBy: pace.Fixed, Workers: 8, DailyLimit: 500}, LimitedBy: "rate", Limit: " of 5/s: limited by the rate"}
		want.Host, _ = os.Hostname()
		got := *o.Run
		if got.Rate < 4.9 || got.Rate > 5.1 {
			t.Errorf("the rate is %v, want 5 a second", got.Rate)
		}
		want.Rate, want.Limit = got.Rate, bottleneck.FormatSpeed(got.Rate)+want.Limit
		if diff := cmp.Diff(want, &got); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Minute) // the cap is met
		if o = overview(t, s); o.Run.LimitedBy != "gate" || !strings.HasPrefix(o.Run.Limit, "paused: daily cap reached") || o.Account.State != "paused" || o.Account.PausedUntil == nil {
			t.Errorf("at the cap: %+v, %+v", o.Run, o.Account)
		}
	})
}

// It also has the numbers of all batches, failed items and events.
func TestOverviewDuringARun(t *testing.T) {
	during(t, func(s *Service, began time.Time, ended <-chan Outcome) {
		time.Sleep(61*time.Second + 100*time.Millisecond) // between two requests
		o := overview(t, s)
		if b := o.Batches[0]; !b.Worked || b.State != "running" || b.Submitted != o.Account.Submitted || b.Submitted < 300 || b.Failed != 1 || *o.Account.DailyLimit != 500 {
			t.Errorf("the batch of the run: %+v, %+v", b, o.Account)
		}
		if b := o.Batches[1]; b.Worked || b.Pending != 1 || b.State == "running" {
			t.Errorf("the other batch: %+v", b)
		}
		if o.ETA == nil || o.ETA.Before(began.Add(12*time.Hour)) { // 1,000 items at 500 a day
			t.Errorf("ETA: %v", o.ETA)
		}
		if e := o.Errors; len(e) != 1 || e[0].Count != 1 || e[0].ExampleKey != "bad.mov" || e[0].Batch != "b" {
			t.Errorf("errors: %+v", e)
		}
		if e := o.Events; len(e) != 2 || e[1].Batch != "b" || e[1].Level != "warn" || !strings.Contains(e[1].Text, "key=bad.mov") { // the first is on the settings
			t.Errorf("events: %+v", e)
		}
	})
}

// Failed items are summed up over the batches by code; the example is that of the batch with the most.
func TestOverviewSumsUpErrors(t *testing.T) {
	var o Overview
	o.setBatches([]Status{
		{Batch: "a", InDoubt: 2, Errors: []queue.ErrorCount{{Code: "X", Count: 3, ExampleKey: "a1"}, {Code: "Y", Count: 4, ExampleKey: "a2"}}},
		{Batch: "b", InDoubt: 3, Errors: []queue.ErrorCount{{Code: "X", Count: 5, ExampleKey: "b1"}}},
		{Batch: "c", Errors: []queue.ErrorCount{{Code: "X", Count: 1, ExampleKey: "c1"}}},
	}, nil)
	if len(o.Errors) != 2 || o.Errors[0].Code != "X" || o.Errors[0].Count != 9 || o.Errors[0].ExampleKey != "b1" || o.Errors[0].Batch != "b" || o.Errors[1].Count != 4 || o.InDoubt != 5 {
		t.Errorf("got %+v", o)
	}
}

func TestRatesInWords(t *testing.T) {
	for rate, want := range map[float64]string{0: "0/s", 0.001: "3.6/h", 0.02: "1.2/min", 4.123: "4.12/s", 5: "5/s", 99.94: "99.9/s", 123.6: "124/s", 12345: "12345/s"} {
		if got := bottleneck.FormatSpeed(rate); got != want {
			t.Errorf("%v: got %s, want %s", rate, got, want)
		}
	}
}
