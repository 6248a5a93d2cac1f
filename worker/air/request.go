package air

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
)

const jobsPath = "/jobs"

// request is what is asked of AiR.
type request struct {
	method string
	path   string // below the base URL
	query  string // with its "?", or empty
	body   []byte // JSON; nil: none
	fresh  bool   // over a connection that carries nothing else
	limit  int64  // how many bytes of the answer's body are read at most; a longer one is an error
}

// make returns the request as net/http knows it.
func (r request) make(ctx context.Context, c *Client) (*http.Request, error) {
	// The body stays the reader that net/http knows: of another kind it would send
	// the headers in a packet of their own.
	var content io.Reader
	if r.body != nil {
		content = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.config.BaseURL+r.path+r.query, content)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header = c.headers(r.body != nil)
	req.GetBody = nil // or net/http may send the request a second time
	return req, nil
}

// headersOf returns what gives each request its headers, with those of a body or
// without. All requests share them: a RoundTripper must not modify a request.
func headersOf(c Config) func(body bool) http.Header {
	access, secret := c.Credentials.keys()
	bare := http.Header{
		"X-Amz-Access-Key": {access},
		"X-Amz-Secret-Key": {secret},
		"Accept":           {"application/json"},
		"Accept-Encoding":  {"identity"}, // answers are small; none may grow when unpacked
		"User-Agent":       {c.UserAgent},
	}
	full := bare.Clone()
	full.Set("Content-Type", "application/json")
	return func(body bool) http.Header {
		if body {
			return full
		}
		return bare
	}
}
