package air

import (
	"context"
	"crypto/x509"
	"net/http"
)

// LoopbackOnly is the check of each address that plain http dials.
func LoopbackOnly(address string) error {
	return loopbackOnly(context.Background(), "tcp", address, nil)
}

// Trusting returns the transport of a client, made to trust roots.
func Trusting(c Config, roots *x509.CertPool) (*http.Transport, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	t := newTransport(c)
	t.TLSClientConfig.RootCAs = roots
	return t, nil
}

// DecodeAnswer reads the body of a 2xx answer to POST /jobs.
func DecodeAnswer(body []byte) (Job, error) { return decodeSubmitted(body) }

// DecodePage reads the body of a 2xx answer to GET /jobs.
func DecodePage(body []byte) ([]Job, error) { return decodePage(body) }
