package airtest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func submit(t *testing.T, c *air.Client, i int) air.Outcome {
	t.Helper()
	return c.Submit(context.Background(), job(i))
}

func TestDailyCapAndMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{DailyCap: 2}, MidnightIn: time.Hour})
		client := inProcess(t, srv, air.Config{})
		mustSubmit(t, client, 0, 2)
		out := submit(t, client, 2)
		if out.Status != 429 || out.Code != "DAILY_CAP_EXCEEDED" || out.Message == "" {
			t.Fatalf("got %+v, want 429", out)
		}
		if want := time.Date(2000, 1, 1, 23, 0, 0, 0, time.UTC); !out.Date.Equal(want) {
			t.Errorf("got date %v, want %v", out.Date, want)
		}
		<-time.After(time.Hour - time.Nanosecond)
		if out := submit(t, client, 2); out.Status != 429 {
			t.Errorf("before midnight: got %d, want 429", out.Status)
		}
		<-time.After(time.Nanosecond)
		mustSubmit(t, client, 2, 4)
		if out := submit(t, client, 4); out.Status != 429 {
			t.Errorf("the next day: got %d, want 429", out.Status)
		}
		if err := srv.Change(func(s *airtest.Settings) { s.DailyCap = 3 }); err != nil {
			t.Fatal(err)
		}
		mustSubmit(t, client, 4, 5)
		if got := srv.Statuses(); got[200] != 5 || got[429] != 3 || srv.Posts() != 8 {
			t.Errorf("got %v of %d posts, want 5 times 200 and 3 times 429", got, srv.Posts())
		}
	})
}

// What is refused uses nothing up.
func TestRefusedJobsDoNotCount(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{
		DailyCap: 1, Faults: airtest.Faults{RejectKeys: []string{"-7"}},
	}})
	client := inProcess(t, srv, air.Config{})
	bad := job(1)
	bad.Priority = 99
	if out := client.Submit(context.Background(), bad); out.Status != 400 {
		t.Errorf("got %d, want 400", out.Status)
	}
	if out := submit(t, client, 7); out.Status != 400 {
		t.Errorf("rejected key: got %d, want 400", out.Status)
	}
	mustSubmit(t, client, 2, 3)
}

func TestMonthlyQuota(t *testing.T) {
	now := time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC)
	srv := airtest.NewServer(airtest.Config{
		Settings: airtest.Settings{MonthlyQuota: 1}, Clock: func() time.Time { return now },
	})
	client := inProcess(t, srv, air.Config{})
	mustSubmit(t, client, 0, 1)
	srv.Advance(24 * time.Hour)
	if out := submit(t, client, 1); out.Status != 403 || out.Code == "" {
		t.Errorf("got %+v, want 403", out)
	}
	srv.Advance(12 * time.Hour)
	mustSubmit(t, client, 1, 2)
}

func TestRequestRate(t *testing.T) {
	for status, want := range map[int]struct {
		status int
		code   string
	}{0: {400, "RequestRateLimitExceeded"}, 400: {400, "RequestRateLimitExceeded"}, 503: {503, "SlowDown"}} {
		synctest.Test(t, func(t *testing.T) {
			srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{RequestRate: 2, ThrottleStatus: status}})
			client := inProcess(t, srv, air.Config{})
			mustSubmit(t, client, 0, 2)
			if out := submit(t, client, 2); out.Status != want.status || out.Code != want.code {
				t.Errorf("throttle status %d: got %d %s, want %d %s", status, out.Status, out.Code, want.status, want.code)
			}
			<-time.After(500 * time.Millisecond)
			mustSubmit(t, client, 2, 3)
		})
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{Latency: airtest.Duration(3 * time.Second)}})
		out := inProcess(t, srv, air.Config{}).Submit(context.Background(), job(1))
		if got := out.Ended.Sub(out.Sent); got != 3*time.Second || out.JobID == "" {
			t.Errorf("got %+v after %v, want a job after 3s", out, got)
		}
		out = inProcess(t, srv, air.Config{Timeout: time.Second}).Submit(context.Background(), job(2))
		if out.Err == nil || srv.Accepted() != 2 {
			t.Errorf("got %+v and %d jobs, want a timeout and 2", out, srv.Accepted())
		}
	})
}

func TestMidnightIn(t *testing.T) {
	for _, hour := range []int{0, 1, 23} {
		start := time.Date(2026, 5, 31, hour, 0, 0, 1, time.UTC)
		for _, in := range []time.Duration{time.Second, 12 * time.Hour, 24 * time.Hour} {
			srv := airtest.NewServer(airtest.Config{MidnightIn: in, Clock: func() time.Time { return start }})
			now := srv.Now()
			if got := now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now); got != in {
				t.Errorf("at %v: midnight is in %v, want %v", start, got, in)
			}
		}
	}
}

func TestBadSettings(t *testing.T) {
	for name, s := range map[string]airtest.Settings{
		"cap": {DailyCap: -1}, "quota": {MonthlyQuota: -1}, "rate": {RequestRate: -1}, "throttle": {ThrottleStatus: 500},
		"lag": {ListLag: -1}, "share": {FailShare: 2},
		"kind": {Faults: airtest.Faults{Post: airtest.Odds{"x": 0.1}}},
		"odds": {Faults: airtest.Faults{List: airtest.Odds{airtest.Late: 1.1}}},
		"sum":  {Faults: airtest.Faults{Post: airtest.Odds{airtest.Late: 0.6, airtest.HalfBody: 0.6}}},
	} {
		if (airtest.Config{Settings: s}).Check() == nil {
			t.Errorf("%s: got no error", name)
		}
		srv := airtest.NewServer(airtest.Config{})
		if srv.Change(func(now *airtest.Settings) { *now = s }) == nil {
			t.Errorf("%s: change: got no error", name)
		}
	}
}
