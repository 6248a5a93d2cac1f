package air

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// newCarrier returns what carries requests to the base URL, each POST at most once.
func newCarrier(c Config) (http.RoundTripper, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err // not for a URL that was checked
	}
	if canPeek && direct(base) {
		return newWire(c, base), nil
	}
	return newTransport(c), nil
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
