package airtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var keys = air.NewCredentials("access", "secret")

// overSocket starts the server and a client of it on loopback.
func overSocket(t testing.TB, s *airtest.Server, c air.Config) *air.Client {
	t.Helper()
	c.BaseURL = s.Start(t)
	return newClient(t, c)
}

// inProcess makes a client that needs no socket.
func inProcess(t testing.TB, s *airtest.Server, c air.Config) *air.Client {
	t.Helper()
	c.BaseURL, c.Transport = "https://air.example", s
	return newClient(t, c)
}

func newClient(t testing.TB, c air.Config) *air.Client {
	t.Helper()
	c.Credentials = keys
	client, err := air.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func job(i int) air.NewJob {
	return air.NewJob{
		Name: fmt.Sprintf("job-%d", i), Services: json.RawMessage(`{"ocr":""}`), Batch: "b",
		Destination: air.Destination{Bucket: "out", Region: "us-west-1"},
		Source:      air.Source{Bucket: "in", ObjectKey: fmt.Sprintf("key-%d", i)},
	}
}

func mustSubmit(t testing.TB, c *air.Client, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if out := c.Submit(context.Background(), job(i)); out.JobID == "" {
			t.Fatalf("job %d: got %d %s %s %v, want a job", i, out.Status, out.Code, out.Message, out.Err)
		}
	}
}

// get asks in process for a page of one job, decodes it into v, and returns the status.
func get(t testing.TB, s *airtest.Server, path string, v any) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "https://air.example/jobs/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Access-Key", "access")
	req.Header.Set("X-Amz-Secret-Key", "secret")
	resp, err := s.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return resp.StatusCode
}

// post sends a raw body with keys.
func post(t testing.TB, url, body string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Access-Key", "access")
	req.Header.Set("X-Amz-Secret-Key", "secret")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	resp.Body.Close()
	return resp.StatusCode
}
