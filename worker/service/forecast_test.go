package service

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"airlift/queue"
	"airlift/ratelimit"
	"airlift/worker/air/airtest"
	"airlift/worker/service/eventlog"
)

// forecastRun is a run of 3,000 items, in fake time.
type forecastRun struct {
	*Service
	t     *testing.T
	cap   atomic.Int64
	began time.Time
	ended chan Outcome
}

func beginForecastRun(t *testing.T) *forecastRun {
	f := &forecastRun{t: t, ended: make(chan Outcome, 1)}
	f.cap.Store(400)
	r := newRig(t, airtest.Config{CapOn: func(time.Time) int { return int(f.cap.Load()) }})
	keys := make([]string, 3000)
	for i := range keys {
		keys[i] = fmt.Sprintf("clip-%d.mov", i)
	}
	f.Service = newService(t, keys...)
	f.c.Host.Events = &eventlog.Log{}
	f.c.Log = zerolog.New(f.c.Host.Events)
	r.pool.Limiter = ratelimit.NewLimiter(2, 1)
	f.began = time.Now()
	go func() { f.ended <- r.run(t.Context(), f.Service) }()
	return f
}

// at sleeps until two hours after the n-th midnight, and returns the forecast then, which the overview must have too.
func (f *forecastRun) at(n int) AccountForecast {
	f.t.Helper()
	time.Sleep(time.Until(f.began.Truncate(24*time.Hour).AddDate(0, 0, n).Add(2 * time.Hour)))
	got := f.forecast(ForecastQuery{Batches: []string{"b"}})
	if o := overview(f.t, f.Service); o.Account.Forecast == nil || o.Account.Forecast.Missed != got.Missed || o.Account.Forecast.Items != got.Items {
		f.t.Errorf("the overview has the forecast %+v, want %+v", o.Account.Forecast, got)
	}
	return got
}

// forecast returns the forecast of the only account.
func (f *forecastRun) forecast(q ForecastQuery) AccountForecast {
	f.t.Helper()
	got, err := f.Forecast(f.t.Context(), q)
	if err != nil || got.Schema != ForecastSchema || len(got.Accounts) != 1 {
		f.t.Fatalf("got %+v, %v", got, err)
	}
	return got.Accounts[0]
}

// said counts the lines of the log that have a text.
func (f *forecastRun) said(text string) (n int) {
	for _, e := range f.c.Host.Events.Latest() {
		if strings.Contains(e.Text, text) {
			n++
		}
	}
	return n
}

// A run keeps a forecast for each day. When AiR's cap falls the forecasts are too early twice, which is said; then they have
// learned, and hold again.
func TestForecastsThatDoNotHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(9*time.Hour + 20*time.Minute)
		f := beginForecastRun(t)
		before := f.at(3)
		if before.Missed != "" || !strings.Contains(before.ETARange.Why, "cap 400 seen on") || before.ETARange.High.Sub(before.ETARange.Low) > 48*time.Hour {
			t.Errorf("after three days of 400: %+v, range %+v", before, before.ETARange)
		}
		f.cap.Store(100)
		if got := f.at(5); got.Missed != "" { // today has begun with the cap of 400
			t.Errorf("after a day of 100: %q", got.Missed)
		}
		slipped := f.at(6)
		const late = "the forecast was too early on the last two days: 100 sent on 5 January instead of "
		if !strings.Contains(slipped.Missed, late) || f.said(late) != 1 {
			t.Errorf("after two days of 100: %q, and the log has it %d times; want %q", slipped.Missed, f.said(late), late)
		}
		if !slipped.ETARange.Low.After(*before.ETARange.High) {
			t.Errorf("the range %+v is not after that of before, %+v", slipped.ETARange, before.ETARange)
		}
		again := f.at(8)
		if again.Missed != "" {
			t.Errorf("after four days of 100: %q", again.Missed)
		}
		days, err := f.Days(t.Context(), f.c.Account, queue.DayOf(time.Now()), queue.DayOf(time.Now()))
		if e := days[0].Expected; err != nil || e.Low != 100 || e.High != 100 || e.Left == 0 || e.To.IsZero() {
			t.Errorf("the forecast of the day is %+v, %v", e, err)
		}
		out, last := <-f.ended, time.Now()
		if out.Err != nil || last.Before(again.ETARange.Low) || last.After(*again.ETARange.High) {
			t.Errorf("it ended at %v with %v, and the forecast was %v to %v", last, out.Err, again.ETARange.Low, again.ETARange.High)
		}
		if got := f.forecast(ForecastQuery{Limits: AssumedLimits{Rate: rate.Inf}}); got.None != NothingLeft || got.Items != 0 {
			t.Errorf("at the end: %+v", got)
		}
	})
}
