package air_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"airlift/worker/air"
)

const jobAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"Job\":{\"Id\":\"7\"}}"

// Whatever a server does with a POST, it sees it once.
func TestEachPostLeavesOnce(t *testing.T) {
	tests := map[string]struct {
		serve  func(rawConn)
		status int
		id     string
	}{
		"close":           {func(c rawConn) { c.request() }, 0, ""},
		"reset":           {func(c rawConn) { c.request(); c.reset() }, 0, ""},
		"half a status":   {func(c rawConn) { c.request(); c.send("HTTP/1.1 20") }, 0, ""},
		"half a header":   {func(c rawConn) { c.request(); c.send("HTTP/1.1 200 OK\r\nContent-Le") }, 0, ""},
		"half a body":     {func(c rawConn) { c.request(); c.send(jobAnswer[:len(jobAnswer)-1]) }, 200, ""},
		"whole JSON, cut": {func(c rawConn) { c.request(); c.send(strings.Replace(jobAnswer, "18", "19", 1)) }, 200, ""},
		"cut chunks": {func(c rawConn) {
			c.request()
			c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{\"Job\":{\"Id\":\"7\"}}\r\n")
		}, 200, ""},
		"100 and then close":  {func(c rawConn) { c.request(); c.send("HTTP/1.1 100 Continue\r\n\r\n") }, 0, ""},
		"100 and then a job":  {func(c rawConn) { c.request(); c.send("HTTP/1.1 100 Continue\r\n\r\n" + jobAnswer) }, 200, "7"},
		"408 and then close":  {func(c rawConn) { c.request(); c.send("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n") }, 408, ""},
		"503 and retry-after": {func(c rawConn) { c.request(); c.send("HTTP/1.1 503 x\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n") }, 503, ""},
		"answer before the body": {func(c rawConn) {
			_, _ = c.read.ReadString('\n')
			c.send(jobAnswer)
			_, _ = io.Copy(io.Discard, c.read)
		}, 200, "7"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			raw := newRawServer(t, tt.serve)
			client := newClient(t, air.Config{BaseURL: raw.url})
			out := client.Submit(background(), someJob())
			client.Close()
			if out.Status != tt.status || out.JobID != tt.id || !out.Written {
				t.Errorf("got status %d, job %q, written %v; want %d, %q, true", out.Status, out.JobID, out.Written, tt.status, tt.id)
			}
			if broken := tt.id == "" && tt.status < 400; (out.Err != nil) != broken {
				t.Errorf("got error %v, want one: %v", out.Err, broken)
			}
			if got := raw.arrived(); got != 1 && name != "answer before the body" {
				t.Errorf("got %d arrivals, want 1", got)
			}
		})
	}
}

// On a connection that was used before net/http is readiest to send again.
func TestPostOnAStaleConnectionLeavesOnce(t *testing.T) {
	for name, end := range map[string]func(rawConn){
		"close": func(c rawConn) { c.Close() },
		"reset": rawConn.reset,
	} {
		t.Run(name, func(t *testing.T) {
			raw := newRawServer(t, func(c rawConn) {
				for c.request() != nil {
					if c.server.arrived() == 2 {
						end(c)
						return
					}
					c.send(jobAnswer)
				}
			})
			client := newClient(t, air.Config{BaseURL: raw.url})
			if out := client.Submit(background(), someJob()); out.JobID != "7" {
				t.Fatalf("first: got %+v, want a job", out)
			}
			out := client.Submit(background(), someJob())
			if out.Err == nil || out.Status != 0 || !out.Written {
				t.Errorf("second: got %+v, want an error, written", out)
			}
			client.Close()
			if got := raw.arrived(); got != 2 {
				t.Errorf("got %d arrivals of 2 posts, want 2", got)
			}
		})
	}
}

func TestAnswerAfterTheTimeout(t *testing.T) {
	gaveUp := make(chan struct{})
	raw := newRawServer(t, func(c rawConn) {
		c.request()
		<-gaveUp
		c.send(jobAnswer)
	})
	client := newClient(t, air.Config{BaseURL: raw.url, Timeout: 50 * time.Millisecond})
	out := client.Submit(background(), someJob())
	close(gaveUp)
	if !errors.Is(out.Err, context.DeadlineExceeded) || out.JobID != "" || !out.Written {
		t.Errorf("got %+v, want a timeout, written", out)
	}
	if !strings.Contains(out.Err.Error(), "50ms") {
		t.Errorf("got %q, want the timeout in it", out.Err)
	}
	if d := out.Ended.Sub(out.Sent); d < 50*time.Millisecond {
		t.Errorf("ended %v after it was sent, want at least the timeout", d)
	}
	if got := raw.arrived(); got != 1 {
		t.Errorf("got %d arrivals, want 1", got)
	}
}

