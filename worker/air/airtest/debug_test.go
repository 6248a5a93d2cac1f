package airtest_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// ask sends a debug request, without keys, and decodes the answer into v.
func ask(t *testing.T, method, url, body string, v any) int {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return resp.StatusCode
}

func TestDebugJobs(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{})
	url := srv.Start(t)
	client := newClient(t, air.Config{BaseURL: url})
	mustSubmit(t, client, 0, 3)
	mustSubmit(t, client, 1, 2)
	if got := post(t, url+"/jobs", "x"); got != 400 {
		t.Fatalf("got %d, want 400", got)
	}
	var full struct {
		Posts, Lists, Accepted, Objects int
		Statuses                        map[int]int
		Duplicates                      []struct {
			Batch, Bucket, Key string
			IDs                []string
		}
		Jobs []struct{ ID, Batch, Name, Bucket, Key, Created string }
	}
	ask(t, "GET", url+"/debug/jobs", "", &full)
	if full.Posts != 5 || full.Accepted != 4 || full.Objects != 3 || full.Statuses[400] != 1 || len(full.Jobs) != 4 {
		t.Errorf("got %+v", full)
	}
	if len(full.Duplicates) != 1 || full.Duplicates[0].Key != "key-1" || len(full.Duplicates[0].IDs) != 2 {
		t.Errorf("got duplicates %+v", full.Duplicates)
	}
	if j := full.Jobs[3]; j.Key != "key-1" || j.Name != "job-1" || j.Batch != "b" || j.Bucket != "in" || j.ID != full.Duplicates[0].IDs[1] || j.Created == "" {
		t.Errorf("got job %+v", j)
	}
	var brief map[string]json.RawMessage
	ask(t, "GET", url+"/debug/jobs?summary=1", "", &brief)
	if string(brief["duplicates"]) != "1" || string(brief["accepted"]) != "4" || brief["jobs"] != nil {
		t.Errorf("got summary %s", brief)
	}
}

func TestDebugSettings(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{MonthlyQuota: 50, Faults: airtest.Faults{Seed: 7}}})
	url := srv.Start(t)
	client := newClient(t, air.Config{BaseURL: url})
	var got airtest.Settings
	set := func(body string) {
		t.Helper()
		got = airtest.Settings{}
		if status := ask(t, "POST", url+"/debug/settings", body, &got); status != 200 {
			t.Fatalf("%s: got %d", body, status)
		}
	}
	set(`{"daily_cap":1,"list_lag":"1m","faults":{"post":{"500_after":1},"list":{"403":1},"reject_keys":["x"]}}`)
	if got.MonthlyQuota != 50 || got.Faults.Seed != 7 || got.ListLag != airtest.Duration(time.Minute) {
		t.Errorf("got %+v", got)
	}
	if out := client.Submit(context.Background(), job(1)); out.Status != 500 || srv.Accepted() != 1 {
		t.Errorf("got %d and %d jobs, want 500 and 1", out.Status, srv.Accepted())
	}
	set(`{"faults":{"post":{}}}`)
	if len(got.Faults.Post) != 0 || got.Faults.List["403"] != 1 || len(got.Faults.RejectKeys) != 1 || got.DailyCap != 1 {
		t.Errorf("got %+v", got)
	}
	if out := client.Submit(context.Background(), job(2)); out.Status != 429 {
		t.Errorf("got %d, want 429", out.Status)
	}
	for _, bad := range []string{`{"daily_cap":-1}`, `{"daily_kap":1}`, `{"faults":{"post":{"x":1}}}`, `x`, `{"list_lag":5}`} {
		var e struct{ Error string }
		if status := ask(t, "POST", url+"/debug/settings", bad, &e); status != 400 || e.Error == "" {
			t.Errorf("%s: got %d %q, want 400", bad, status, e.Error)
		}
	}
	if srv.Settings().DailyCap != 1 {
		t.Errorf("got cap %d after bad settings, want 1", srv.Settings().DailyCap)
	}
	var e struct{ Error string }
	if status := ask(t, "GET", url+"/debug/nothing", "", &e); status != 404 {
		t.Errorf("got %d, want 404", status)
	}
}

func TestDebugClock(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{Settings: airtest.Settings{DailyCap: 1}, MidnightIn: 12 * time.Hour})
	url := srv.Start(t)
	client := newClient(t, air.Config{BaseURL: url})
	mustSubmit(t, client, 0, 1)
	var clock struct {
		Now          time.Time
		NextMidnight time.Time `json:"next_midnight"`
	}
	ask(t, "POST", url+"/debug/clock", `{"midnight_in":"1h"}`, &clock)
	if left := clock.NextMidnight.Sub(clock.Now); left > time.Hour || left < 59*time.Minute {
		t.Errorf("got midnight in %v, want an hour", left)
	}
	out := client.Submit(context.Background(), job(1))
	if out.Status != 429 || out.Date.Sub(clock.Now).Abs() > time.Minute {
		t.Errorf("got %d at %v, want 429 at %v", out.Status, out.Date, clock.Now)
	}
	ask(t, "POST", url+"/debug/clock", `{"advance":"1h"}`, &clock)
	mustSubmit(t, client, 1, 2)
	var e struct{ Error string }
	for _, bad := range []string{`{"advance":"-1h"}`, `{"midnight_in":"25h"}`, `{"x":1}`} {
		if status := ask(t, "POST", url+"/debug/clock", bad, &e); status != 400 {
			t.Errorf("%s: got %d, want 400", bad, status)
		}
	}
}

func TestNoDate(t *testing.T) {
	srv := airtest.NewServer(airtest.Config{NoDate: true})
	for _, client := range []*air.Client{overSocket(t, srv, air.Config{}), inProcess(t, srv, air.Config{})} {
		if out := client.Submit(context.Background(), job(1)); !out.Date.IsZero() || out.Status != 200 {
			t.Errorf("got %+v, want no date", out)
		}
	}
}

func TestListenAndServe(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	srv := airtest.NewServer(airtest.Config{Script: func(r airtest.Request) airtest.Fault {
		if r.N == 2 {
			return airtest.Fault{Kind: airtest.HangBefore}
		}
		return airtest.Fault{}
	}, OnRequest: func(r airtest.Request) {
		if r.N == 2 {
			cancel() // a request that hangs does not hold up the end
		}
	}})
	url, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- srv.ListenAndServe(ctx, "127.0.0.1:0", func(u string) { url <- u }) }()
	client := newClient(t, air.Config{BaseURL: <-url})
	mustSubmit(t, client, 0, 1)
	if out := client.Submit(context.Background(), job(1)); out.Err == nil {
		t.Errorf("got %+v, want an error", out)
	}
	if err := <-done; err != nil {
		t.Errorf("got %v, want nil", err)
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "x"} {
		if err := srv.ListenAndServe(context.Background(), address, nil); err == nil {
			t.Errorf("%s: got no error", address)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := srv.ListenAndServe(context.Background(), taken.Addr().String(), nil); err == nil {
		t.Error("a taken port: got no error")
	}
}
