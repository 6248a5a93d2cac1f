package air

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	// Shorter than the idle limits of usual load balancers (60 s): a POST that
	// meets a connection just closed at the other end is in doubt.
	idleTimeout = 30 * time.Second
)

// newTransport returns the transport to the base URL. HTTP/2 is off in
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
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // see readResponse
	}
	t.Protocols.SetHTTP1(true)
	if secure {
		t.Proxy = proxyFromEnvironment
		t.OnProxyConnectResponse = checkTunnel
	} else {
		dialer.ControlContext = loopbackOnly
	}
	return t
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
