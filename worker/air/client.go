package air

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// Bounds of what is read of an answer, in bytes.
const (
	maxAnswer = 1 << 20
	maxPage   = 8 << 20
)

// Client speaks to one AiR address with one pair of keys. It is safe for use by
// several goroutines. It does not wait, repeat or judge.
type Client struct {
	config  Config
	carrier http.RoundTripper
	hide    *redactor
	dates   *dates
}

// New returns a client, or an error that names the setting which is missing or
// wrong. Nothing is sent.
func New(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Client{config: config, carrier: config.Transport, hide: newRedactor(config.Credentials), dates: new(dates)}
	if c.carrier == nil {
		if c.carrier, err = newCarrier(config); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Close closes the idle connections. A request under way is not touched, and the
// client can still be used.
func (c *Client) Close() {
	if t, ok := c.carrier.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// answer is what came back of one request. Status 0: no status line came.
type answer struct {
	status   int
	date     time.Time
	location string
	body     []byte
	err      error // sending, reading; the body is then not to be used
	written  bool
}

// do sends one request and reads its answer, all of it within the timeout. At most
// limit bytes of a body are read; a longer one is an error.
//
// It calls the RoundTripper directly: http.Client would add redirects, cookies
// and an error that hides the status when a Location header is malformed.
func (c *Client) do(ctx context.Context, method, path string, body []byte, limit int64) answer {
	own, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	// net/http calls the hook when the header block lies whole in its write buffer,
	// before the last byte of it leaves; and it returns no error while a write is
	// still going on. So an error without the hook proves that nothing was sent.
	var written atomic.Bool
	traced := httptrace.WithClientTrace(own, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	// The body stays the reader that net/http knows: of another kind it would send
	// the headers in a packet of their own.
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(traced, method, c.config.BaseURL+path, content)
	if err != nil {
		return answer{err: fmt.Errorf("make request: %w", c.hide.error(err))}
	}
	c.setHeaders(req)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.GetBody = nil // or net/http may send the request a second time
	}

	resp, err := c.carrier.RoundTrip(req)
	if err != nil {
		return answer{err: c.explain(ctx, own, err), written: written.Load()}
	}
	a := answer{status: resp.StatusCode, location: resp.Header.Get("Location"), written: true}
	a.date = c.dates.parse(resp.Header.Get("Date"))
	if a.body, err = readAll(resp, limit); err != nil {
		a.body, a.err = nil, fmt.Errorf("read the answer: %w", c.explain(ctx, own, err))
	}
	return a
}

func (c *Client) setHeaders(req *http.Request) {
	access, secret := c.config.Credentials.keys()
	req.Header.Set("X-Amz-Access-Key", access)
	req.Header.Set("X-Amz-Secret-Key", secret)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.config.UserAgent)
}

// explain makes the text of a transport error fit to be shown, and tells our own
// timeout from the caller's.
func (c *Client) explain(parent, own context.Context, err error) error {
	err = c.hide.error(err)
	if own.Err() != nil && parent.Err() == nil {
		return fmt.Errorf("no complete answer within %v: %w", c.config.Timeout, err)
	}
	return err
}

var errTooLong = errors.New("the answer is too long")

// readAll reads a body to its end, so that the connection can be used again, and
// closes it. A body over the limit is given up, and its connection with it.
func readAll(resp *http.Response, limit int64) ([]byte, error) {
	defer resp.Body.Close()
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= limit {
		b.Grow(int(n) + bytes.MinRead) // with room to see the end without growing
	}
	n, err := b.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("%w: over %d bytes", errTooLong, limit)
	}
	return b.Bytes(), nil
}
