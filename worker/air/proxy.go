package air

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// proxyFromEnvironment is the usual one, but for its error, which would quote a
// proxy's password.
func proxyFromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("HTTPS_PROXY is not a valid URL")
	}
	return u, nil
}

// refusal is the error for a proxy that does not open the tunnel to AiR.
type refusal struct{ status string }

func (e *refusal) Error() string { return "refused the connection: " + e.status }

// checkTunnel returns a refusal unless the proxy opens the tunnel. It reads nothing but
// the status: what follows may be long, and is no answer of AiR's.
func checkTunnel(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &refusal{resp.Status}
}

// proxyError returns the address of the proxy if a request failed there before it reached
// AiR, and err with that address. Without a proxy it returns "" and err.
func proxyError(transport http.RoundTripper, req *http.Request, err error) (string, error) {
	t, ok := transport.(*http.Transport)
	if !ok || t.Proxy == nil || req.Context().Err() != nil {
		return "", err
	}
	u, badProxy := t.Proxy(req)
	if badProxy != nil || u == nil {
		return "", err
	}
	host := u.Host // without user and password
	if u.Port() == "" {
		port := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
		host = net.JoinHostPort(u.Hostname(), port)
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return host, fmt.Errorf("proxy %s (HTTPS_PROXY): %w", host, r)
	}
	if strings.Contains(err.Error(), "malformed HTTP") { // net/http has no type for it, and quotes what came
		err = errors.New("it does not answer as an HTTP proxy does")
	}
	return host, fmt.Errorf("proxy %s (HTTPS_PROXY): %w", host, err)
}
