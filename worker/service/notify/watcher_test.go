package notify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"airlift/worker/service"
	"airlift/worker/stop"
)

// world is a queue as a watcher sees it, and what it has told.
type world struct {
	t *testing.T
	o service.Overview
	w Watcher

	told []Event
}

// newWorld is a run of a batch of ten items, none of which is sent.
func newWorld(t *testing.T) *world {
	w := &world{t: t}
	w.w.Tell = func(e Event) { w.told = append(w.told, e) }
	run := &service.RunOverview{Limit: "sends as fast as the rate allows"}
	w.o = service.Overview{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Queue: "q.db", Run: run,
		Accounts: []service.AccountOverview{{Name: "default", State: "running", Run: run}}}
	w.add("b")
	w.w.Begin(&w.o)
	return w
}

func (w *world) add(batch string) {
	b := service.BatchOverview{Worked: true}
	b.Batch, b.Items, b.Pending = batch, 10, 10
	w.o.Batches = append(w.o.Batches, b)
}

func (w *world) account() *service.AccountOverview  { return &w.o.Accounts[0] }
func (w *world) batch(i int) *service.BatchOverview { return &w.o.Batches[i] }

// send submits n items of the first batch.
func (w *world) send(n int64) {
	w.batch(0).Pending -= n
	w.batch(0).Submitted += n
	w.account().Submitted += n
}

func (w *world) pause(d time.Duration) {
	until := w.o.Time.Add(d)
	w.account().State, w.account().PausedUntil, w.account().Reason = "paused", &until, "daily cap"
}

func (w *world) open() { w.account().State, w.account().PausedUntil = "running", nil }

// pass looks again after a while, and fails the test unless these kinds are told.
func (w *world) pass(d time.Duration, want string) {
	w.t.Helper()
	w.told = nil
	w.o.Time = w.o.Time.Add(d)
	w.w.Look(&w.o)
	w.is(want)
}

func (w *world) is(want string) {
	w.t.Helper()
	var kinds []string
	for _, e := range w.told {
		kinds = append(kinds, string(e.Event))
	}
	if got := strings.Join(kinds, " "); got != want {
		w.t.Fatalf("at %v: got %q, want %q", w.o.Time, got, want)
	}
}

// A pause that is renewed after each canary is one, until it is renewed for long; it is over once something is accepted.
func TestRenewedPauses(t *testing.T) {
	w := newWorld(t)
	w.send(3)
	w.pass(time.Minute, "")
	w.pause(time.Hour)
	w.pass(time.Second, "paused")
	for range 3 {
		w.pass(time.Minute, "")
	}
	w.open() // a canary meets the cap again
	w.pass(time.Hour, "")
	w.pause(5 * time.Minute)
	w.pass(time.Second, "")
	w.open()
	w.pass(time.Second, "")
	w.pause(20 * time.Hour)
	w.pass(time.Second, "paused")
	w.account().Submitted = 0 // midnight
	w.pass(time.Second, "")
	w.open()
	w.pass(20*time.Hour, "")
	w.send(1)
	w.pass(time.Second, "resumed")
	w.pass(time.Second, "")
}

func TestBatchesFinishOnce(t *testing.T) {
	w := newWorld(t)
	w.send(10)
	w.batch(0).Incomplete = true // more may come
	w.pass(time.Second, "")
	w.batch(0).Incomplete = false
	w.pass(time.Second, "finished")
	w.pass(time.Second, "")
	w.add("c") // sent between two looks
	w.batch(1).Pending, w.batch(1).Submitted, w.batch(1).Failed = 0, 9, 1
	w.pass(time.Second, "finished")
	if e := w.told[0]; e.Batch != "c" || e.Counts.Failed != 1 || !strings.Contains(e.NextStep, "retry c") {
		t.Errorf("got %+v", e)
	}
	w.batch(1).Failed, w.batch(1).Cancelled = 0, 1 // an operator cancels it
	w.pass(time.Second, "")
	w.batch(1).Items, w.batch(1).Submitted = 12, 11 // two more, sent between two looks
	w.pass(time.Second, "finished")
}

func TestRejectsAreToldOnceAReading(t *testing.T) {
	w := newWorld(t)
	w.batch(0).Incomplete, w.batch(0).Rejected = true, 2
	w.pass(time.Second, "")
	w.batch(0).Incomplete, w.batch(0).Rejected = false, 3
	w.pass(time.Second, "rejects")
	w.pass(time.Second, "")
	w.batch(0).Incomplete = true
	w.pass(time.Second, "")
	w.batch(0).Incomplete = false
	w.pass(time.Second, "rejects")
}

