package connect

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener that hands out connections.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// The end of a holder does not wait for a connection on which no request has come, as http.Server would for seconds, and
// not for long for one that does not read its answer.
func TestClientsThatAreStuckDelayNoEnd(t *testing.T) {
	for what, request := range map[string]string{"asks nothing": "", "reads nothing": "GET / HTTP/1.1\r\nHost: h\r\n\r\n"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				unused := unused{all: map[net.Conn]bool{}}
				server := &http.Server{ConnState: unused.note, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write(make([]byte, 1<<20))
				})}
				l := &pipes{make(chan net.Conn), make(chan struct{})}
				go func() { _ = server.Serve(l) }()
				ours, theirs := net.Pipe()
				defer ours.Close()
				l.conns <- theirs
				if _, err := ours.Write([]byte(request)); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				began, most := time.Now(), 50*time.Millisecond
				if request != "" {
					most += endTimeout
				}
				unused.end(server)
				if took := time.Since(began); took > most {
					t.Errorf("the end took %v, want at most %v", took, most)
				}
			})
		})
	}
}
