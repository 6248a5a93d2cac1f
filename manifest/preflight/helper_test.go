package preflight

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"golang.org/x/time/rate"

	"airlift/manifest/s3scan"
	"airlift/manifest/s3test"
)

// direct sends requests to a server without a socket, which has no place in a
// bubble of fake time.
type direct struct{ server http.Handler }

func (d direct) Do(r *http.Request) (_ *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	defer func() {
		if recover() != nil {
			err = errors.New("connection reset by peer")
		}
	}()
	d.server.ServeHTTP(w, r)
	if r.Method == http.MethodHead {
		w.Body.Reset()
	}
	return w.Result(), nil
}

// newChecker looks at a server's objects, as fast as it can.
func newChecker(t *testing.T, server http.Handler) *Checker {
	t.Helper()
	client, err := s3scan.NewClient(s3scan.ClientConfig{
		Region: "eu-central-1", Endpoint: "http://localhost", PathStyle: true, HTTPClient: direct{server},
		Credentials: credentials.NewStaticCredentialsProvider("access", "secret", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{S3: client, Limiter: rate.NewLimiter(rate.Inf, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newServer has a bucket "archive" with a film in it.
func newServer(t *testing.T) *s3test.Server {
	s := s3test.New(t)
	s.Put("archive", "film.mov", film)
	return s
}

var film = []byte("\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  \x00\x00\x00\x08wide\x00\x01\x00\x00mdat")

// check looks at an object and wants no error.
func (c *Checker) mustCheck(ctx context.Context, t *testing.T, key string) string {
	t.Helper()
	found, err := c.Check(ctx, "archive", key)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return found.Reason
}

var soon = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
