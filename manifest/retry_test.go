package manifest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/manifest/s3test"
)

// direct passes requests to a server without a network, so that time may be the
// test's. The body of the request of that number, from 1, stands still.
type direct struct {
	server *s3test.Server
	stalls int64
	n      atomic.Int64
}

func (d *direct) Do(r *http.Request) (*http.Response, error) {
	n := d.n.Add(1)
	w := httptest.NewRecorder()
	d.server.ServeHTTP(w, r)
	answer := w.Result()
	if n == d.stalls {
		answer.Body = io.NopCloser(&stalled{r.Context(), io.LimitReader(answer.Body, 100)})
	}
	return answer, nil
}

// stalled gives a few bytes and then nothing more.
type stalled struct {
	ctx  context.Context
	body io.Reader
}

func (s *stalled) Read(p []byte) (int, error) {
	if n, _ := s.body.Read(p); n > 0 {
		return n, nil
	}
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// TestScanRetries lets a server fail for a while during a scan.
func TestScanRetries(t *testing.T) {
	const keys = 400
	tests := []struct {
		name    string
		fault   s3test.Fault
		lasts   time.Duration
		stalls  int64
		workers int
		rate    float64
		want    string // in the error; "" is the whole list
		least   time.Duration
		most    time.Duration
	}{
		{"five minutes of throttling", s3test.SlowDown, 5 * time.Minute, 0, 1, 0, "", 5 * time.Minute, 6 * time.Minute},
		{"five minutes of trouble, many workers", s3test.InternalError, 5 * time.Minute, 0, 16, 0, "", 5 * time.Minute, 6 * time.Minute},
		{"throttling for ever", s3test.SlowDown, 99 * time.Hour, 0, 1, 0, "throttles", 9 * time.Minute, 11 * time.Minute},
		{"throttling for ever, many workers", s3test.SlowDown, 99 * time.Hour, 0, 16, 0, "throttles", 9 * time.Minute, 11 * time.Minute},
		{"a body that stands still", s3test.NoFault, 0, 7, 1, 0, "", 2 * time.Minute, 3 * time.Minute},
		{"a limit of the rate", s3test.NoFault, 0, 0, 1, 2, "", 20 * time.Second, 21 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := s3test.New(t)
			server.SetPageSize(10)
			for i := range keys {
				server.PutSized("media", fmt.Sprintf("%02d/%03d", i/20, i), 1)
			}
			synctest.Test(t, func(t *testing.T) {
				c, err := s3scan.NewClient(s3scan.ClientConfig{Region: "r", Endpoint: "https://s3.example", PathStyle: true,
					Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), HTTPClient: &direct{server: server, stalls: tt.stalls}})
				if err != nil {
					t.Fatal(err)
				}
				server.SetFault(tt.fault, 5)
				heal := time.AfterFunc(tt.lasts, func() { server.SetFault(s3test.NoFault, 0) })
				defer heal.Stop()
				begun := time.Now()
				o := Options{S3: c, Scan: s3scan.Config{Workers: tt.workers}}
				if tt.rate > 0 {
					o.Scan.Rate = 2
				}
				r, err := Open(context.Background(), "s3://media/", o)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				n := 0
				var e entry.Entry
				for err = r.Read(&e); err == nil; err = r.Read(&e) {
					n++
				}
				switch {
				case tt.want == "" && (!errors.Is(err, io.EOF) || n != keys):
					t.Errorf("got %d objects and %v, want all", n, err)
				case tt.want != "" && !strings.Contains(err.Error(), tt.want):
					t.Errorf("got %d objects and %v, want %q", n, err, tt.want)
				}
				if took := time.Since(begun); took < tt.least || took > tt.most {
					t.Errorf("it took %v, want %v to %v", took, tt.least, tt.most)
				}
			})
		})
	}
}