func TestDoubtsThatStayAreTold(t *testing.T) {
	w := newWorld(t)
	w.send(9)
	w.batch(0).Pending, w.batch(0).InDoubt = 0, 1
	w.pass(time.Second, "")
	w.pass(doubtsAfter-time.Second, "")
	w.pass(time.Second, "doubts_left")
	w.pass(time.Hour, "")
	w.batch(0).InDoubt, w.batch(0).Submitted = 0, 10
	w.pass(time.Second, "finished")
}

// What was so before is not told, and pauses of one batch by hand are.
func TestWhatIsTold(t *testing.T) {
	w := newWorld(t)
	w.batch(0).ByHand = &service.HandPause{Reason: "for the audit"}
	w.pass(time.Second, "paused")
	if e := w.told[0]; e.Batch != "b" || !strings.Contains(e.Reason, "for the audit") {
		t.Errorf("got %+v", e)
	}
	w.batch(0).ByHand = nil
	w.pass(time.Second, "resumed")

	w.pause(time.Hour)
	w.batch(0).Pending, w.batch(0).Rejected = 0, 4
	w.w = Watcher{Tell: w.w.Tell}
	w.told = nil
	w.w.Begin(&w.o)
	w.is("")
	w.pass(time.Second, "")
}

// One account stops, and the process goes on with another: that is told once, and not again at the end of the process.
func TestAnAccountStops(t *testing.T) {
	w := newWorld(t)
	w.o.Accounts = append(w.o.Accounts, service.AccountOverview{Name: "media", State: "running", Run: w.o.Run})
	w.pass(time.Second, "")
	w.o.Accounts[1].State, w.o.Accounts[1].Reason, w.o.Accounts[1].Run = "stopped", "monthly quota reached", nil
	w.pass(time.Second, "account_stopped")
	if e := w.told[0]; e.Account != "media" || e.NextStep == "" {
		t.Errorf("got %+v", e)
	}
	w.pass(time.Hour, "")
	w.told = nil
	w.w.End(&w.o, End{Outcome: service.Outcome{Err: stop.Errorf(stop.Quota, "monthly quota reached. Run again")}, Code: 3, Text: "monthly quota reached. Run again; 10 items are left"})
	w.is("account_stopped")
	if e := w.told[0]; e.NextStep != "10 items are left" || *e.ExitCode != 3 {
		t.Errorf("got %+v", e)
	}
}

func TestTheEndIsTold(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("disk full"), "stopped"},
		{stop.Errorf(stop.Limit, "--max-items reached"), "stopped"},
		{stop.BadCredentials(nil), "account_stopped"},
		{stop.Errorf(stop.Failures, "too many failed"), "failure_limit"},
		{nil, "doubts_left"},
	} {
		w := newWorld(t)
		b := &w.batch(0).Status
		b.Pending, b.InDoubt, b.Submitted = 0, 1, 9
		w.pass(time.Second, "")
		w.told = nil
		w.w.End(&w.o, End{Outcome: service.Outcome{Err: tt.err, Batches: []service.Status{*b}}})
		w.is(tt.want)
	}
}

// The end moves by more than a day and a tenth of what was left, and stays there: that is told once. Items that are added, short
// dips, and ends that come nearer are not.
func TestForecastsSlip(t *testing.T) {
	w := newWorld(t)
	eta := func(days float64) {
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(days * 24 * float64(time.Hour)))
		w.o.ETA = &at
	}
	eta(20)
	w.pass(time.Minute, "")
	eta(21.5) // less than a tenth
	w.pass(time.Hour, "")
	w.pass(time.Hour, "")
	eta(30)
	w.pass(time.Minute, "") // a dip
	eta(20)
	w.pass(10*time.Minute, "")
	eta(24)
	w.pass(time.Minute, "")
	w.pass(slipLasts-time.Minute, "")
	w.pass(time.Minute, "forecast_slipped")
	if e := w.told[0]; e.ETA == nil || e.WasETA == nil || e.ETA.Sub(*e.WasETA) != 4*24*time.Hour || !strings.Contains(e.Reason, "2026-03-25, 4 days later") {
		t.Errorf("got %+v", e)
	}
	w.pass(time.Hour, "")
	w.batch(0).Items, w.batch(0).Pending = 100, 100
	eta(60)
	w.pass(time.Minute, "")
	w.pass(time.Hour, "")

	// The forecast says itself that it did not hold.
	at := *w.o.ETA
	w.account().Forecast = &service.AccountForecast{ETA: &at}
	w.pass(time.Minute, "")
	w.account().Forecast.Missed = "the forecast was too early on the last two days"
	w.pass(time.Minute, "forecast_slipped")
	w.pass(time.Hour, "")
}
