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

// A run keeps a forecast for each day. When AiR's cap falls the forecasts are too early twice, which is said; then they have
// learned, and hold again. The last one before the end holds the end.
func TestTheForecastsOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(9*time.Hour + 20*time.Minute)
		var dailyCap atomic.Int64
		dailyCap.Store(400)
		r := newRig(t, airtest.Config{CapOn: func(time.Time) int { return int(dailyCap.Load()) }})
		keys := make([]string, 3000)
		for i := range keys {
			keys[i] = fmt.Sprintf("clip-%d.mov", i)
		}
		s := newService(t, keys...)
		s.c.Host.Events = &eventlog.Log{}
		s.c.Log = zerolog.New(s.c.Host.Events)
		r.pool.Limiter = ratelimit.NewLimiter(2, 1)
		began, ended := time.Now(), make(chan Outcome, 1)
		go func() { ended <- r.run(t.Context(), s) }()
		forecast := func() AccountForecast {
			t.Helper()
			f, err := s.Forecast(t.Context(), ForecastQuery{Batches: []string{"b"}})
			if err != nil || f.Schema != ForecastSchema || len(f.Accounts) != 1 {
				t.Fatalf("got %+v, %v", f, err)
			}
			if o := overview(t, s); o.Account.Forecast == nil || o.Account.Forecast.Missed != f.Accounts[0].Missed || o.Account.Forecast.Items != f.Accounts[0].Items {
				t.Errorf("the overview has the forecast %+v, want %+v", o.Account.Forecast, f.Accounts[0])
			}
			return f.Accounts[0]
		}
		midnights := func(n int) { time.Sleep(time.Until(began.Truncate(24*time.Hour).AddDate(0, 0, n).Add(2 * time.Hour))) }
		midnights(3)
		before := forecast()
		if before.Missed != "" || !strings.Contains(before.ETARange.Why, "cap 400 seen on") || before.ETARange.High.Sub(before.ETARange.Low) > 48*time.Hour {
			t.Errorf("after three days of 400: %+v, range %+v", before, before.ETARange)
		}
		dailyCap.Store(100)
		midnights(5) // the day that has begun with the cap of 400, and a first one of 100
		if f := forecast(); f.Missed != "" {
			t.Errorf("after a day of 100: %q", f.Missed)
		}
		midnights(6)
		slipped := forecast()
		if want := "the forecast was too early on the last two days: 100 sent on 5 January instead of "; !strings.Contains(slipped.Missed, want) {
			t.Errorf("after two days of 100: %q, want %q", slipped.Missed, want)
		}
		said := 0
		for _, e := range s.c.Host.Events.Latest() {
			if strings.Contains(e.Text, "the forecast was too early") {
				said++
			}
		}
		if said != 1 {
			t.Errorf("the log has said it %d times, want once", said)
		}
		if !slipped.ETARange.Low.After(*before.ETARange.High) {
			t.Errorf("the range %+v is not after that of before, %+v", slipped.ETARange, before.ETARange)
		}
		midnights(8)
		f := forecast()
		if f.Missed != "" {
			t.Errorf("after four days of 100: %q", f.Missed)
		}
		days, err := s.Days(t.Context(), s.c.Account, queue.DayOf(time.Now()), queue.DayOf(time.Now()))
		if e := days[0].Expected; err != nil || e.Low != 100 || e.High != 100 || e.Left == 0 || e.To.IsZero() {
			t.Errorf("the forecast of the day is %+v, %v", e, err)
		}
		out, last := <-ended, time.Now()
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		b, _ := s.Batch(t.Context(), "b")
		if got := forecastAtRest(t, s); got.None != nothingLeft || b.Counts.Submitted != 3000 {
			t.Errorf("at the end: %+v, %+v", got, b.Counts)
		}
		if last.Before(f.ETARange.Low) || last.After(*f.ETARange.High) {
			t.Errorf("it ended at %v, and the forecast was %v to %v", last, f.ETARange.Low, f.ETARange.High)
		}
	})
}

func forecastAtRest(t *testing.T, s *Service) AccountForecast {
	t.Helper()
	f, err := s.Forecast(t.Context(), ForecastQuery{Limits: AssumedLimits{Rate: rate.Inf}})
	if err != nil || len(f.Accounts) != 1 {
		t.Fatalf("got %+v, %v", f, err)
	}
	return f.Accounts[0]
}
