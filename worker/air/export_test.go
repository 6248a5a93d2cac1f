package air

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
)

// LoopbackOnly is the check of each address that plain http dials.
func LoopbackOnly(address string) error {
	return loopbackOnly(context.Background(), "tcp", address, nil)
}

// Carriers returns the carriers that a client may have, made to trust roots.
func Carriers(c Config, roots *x509.CertPool) (map[string]http.RoundTripper, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	w, t := newWire(c, base), newTransport(c)
	if w.tls != nil {
		w.tls.RootCAs = roots
	}
	t.TLSClientConfig.RootCAs = roots
	return map[string]http.RoundTripper{"wire": w, "net/http": t}, nil
}

// DecodeAnswer reads the body of a 2xx answer to POST /jobs.
func DecodeAnswer(body []byte) (Job, error) { return decodeSubmitted(body) }

// DecodePage reads the body of a 2xx answer to GET /jobs.
func DecodePage(body []byte) ([]Job, error) { return decodePage(body) }
