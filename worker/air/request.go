package air

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
)

// request is what is asked of AiR's /jobs.
type request struct {
	method string
	path   string // below /jobs, escaped; empty: /jobs itself
	query  url.Values
	body   []byte // JSON; nil: none
	fresh  bool   // over a connection that carries nothing else
	limit  int64  // how many bytes of the answer's body are read at most; a longer one is an error
}

// newRequest returns r as net/http takes it. It has no GetBody, with which net/http may send a request a second time.
func (c *Client) newRequest(ctx context.Context, r request) *http.Request {
	req := (&http.Request{
		Method: r.method, URL: c.jobs, Host: c.jobs.Host, Header: c.headers(r.body != nil),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if r.query != nil || r.path != "" {
		u := *c.jobs
		if r.path != "" {
			u = *c.jobs.JoinPath(r.path)
		}
		u.RawQuery = r.query.Encode()
		req.URL = &u
	}
	if r.body != nil {
		// The body stays the reader that net/http knows: of another kind it would send
		// the headers in a packet of their own.
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.body)), int64(len(r.body))
	}
	return req
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
