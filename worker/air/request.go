package air

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const jobsPath = "/jobs"

// request is what is asked of AiR.
type request struct {
	method string
	path   string // below the base URL, with its query
	body   []byte // JSON; nil: none
	limit  int64  // how many bytes of the answer's body are read at most; a longer one is an error
}

// make returns the request as net/http knows it.
func (r request) make(ctx context.Context, c Config) (*http.Request, error) {
	// The body stays the reader that net/http knows: of another kind it would send
	// the headers in a packet of their own.
	var content io.Reader
	if r.body != nil {
		content = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.BaseURL+r.path, content)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	access, secret := c.Credentials.keys()
	req.Header.Set("X-Amz-Access-Key", access)
	req.Header.Set("X-Amz-Secret-Key", secret)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.UserAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.GetBody = nil // or net/http may send the request a second time
	}
	return req, nil
}

// writer appends requests as they go on the wire. They are functions because the bytes hold the keys; see Credentials.
type writer struct {
	// post appends a POST of the body.
	post func(to, body []byte) []byte
	// other appends any other request.
	other func(to []byte, r request) ([]byte, error)
}

// newWriter returns a writer of requests. net/http writes them all; of a POST, of which there are so many, it writes one,
// and the others differ from that in their length and body.
func newWriter(c Config, path string) (writer, error) {
	other := func(to []byte, r request) ([]byte, error) {
		req, err := r.make(context.Background(), c)
		if err != nil {
			return nil, err
		}
		b := bytes.NewBuffer(to)
		err = req.Write(b)
		return b.Bytes(), err
	}
	const length = "\r\nContent-Length: "
	sample, err := other(nil, request{method: http.MethodPost, path: path, body: []byte("{}")})
	if err != nil {
		return writer{}, err
	}
	head, rest, found := bytes.Cut(sample, []byte(length+"2\r\n"))
	tail, whole := bytes.CutSuffix(rest, []byte("\r\n\r\n{}"))
	if !found || !whole || bytes.Contains(rest, []byte(length)) {
		return writer{}, errors.New("net/http writes a POST otherwise than expected")
	}
	post := func(to, body []byte) []byte {
		to = append(append(to, head...), length...)
		to = strconv.AppendInt(to, int64(len(body)), 10)
		to = append(append(append(to, "\r\n"...), tail...), "\r\n\r\n"...)
		return append(to, body...)
	}
	return writer{post, other}, nil
}
