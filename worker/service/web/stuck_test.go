package web

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes, which hold nothing that is not read.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A client that asks and does not read is cut off; another is answered meanwhile.
func TestAStuckClientIsCutOff(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		tokens := Tokens{Read: strings.Repeat("r", minToken)}
		l := make(pipes)
		server := &http.Server{Handler: newHandler(config(t, dir, Place{}), tokens, []string{"x:1"})}
		go func() { _ = server.Serve(l) }()
		ask := func(path string) net.Conn {
			here, there := net.Pipe()
			l <- there
			fmt.Fprintf(here, "GET %s HTTP/1.1\r\nHost: x:1\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", path, tokens.Read)
			return here
		}
		stuck := []net.Conn{ask("/v1/events"), ask("/v1/overview"), ask("/metrics")}
		time.Sleep(writeTimeout / 2)
		if got, err := io.ReadAll(ask("/v1/status")); err != nil || !strings.Contains(string(got), `"batch":"b"`) {
			t.Errorf("beside a stuck client: %s, %v", got, err)
		}
		time.Sleep(writeTimeout)
		synctest.Wait()
		for _, c := range stuck {
			_ = c.SetReadDeadline(time.Now().Add(time.Second)) // a pipe has deadlines
			if got, err := io.ReadAll(c); err != nil || len(got) > 0 {
				t.Errorf("a stuck client got %d bytes, %v; want a connection that was closed", len(got), err)
			}
		}
		close(l)
		_ = server.Close()
	})
}
