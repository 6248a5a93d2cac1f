package connect

import (
	"context"
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

// The end of a holder does not wait for a connection on which no request has come, as http.Server would for seconds.
func TestAConnectionWithoutARequestDelaysNoEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unused := unused{all: map[net.Conn]bool{}}
		server := &http.Server{ConnState: unused.note}
		l := &pipes{make(chan net.Conn), make(chan struct{})}
		go func() { _ = server.Serve(l) }()
		ours, theirs := net.Pipe()
		defer ours.Close()
		l.conns <- theirs
		synctest.Wait()
		began := time.Now()
		unused.close()
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the end took %v", took)
		}
	})
}
