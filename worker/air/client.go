package air

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	config   Config
	carrier  carrier
	hide     *redactor
	services *services
}

// New returns a client, or an error that names the setting which is missing or
// wrong. Nothing is sent.
func New(config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	carrier, err := newCarrier(config)
	if err != nil {
		return nil, err
	}
	return newClient(config, carrier), nil
}

func newClient(c Config, over carrier) *Client {
	return &Client{config: c, carrier: over, hide: newRedactor(c.Credentials), services: new(services)}
}

// Close closes the idle connections. A request under way is not touched, and the
// client can still be used.
func (c *Client) Close() { c.carrier.CloseIdleConnections() }

// answer is what came back of one request. Status 0: no status line came.
type answer struct {
	status   int
	date     time.Time
	location string
	body     []byte
	err      error // sending, reading; the body is then not to be used
	late     bool  // the timeout was over before the end
	written  bool  // false only if it is proven that no request left
}

// carrier sends a request, at most once on the wire, and reads its answer, all of it
// within the timeout. It does not hide keys in its errors.
type carrier interface {
	carry(ctx context.Context, r request) answer
	CloseIdleConnections()
}

// do sends one request and reads its answer. Its error is fit to be shown, and tells
// our own timeout from the caller's.
func (c *Client) do(ctx context.Context, r request) answer {
	a := c.carrier.carry(ctx, r)
	if a.err == nil {
		return a
	}
	a.body, a.err = nil, c.hide.error(a.err)
	if a.late && ctx.Err() == nil {
		a.err = fmt.Errorf("no complete answer within %v: %w", c.config.Timeout, a.err)
	}
	if a.status != 0 {
		a.err = fmt.Errorf("read the answer: %w", a.err)
	}
	return a
}

var errTooLong = errors.New("the answer is too long")

// readAnswer reads an answer whose header net/http has read.
func readAnswer(resp *http.Response, limit int64, d *dates) answer {
	a := answer{status: resp.StatusCode, location: resp.Header.Get("Location"), written: true}
	a.date = d.parse([]byte(resp.Header.Get("Date")))
	a.body, a.err = readAll(resp, limit)
	return a
}

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
