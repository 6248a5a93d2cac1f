package air_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"airlift/worker/air"
)

func TestBaseURL(t *testing.T) {
	tests := []struct{ url, problem string }{
		{"https://air.example", ""},
		{"https://air.example:8443/v1/", ""},
		{"http://localhost:1", ""},
		{"http://127.0.0.2:1/x", ""},
		{"http://[::1]:1", ""},
		{"", "not set"},
		{"http://air.example", "must be https"},
		{"http://128.0.0.1", "must be https"},
		{"http://localhost.example", "must be https"},
		{"http://127.0.0.1.example", "must be https"},
		{"https://user:hunter2@air.example", "user or password"},
		{"https://air.example?x=1", "query"},
		{"https://air.example?", "query"},
		{"https://air.example#f", "fragment"},
		{"https://air.example#", "fragment"},
		{"air.example", "names no host"},
		{"https:///x", "names no host"},
		{"https:air.example", "names no host"},
		{"ftp://air.example", "scheme"},
		{"https://a b:hunter2@%zz", "parsed"},
	}
	for _, tt := range tests {
		_, err := air.New(air.Config{BaseURL: tt.url, Credentials: keys})
		switch {
		case tt.problem == "" && err != nil:
			t.Errorf("%s: got %v, want no error", tt.url, err)
		case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)):
			t.Errorf("%s: got %v, want an error with %q", tt.url, err, tt.problem)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: the error shows the password: %v", tt.url, err)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for name, c := range map[string]air.Config{
		"timeout": {Timeout: -1}, "connections": {Connections: -1}, "user agent": {UserAgent: "a\r\nX: y"},
	} {
		c.BaseURL, c.Credentials = "https://air.example", keys
		if _, err := air.New(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that names it", name, err)
		}
	}
}

func TestPathsBelowTheBaseURL(t *testing.T) {
	var path string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path = r.RequestURI }))
	defer srv.Close()
	for base, want := range map[string]string{
		"": "/jobs", "/": "/jobs", "/v1": "/v1/jobs", "/v1/": "/v1/jobs", "/a%2Fb/": "/a%2Fb/jobs", "/v1//": "/v1/jobs",
	} {
		client := newClient(t, air.Config{BaseURL: srv.URL + base})
		client.Submit(background(), someJob())
		if path != want {
			t.Errorf("base %q: got %s, want %s", base, path, want)
		}
	}
}

// The name localhost is as good as what it is resolved to.
func TestPlainHTTPLeavesNoMachine(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:9")
	t.Setenv("http_proxy", "http://192.0.2.1:9")
	if err := air.LoopbackOnly("192.0.2.1:80"); err == nil {
		t.Error("dial 192.0.2.1: got no error")
	}
	if err := air.LoopbackOnly("127.0.0.1:80"); err != nil {
		t.Errorf("dial 127.0.0.1: got %v", err)
	}
	client := answering(t, http.StatusOK, "application/json", `{"Job":{"Id":"1"}}`)
	if out := client.Submit(background(), someJob()); out.JobID != "1" {
		t.Errorf("with HTTP_PROXY set: got %+v, want a job", out)
	}
}
