package airtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// connKey is the key of a request's connection in its context.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// repeat writes an answer once more, as it was, on the connection that it went out on, a
// while after it. The request that was sent meanwhile on that connection waits behind
// it. Without Serve there is no connection to be had, and nothing is written.
func (s *Server) repeat(w http.ResponseWriter, r *http.Request, answer reply) {
	conn, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok || http.NewResponseController(w).Flush() != nil {
		return
	}
	// The client may go away meanwhile, and then the write fails.
	s.wait(context.WithoutCancel(r.Context()), answer.again)
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n", answer.status, http.StatusText(answer.status), answer.contentType)
	if !s.config.NoDate {
		fmt.Fprintf(&b, "Date: %s\r\n", answer.date.Format(http.TimeFormat))
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(answer.body), answer.body)
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write(b.Bytes())
	_ = conn.SetWriteDeadline(time.Time{})
}
