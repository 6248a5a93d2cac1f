package air

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// newCarrier returns what carries requests to the base URL.
func newCarrier(c Config) (carrier, error) {
	if c.Transport != nil {
		return &tripper{config: c, trips: c.Transport}, nil
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err // not for a URL that was checked
	}
	if canPeek && direct(base) {
		return newWire(c, base)
	}
	return &tripper{config: c, trips: newTransport(c)}, nil
}

// tripper carries requests by a RoundTripper, which it calls directly: http.Client
// would add redirects, cookies and an error that hides the status when a Location
// header is malformed.
type tripper struct {
	config Config
	trips  http.RoundTripper
	dates  dates
}

func (t *tripper) carry(ctx context.Context, r request) (a answer) {
	own, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	defer func() { a.late = own.Err() != nil }()
	// net/http calls the hook when the header block lies whole in its write buffer,
	// before the last byte of it leaves; and it returns no error while a write is
	// still going on. So an error without the hook proves that nothing was sent.
	var written atomic.Bool
	traced := httptrace.WithClientTrace(own, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	req, err := r.make(traced, t.config)
	if err != nil {
		return answer{err: err}
	}
	resp, err := t.trips.RoundTrip(req)
	if err != nil {
		return answer{err: err, written: written.Load()}
	}
	return readAnswer(resp, r.limit, &t.dates)
}

func (t *tripper) CloseIdleConnections() {
	if t, ok := t.trips.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// newTransport returns a carrier for where a wire cannot serve. HTTP/2 is off in
// every way there is: it sends a request again on GOAWAY, and was slower.
func newTransport(c Config) *http.Transport {
	secure := strings.HasPrefix(c.BaseURL, "https:")
	dialer := &net.Dialer{Timeout: min(dialTimeout, c.Timeout)}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		TLSHandshakeTimeout:    min(dialTimeout, c.Timeout),
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
		Protocols:              new(http.Protocols),
		MaxConnsPerHost:        c.Connections,
		MaxIdleConnsPerHost:    c.Connections,
		MaxIdleConns:           c.Connections,
		IdleConnTimeout:        idleTimeout,
		ResponseHeaderTimeout:  c.Timeout + time.Second, // behind the request's own, whose error says more
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // answers are small; none may grow when unpacked
	}
	t.Protocols.SetHTTP1(true)
	if secure {
		t.Proxy = proxyFromEnvironment
	} else {
		dialer.ControlContext = loopbackOnly
	}
	return t
}

// proxyFromEnvironment is the usual one, but for its error, which would quote a
// proxy's password.
func proxyFromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("HTTPS_PROXY is not a valid URL")
	}
	return u, nil
}

// loopbackOnly refuses to connect a plain http URL to another machine, whatever
// the name "localhost" was resolved to.
func loopbackOnly(_ context.Context, _, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("plain http is for loopback only, and " + host + " is not")
	}
	return nil
}