func TestTimeoutCoversTheBody(t *testing.T) {
	gaveUp := make(chan struct{})
	raw := newRawServer(t, func(c rawConn) {
		c.request()
		c.send(jobAnswer[:len(jobAnswer)-1])
		<-gaveUp
	})
	out := newClient(t, air.Config{BaseURL: raw.url, Timeout: 50 * time.Millisecond}).Submit(background(), someJob())
	close(gaveUp)
	if out.Status != 200 || out.JobID != "" || !errors.Is(out.Err, context.DeadlineExceeded) {
		t.Errorf("got %+v, want status 200 and a timeout", out)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		var seen atomic.Int32
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
		for _, location := range []string{other.URL + "/jobs", "://%zz", ""} {
			client := handling(t, func(w http.ResponseWriter, _ *http.Request) {
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(status)
			})
			out := client.Submit(background(), someJob())
			if out.Status != status || out.Err != nil || out.JobID != "" {
				t.Errorf("%d to %q: got %+v, want that status and no error", status, location, out)
			}
			_, err := client.List(background(), air.ListQuery{})
			var e *air.Error
			if !errors.As(err, &e) || e.Status != status || !strings.Contains(err.Error(), "redirects are not followed") {
				t.Errorf("%d to %q: list: got %v, want that status and a hint", status, location, err)
			}
		}
		other.Close()
		if seen.Load() != 0 {
			t.Errorf("%d: the other host saw %d requests, want none", status, seen.Load())
		}
	}
}

func TestDialRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	client := newClient(t, air.Config{BaseURL: "http://" + l.Addr().String()})
	out := client.Submit(background(), someJob())
	if out.Err == nil || out.Written || out.Status != 0 {
		t.Errorf("got %+v, want an error and nothing written", out)
	}
	_, err = client.List(background(), air.ListQuery{})
	var e *air.Error
	if !errors.As(err, &e) || e.Written {
		t.Errorf("list: got %v, want an *Error with nothing written", err)
	}
}

func TestTLS(t *testing.T) {
	var protos []int
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protos = append(protos, r.ProtoMajor)
		_, _ = io.WriteString(w, `{"Job":{"Id":"7"}}`)
	}))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = discardLog
	srv.StartTLS()
	defer srv.Close()

	out := newClient(t, air.Config{BaseURL: srv.URL}).Submit(background(), someJob())
	if out.Err == nil || out.Written || len(protos) != 0 {
		t.Errorf("untrusted: got %+v and %d requests, want an error and nothing written", out, len(protos))
	}

	client := newClient(t, air.Config{BaseURL: srv.URL})
	client.Trust(srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs)
	protos = nil
	for range 3 {
		if out := client.Submit(background(), someJob()); out.JobID != "7" {
			t.Errorf("trusted: got %+v, want a job", out)
		}
	}
	if len(protos) != 3 || protos[0] != 1 {
		t.Errorf("got %v, want three requests over HTTP/1", protos)
	}
}

func TestCancel(t *testing.T) {
	arrived := make(chan struct{}, 2)
	client := handling(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(background())
	go func() { <-arrived; cancel() }()
	if out := client.Submit(ctx, someJob()); !errors.Is(out.Err, context.Canceled) || !out.Written {
		t.Errorf("on its way: got %+v, want cancelled and written", out)
	}
	if out := client.Submit(ctx, someJob()); !errors.Is(out.Err, context.Canceled) || out.Written {
		t.Errorf("beforehand: got %+v, want cancelled and not written", out)
	}
	if len(arrived) != 0 {
		t.Error("the request cancelled beforehand has arrived")
	}
}

// A request that still waits for a connection when it is given up never left.
func TestTimeoutWhileWaitingForAConnection(t *testing.T) {
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
	}))
	defer srv.Close()
	client := newClient(t, air.Config{BaseURL: srv.URL, Connections: 1})
	first := make(chan air.Outcome)
	go func() { first <- client.Submit(background(), someJob()) }()
	<-arrived
	ctx, cancel := context.WithTimeout(background(), 20*time.Millisecond)
	defer cancel()
	if out := client.Submit(ctx, someJob()); out.Err == nil || out.Written {
		t.Errorf("got %+v, want an error and nothing written", out)
	}
	close(release)
	<-first
	if len(arrived) != 0 {
		t.Error("the request given up has arrived")
	}
}

func TestConnectionIsKeptAfterErrors(t *testing.T) {
	var connections atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "<html>"+strings.Repeat("x", 100_000))
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	client := newClient(t, air.Config{BaseURL: srv.URL})
	for range 20 {
		if out := client.Submit(background(), someJob()); out.Status != 500 || out.Err != nil {
			t.Fatalf("got %+v, want status 500", out)
		}
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("got %d connections for 20 requests, want 1", got)
	}
}
