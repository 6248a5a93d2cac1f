package air_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// rawServer hands each connection to a function that may do anything with it, and
// counts the complete requests that were read.
type rawServer struct {
	url string

	mu       sync.Mutex
	arrivals int
}

type rawConn struct {
	*net.TCPConn
	read   *bufio.Reader
	server *rawServer
}

func newRawServer(t testing.TB, serve func(rawConn)) *rawServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{url: "http://" + l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				serve(rawConn{c.(*net.TCPConn), bufio.NewReader(c), s})
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return s
}

// request reads one request with its body; nil if there is none.
func (c rawConn) request() *http.Request {
	r, _ := c.requestBody()
	return r
}

// requestBody is request with the body.
func (c rawConn) requestBody() (*http.Request, []byte) {
	r, err := http.ReadRequest(c.read)
	if err != nil {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, nil
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.arrivals++
	return r, body
}

func (c rawConn) send(s string) { _, _ = io.WriteString(c, s) }

func (c rawConn) reset() {
	_ = c.SetLinger(0)
	_ = c.Close()
}

func (s *rawServer) arrived() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrivals
}
