package air

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
)

// LoopbackOnly is the check of each address that plain http dials.
func LoopbackOnly(address string) error {
	return loopbackOnly(context.Background(), "tcp", address, nil)
}

// Trust makes the client trust roots.
func (c *Client) Trust(roots *x509.CertPool) {
	for _, t := range []http.RoundTripper{c.reuse(), c.single()} {
		t.(*http.Transport).TLSClientConfig.RootCAs = roots
	}
}

// Wrap has every connection of the client wrapped.
func (c *Client) Wrap(wrap func(net.Conn) net.Conn) {
	for _, t := range []http.RoundTripper{c.reuse(), c.single()} {
		t := t.(*http.Transport)
		dial := t.DialContext
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return wrap(conn), nil
		}
	}
}

// AcceptedID decodes the body of a 2xx answer to POST /jobs.
func AcceptedID(body []byte) (id string, echo Echo, err error) {
	a, err := decodeSubmitted(body)
	return string(a.id), newRedactor(NewCredentials("", "")).echo(a), err
}

// Encode returns the body of a POST /jobs.
func Encode(j NewJob) ([]byte, error) { return j.encode(new(services)) }

// DecodePage reads the body of a 2xx answer to GET /jobs.
func DecodePage(body []byte) ([]UnreadableJob, error) { return decodePage(body) }
