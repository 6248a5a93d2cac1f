package air

import (
	"context"
	"crypto/x509"
	"net/url"
)

// LoopbackOnly is the check of each address that plain http dials.
func LoopbackOnly(address string) error {
	return loopbackOnly(context.Background(), "tcp", address, nil)
}

// Over returns a client over each carrier that there is, made to trust roots.
func Over(c Config, roots *x509.CertPool) (map[string]*Client, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	w, err := newWire(c, base)
	if err != nil {
		return nil, err
	}
	t := newTransport(c)
	if w.tls != nil {
		w.tls.RootCAs = roots
	}
	t.TLSClientConfig.RootCAs = roots
	return map[string]*Client{"wire": newClient(c, w), "net/http": newClient(c, &tripper{config: c, trips: t})}, nil
}

// AcceptedID reads the body of a 2xx answer to POST /jobs, and says whether it was a usual one.
func AcceptedID(body []byte) (id string, usual bool, err error) {
	s := scan{b: body}
	_, usual = s.answer()
	id, err = acceptedID(body)
	return id, usual, err
}

// Encode returns the body of a POST /jobs.
func Encode(j NewJob) ([]byte, error) { return j.encode(new(services)) }

// ParseHead reads the header of a usual answer.
func ParseHead(text []byte) (size, status int, length int64, date string, usual bool) {
	h, usual := parseHead(text)
	return h.size, h.status, h.length, string(h.date), usual
}

// DecodePage reads the body of a 2xx answer to GET /jobs.
func DecodePage(body []byte) ([]Job, error) { return decodePage(body) }
