package air_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"airlift/worker/air"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	canaryAccess = "AKIACANARY0ACCESS0KEY"
	canarySecret = "canary/secret+KEY==0123456789"
)

var keys = air.NewCredentials(canaryAccess, canarySecret)

// newClient makes a client and closes its idle connections when the test ends.
func newClient(t testing.TB, c air.Config) *air.Client {
	t.Helper()
	if c.Credentials.IsZero() {
		c.Credentials = keys
	}
	client, err := air.New(c)
	if err != nil {
		t.Fatalf("new client: %v", err)
	}
	t.Cleanup(client.Close)
	return client
}

// answering starts a server that gives one answer to all.
func answering(t testing.TB, status int, contentType, body string) *air.Client {
	t.Helper()
	return handling(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func handling(t testing.TB, h http.HandlerFunc) *air.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return newClient(t, air.Config{BaseURL: srv.URL})
}

func someJob() air.NewJob {
	return air.NewJob{
		Name: "clip", Services: json.RawMessage(`{"ocr":""}`), Batch: "b",
		Destination: air.Destination{Bucket: "out", Region: "us-west-1"},
		Source:      air.Source{Bucket: "in", ObjectKey: "MP4/Commercial.mp4"},
	}
}

func background() context.Context { return context.Background() }
