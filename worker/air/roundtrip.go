package air

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// response is the answer to one request. Status 0: no status line was received.
type response struct {
	status     int
	date       time.Time
	retryAfter time.Duration
	location   string
	body       []byte // with errTooLong: its beginning
	err        error  // sending, reading
	written    bool   // false only if it is proven that no request left
	proxy      string // the proxy that refused the connection
	conn       net.Conn
}

// closeConn closes the connection that the answer came on, even if another request uses it
// by now: that request's answer could not be trusted either.
func (a response) closeConn() {
	if a.conn != nil {
		_ = a.conn.Close()
	}
}

// roundTrip sends a request, at most once on the wire, and reads its answer. Its errors
// may hold keys. It calls the RoundTripper directly: http.Client would add redirects,
// cookies, and an error without the status when a Location header is malformed.
func (c *Client) roundTrip(ctx context.Context, r request) response {
	// net/http calls WroteHeaders when the whole header block is in its write buffer,
	// before the last byte of it leaves, and it returns no error during a write. So an
	// error without the call proves that nothing was sent.
	var written atomic.Bool
	var conn net.Conn
	req := c.newRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:      func(i httptrace.GotConnInfo) { conn = i.Conn },
		WroteHeaders: func() { written.Store(true) },
	}), r)
	transport := c.reuse()
	if r.fresh || c.distrust.Load() {
		// A server that handles one connection after the other answers on a new one only
		// when the idle one is closed.
		closeIdle(transport)
		transport = c.single()
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		a := response{err: err, written: written.Load()}
		if !a.written {
			a.proxy, a.err = proxyError(transport, req, err)
		} else if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			a.err = fmt.Errorf("the server closed the connection before a whole answer: %w", err)
		}
		return a
	}
	a := readResponse(resp, c.dates.parse(resp.Header.Get("Date")), r.limit)
	a.conn = conn
	return a
}

// errTooLong is in the error of an answer that is longer than its limit.
var errTooLong = errors.New("the answer is too long")

// readResponse reads an answer whose header net/http has read.
func readResponse(resp *http.Response, date time.Time, limit int64) response {
	defer resp.Body.Close()
	a := response{status: resp.StatusCode, date: date, location: resp.Header.Get("Location"), written: true}
	a.retryAfter = retryAfter(resp.Header.Get("Retry-After"), a.date)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		a.err = errors.New("the server wants to speak another protocol")
		return a
	}
	a.body, a.err = readAll(resp.Body, resp.ContentLength, limit)
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip": // although identity was asked for
		if a.err == nil && len(a.body) > 0 {
			a.body, a.err = unzip(a.body, limit)
		}
	}
	a.body = bytes.TrimPrefix(a.body, []byte("\uFEFF")) // RFC 8259, 8.1: a reader may ignore it
	return a
}

// dates parses Date headers. It caches the last one, as the answers of one second have the same.
type dates struct{ last atomic.Pointer[parsedDate] }

type parsedDate struct {
	text string
	date time.Time
}

// parse returns the zero time if the header is absent or invalid.
func (d *dates) parse(text string) time.Time {
	if last := d.last.Load(); last != nil && last.text == text {
		return last.date
	}
	date, _ := http.ParseTime(text)
	d.last.Store(&parsedDate{text, date})
	return date
}

// readAll reads a body to its end, so that the connection can be used again. A body
// over the limit is given up, and its connection with it.
func readAll(r io.Reader, length, limit int64) ([]byte, error) {
	b := make([]byte, 0, max(min(length, limit), 511)+1) // with room to see the end without growing
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			// Only the first half is kept: a key that straddles the cut would not be
			// recognized and removed.
			return b[:limit/2], fmt.Errorf("%w: over %d bytes", errTooLong, limit)
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, err
		case len(b) == cap(b):
			b = slices.Grow(b, len(b))
		}
	}
}

// unzip unpacks a body of at most limit bytes.
func unzip(body []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return readAll(z, -1, limit)
}

// retryAfter parses a Retry-After header (RFC 9110, 10.2.3): seconds, or a date, from
// which date counts, or our own clock if that is zero. 0: none, or not valid.
func retryAfter(text string, date time.Time) time.Duration {
	if text == "" {
		return 0 // the usual case
	}
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(seconds, maxRetryAfter)) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date.IsZero() {
		date = time.Now()
	}
	return max(until.Sub(date), 0)
}

// maxRetryAfter keeps seconds within a Duration: ten years.
const maxRetryAfter = 10 * 365 * 24 * 3600
