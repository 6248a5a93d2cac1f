package air_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"airlift/worker/air"
)

// watchedConn tells when the client has closed it.
type watchedConn struct {
	net.Conn
	closed chan<- struct{}
	once   sync.Once
}

func (c *watchedConn) Close() error {
	defer c.once.Do(func() { c.closed <- struct{}{} })
	return c.Conn.Close()
}

// watch returns a channel that receives for each connection that the client closes.
func watch(client *air.Client) <-chan struct{} {
	closed := make(chan struct{}, 1000)
	client.Wrap(func(c net.Conn) net.Conn { return &watchedConn{Conn: c, closed: closed} })
	return closed
}

// A connection on which an answer came unasked is closed while it is idle: the job of one item would be recorded for
// another.
func TestUnaskedAnswerIsNotTaken(t *testing.T) {
	for name, stray := range map[string]string{
		"another job": strings.Replace(jobAnswer, "7", "9", 1), "an error": "HTTP/1.1 400 x\r\nContent-Length: 13\r\n\r\n{\"Error\":\"x\"}",
		"one byte": "H", "408": "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n", "an interim answer": "HTTP/1.1 103 x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var connections atomic.Int32
			answered := make(chan struct{})
			raw := newRawServer(t, func(c rawConn) {
				n := connections.Add(1)
				for c.request() != nil {
					c.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"Job\":{\"Id\":\"%d\"}}", n))
					if n == 1 {
						<-answered
						c.send(stray)
					}
				}
			})
			client := newClient(t, air.Config{BaseURL: raw.url})
			closed := watch(client)
			if out := client.Submit(background(), someJob()); out.JobID != "1" {
				t.Fatalf("first: got %+v, want job 1", out)
			}
			close(answered)
			<-closed
			if out := client.Submit(background(), someJob()); out.JobID != "2" {
				t.Errorf("second: got job %q, want 2, on a new connection", out.JobID)
			}
		})
	}
}

// A connection that the server closed while it was idle is not used: that would put an item in doubt for nothing.
func TestClosedIdleConnectionIsNotUsed(t *testing.T) {
	raw := newRawServer(t, func(c rawConn) {
		c.request()
		c.send(jobAnswer)
	})
	client := newClient(t, air.Config{BaseURL: raw.url})
	closed := watch(client)
	for i := range 5 {
		if out := client.Submit(background(), someJob()); out.JobID != "7" {
			t.Fatalf("request %d: got %+v, want a job", i, out)
		}
		<-closed
	}
}

// An answer to another request ends its connection, and what may lie in it is never read.
func TestConnectionOfAnotherJobsAnswerIsClosed(t *testing.T) {
	for name, job := range map[string]string{
		"name": `"Name":"other"`, "batch": `"Name":"clip","Batch":"B"`, "bucket": `"Source":{"Bucket":"In","ObjectKey":"MP4/Commercial.mp4"}`,
		"key": `"Name":"clip","Source":{"Bucket":"in","ObjectKey":"MP4/Commercial.mp4 "}`,
	} {
		t.Run(name, func(t *testing.T) {
			var connections atomic.Int32
			client := newClient(t, air.Config{BaseURL: newRawServer(t, func(c rawConn) {
				connections.Add(1)
				for c.request() != nil {
					body := `{"Job":{"Id":"7",` + job + `}}`
					c.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
				}
			}).url})
			closed := watch(client)
			for n := 0; n < 3; n++ {
				out := client.Submit(background(), someJob())
				if out.Status == 0 { // net/http has not seen yet that the connection is closed
					n--
					continue
				}
				if out.Echo.Fits(someJob()) || out.JobID != "7" {
					t.Errorf("got %+v, want job 7 with an echo that does not fit", out)
				}
				<-closed
			}
			if got := connections.Load(); got != 3 {
				t.Errorf("got %d connections for 3 requests, want 3", got)
			}
		})
	}
}

// Connections that are not trusted any more are closed, and every later request, POSTs too, has one of its own.
func TestDistrustedConnectionsAreNotUsed(t *testing.T) {
	var connections atomic.Int32
	client := newClient(t, air.Config{BaseURL: newRawServer(t, func(c rawConn) {
		connections.Add(1)
		for c.request() != nil {
			c.send(jobAnswer)
		}
	}).url})
	closed := watch(client)
	for range 2 {
		client.Submit(background(), someJob())
	}
	client.DistrustConnections()
	<-closed
	for range 3 {
		if out := client.Submit(background(), someJob()); out.JobID != "7" {
			t.Fatalf("got %+v, want job 7", out)
		}
	}
	if got := connections.Load(); got != 4 {
		t.Errorf("%d connections, want one for the first two requests and one for each of the three that followed", got)
	}
}

// A lookup's answer cannot be one that came late to another request.
func TestFreshListUsesItsOwnConnection(t *testing.T) {
	var connections atomic.Int32
	client := newClient(t, air.Config{BaseURL: newRawServer(t, func(c rawConn) {
		connections.Add(1)
		for c.request() != nil {
			body := `{"Records":[]}`
			c.send(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		}
	}).url})
	closed := watch(client)
	for i, fresh := range []bool{false, false, true, true, false} {
		if _, err := client.List(background(), air.ListQuery{Fresh: fresh}); err != nil {
			t.Fatalf("list %d: %v", i, err)
		}
		if fresh {
			<-closed
		}
	}
	if got := connections.Load(); got != 4 {
		t.Errorf("got %d connections for 2 lists over a kept one, 2 over fresh ones, and 1 after them, want 4", got)
	}
}

// A server that handles one connection after the other never answers on a second one while the first is kept: a request
// that needs a connection of its own closes the idle ones.
func TestFreshListFromAServerOfOneConnection(t *testing.T) {
	for name, goodbye := range map[string]string{"that keeps connections": "", "that closes them": "Connection: close\r\n"} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					serveOne(c, goodbye)
				}
			}()
			client := newClient(t, air.Config{BaseURL: "http://" + l.Addr().String(), Timeout: 10 * time.Second})
			for i := range 3 {
				if out := client.Submit(background(), someJob()); out.JobID != "7" {
					t.Fatalf("POST %d: got %+v, want job 7", i, out)
				}
				for range 2 {
					if _, err := client.List(background(), air.ListQuery{Fresh: true}); err != nil {
						t.Fatalf("list %d: %v", i, err)
					}
				}
			}
		})
	}
}

// serveOne answers the requests of a connection to its end.
func serveOne(c net.Conn, header string) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		q, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, q.Body)
		body := `{"Job":{"Id":"7"}}`
		if q.Method == http.MethodGet {
			body = `{"Records":[]}`
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", header, len(body), body)
		if header != "" {
			return
		}
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
