package airtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest body that is read, in bytes.
const maxBody = 1 << 20

// ServeHTTP answers the API and, below /debug/, what the package's comment lists.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/debug/") {
		s.debug(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		body = nil // cut or too large: malformed, whichever it was
	}
	answer := s.serve(r.Context(), r.Method, r.URL, r.Header, body, nil)
	send(w, answer, s.config.NoDate)
	if answer.again > 0 {
		s.repeat(w, r, answer)
	}
}

// send writes an answer, or breaks the connection off in the way it says.
func send(w http.ResponseWriter, r reply, noDate bool) {
	switch r.end {
	case endReset:
		reset(w)
		panic(http.ErrAbortHandler)
	case endClose, endGone, endUnsent:
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	if r.contentType != "" {
		h.Set("Content-Type", r.contentType)
	}
	h.Set("Date", r.date.Format(http.TimeFormat))
	if noDate {
		h["Date"] = nil
	}
	for name, value := range r.header {
		h.Set(name, value)
	}
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	if r.end == endHalf {
		_, _ = w.Write(r.body[:len(r.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(r.body)
}

// reset closes a connection so that its other end sees a reset (RST). Where the
// connection cannot be had, it is closed by the caller's panic.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	inner := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		inner = t.NetConn()
	}
	if t, ok := inner.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = inner.Close()
}

// Serve answers on a listener until ctx ends, lets go of what hangs, waits up to
// five seconds for the rest, and returns nil; or returns the error for which it
// could not go on.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second, ConnContext: withConn}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.Close()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close()
	}
	<-failed
	return nil
}

// ListenAndServe listens on an address of this machine ("127.0.0.1:0" picks a port),
// calls ready with its URL, and serves until ctx ends. An address that others can
// reach is refused: the debug pages ask for no keys.
func (s *Server) ListenAndServe(ctx context.Context, address string, ready func(url string)) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("listen: " + address + " is not on loopback: use 127.0.0.1:PORT")
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if ready != nil {
		ready("http://" + l.Addr().String())
	}
	return s.Serve(ctx, l)
}

// TB is the part of testing.TB that Start needs (this package is in the command
// too, and package testing should not be).
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start serves on loopback until the test ends and returns the base URL.
func (s *Server) Start(t TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Fatalf("sandbox: %v", err)
		}
	})
	return "http://" + l.Addr().String()
}
