package s3scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// stallTimeout is how long a read of an object may wait for data.
const stallTimeout = 2 * time.Minute

var errStalled = fmt.Errorf("no data received for %s", stallTimeout)

// GetObject opens an object.
func GetObject(ctx context.Context, client Client, bucket, key string) (body io.Reader, closeBody func() error, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	out, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		cancel(nil)
		return nil, nil, err
	}
	size := int64(-1)
	if out.ContentLength != nil {
		size = *out.ContentLength
	}
	b := &objectBody{r: out.Body, left: size, cause: func() error { return context.Cause(ctx) }}
	b.watchdog = time.AfterFunc(stallTimeout, func() { cancel(errStalled) })
	return b, func() error {
		b.watchdog.Stop()
		cancel(nil)
		return out.Body.Close()
	}, nil
}

// objectBody returns an error for an object that ends too early or stalls. Time between reads does not count.
type objectBody struct {
	r        io.Reader
	left     int64 // bytes still to come, -1 if that is not known
	watchdog *time.Timer
	cause    func() error
}

func (b *objectBody) Read(p []byte) (int, error) {
	b.watchdog.Reset(stallTimeout)
	n, err := b.r.Read(p)
	b.watchdog.Stop()
	if b.left >= 0 {
		b.left = max(0, b.left-int64(n))
	}
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF && b.left <= 0:
		return n, io.EOF
	case errors.Is(b.cause(), errStalled):
		return n, errStalled
	case err == io.EOF, errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("the connection ended before the object did: %w", io.ErrUnexpectedEOF)
	}
	return n, fmt.Errorf("the connection broke: %w", err)
}

var _ Client = (*s3.Client)(nil)
