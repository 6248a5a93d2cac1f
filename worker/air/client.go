package air

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
)

// Bounds of what is read of an answer, in bytes.
const (
	maxHeader = 256 << 10
	maxAnswer = 1 << 20
	maxPage   = 8 << 20
)

// Client sends requests to one AiR address with one pair of keys. It is safe for
// concurrent use.
type Client struct {
	config Config
	jobs   *url.URL // of /jobs
	// reuse returns the transport that reuses connections, single the one that opens a
	// connection for each request. They are functions so that fmt cannot print them: a
	// connection's buffers hold the keys (as with Credentials).
	reuse, single func() http.RoundTripper
	headers       func(body bool) http.Header // a function for that reason, too

	distrust *atomic.Bool // use single for all requests
	redact   *redactor
	services *services
	dates    *dates
}

// New returns a client, or an error that names the setting which is missing or
// wrong. Nothing is sent.
func New(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	jobs, err := url.Parse(config.BaseURL + "/jobs")
	if err != nil {
		return nil, fmt.Errorf("AiR base URL: %w", err)
	}
	c := &Client{config: config, jobs: jobs, reuse: hidden(config.Transport), single: hidden(config.Transport), headers: headersOf(config),
		redact: newRedactor(config.Credentials), services: new(services), dates: new(dates), distrust: new(atomic.Bool)}
	if config.Transport == nil {
		single := newTransport(config)
		single.DisableKeepAlives = true
		c.reuse, c.single = hidden(newTransport(config)), hidden(single)
	}
	return c, nil
}

func hidden(t http.RoundTripper) func() http.RoundTripper {
	return func() http.RoundTripper { return t }
}

// Close closes the idle connections. It does not touch requests under way, and the
// client can still be used.
func (c *Client) Close() {
	closeIdle(c.reuse())
	closeIdle(c.single())
}

func closeIdle(t http.RoundTripper) {
	if t, ok := t.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// DistrustConnections closes the idle connections and makes every later request use a
// new connection, so that unsolicited data on an old one is never read
// as an answer. It does not touch requests under way.
func (c *Client) DistrustConnections() {
	c.distrust.Store(true)
	c.Close()
}

// do sends one request and reads its answer. Its error holds no keys, and tells our own
// timeout from the caller's.
func (c *Client) do(ctx context.Context, r request) response {
	own, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	a := c.roundTrip(own, r)
	if a.err == nil {
		return a
	}
	late := own.Err() != nil && ctx.Err() == nil
	a.err = c.redact.error(a.err)
	if late {
		a.err = fmt.Errorf("no complete answer within %v: %w", c.config.Timeout, a.err)
	}
	if a.status != 0 {
		a.err = fmt.Errorf("read the answer: %w", a.err)
	}
	return a
}
