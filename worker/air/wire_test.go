package air_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"airlift/worker/air"
)

// An answer that came unasked on an idle connection is not taken for the next one's: the job of one item would be booked
// for another.
func TestUnaskedAnswerIsNotTaken(t *testing.T) {
	var connections atomic.Int32
	sent := make(chan struct{}, 1)
	raw := newRawServer(t, func(c rawConn) {
		n := connections.Add(1)
		for c.request() != nil {
			c.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"Job\":{\"Id\":\"%d\"}}", n))
			if n == 1 {
				c.send(strings.Replace(jobAnswer, "7", "9", 1))
				sent <- struct{}{}
			}
		}
	})
	client := newClient(t, air.Config{BaseURL: raw.url})
	if out := client.Submit(background(), someJob()); out.JobID != "1" {
		t.Fatalf("first: got %+v, want job 1", out)
	}
	<-sent
	if out := client.Submit(background(), someJob()); out.JobID != "2" {
		t.Errorf("second: got job %q, want 2, on a new connection", out.JobID)
	}
}

// A connection that the server closed while it was idle is not used: that would put an item in doubt for nothing.
func TestClosedIdleConnectionIsNotUsed(t *testing.T) {
	closed := make(chan struct{}, 1)
	raw := newRawServer(t, func(c rawConn) {
		c.request()
		c.send(jobAnswer)
		c.Close()
		closed <- struct{}{}
	})
	client := newClient(t, air.Config{BaseURL: raw.url})
	for i := range 5 {
		if out := client.Submit(background(), someJob()); out.JobID != "7" {
			t.Fatalf("request %d: got %+v, want a job", i, out)
		}
		<-closed
	}
}

// An answer that was given up in its middle leaves a connection on which more of it may come: no other request uses it.
func TestAnswerGivenUpIsNotReadOn(t *testing.T) {
	const most = 1 << 20 // of an answer's body
	var connections atomic.Int32
	raw := newRawServer(t, func(c rawConn) {
		first := connections.Add(1) == 1
		for c.request() != nil {
			if first {
				c.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", 2*most, strings.Repeat("x", most+1)))
				continue
			}
			c.send(jobAnswer)
		}
	})
	client := newClient(t, air.Config{BaseURL: raw.url})
	if out := client.Submit(background(), someJob()); out.Err == nil {
		t.Fatalf("an answer of megabytes: got %+v, want an error", out)
	}
	if out := client.Submit(background(), someJob()); out.JobID != "7" {
		t.Errorf("the next one: got %+v, want job 7, over a new connection", out)
	}
}

// An endless header is an error, not endless memory.
func TestEndlessHeader(t *testing.T) {
	raw := newRawServer(t, func(c rawConn) {
		c.request()
		c.send("HTTP/1.1 200 OK\r\n")
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	})
	out := newClient(t, air.Config{BaseURL: raw.url}).Submit(background(), someJob())
	if out.Err == nil || !strings.Contains(out.Err.Error(), "header") || out.Status != 0 || !out.Written {
		t.Errorf("got %+v, want an error that names the header, written", out)
	}
}

// No more connections are open than there may be, and they are used again, bodies of every kind between them.
func TestConnectionsAreKept(t *testing.T) {
	var connections atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"Job":{"Id":"7"}}`)
		w.(http.Flusher).Flush() // chunked
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	client := newClient(t, air.Config{BaseURL: srv.URL, Connections: 3})
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			for range 20 {
				if out := client.Submit(background(), someJob()); out.JobID != "7" {
					t.Errorf("got %+v, want a job", out)
				}
			}
		})
	}
	all.Wait()
	if got := connections.Load(); got > 3 {
		t.Errorf("%d connections for 240 requests, want at most 3", got)
	}
}
