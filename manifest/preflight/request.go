package preflight

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"airlift/manifest/entry"
	"airlift/ratelimit"
)

// firstBytes is how many bytes tell the type: as many as the detector looks at.
const firstBytes = 3072

// about is what the server says of an object.
type about struct {
	size     int64
	archived bool
	etag     string // of a GET
	at       int64  // where the part begins that a GET gave
}

// unfit returns a reason to reject the object that does not need its content.
func (a *about) unfit() string {
	switch {
	case a.archived:
		return "archived: it must be restored before it can be read"
	case a.size == 0:
		return "zero bytes"
	}
	return ""
}

// archived reports whether an object must be restored before it can be read
// (Amazon S3 API reference, HeadObject: x-amz-restore, x-amz-archive-status).
func archived(class, tier string, restore *string) bool {
	restored := strings.Contains(aws.ToString(restore), `ongoing-request="false"`)
	return !restored && (entry.Archived(class) || tier != "")
}

// head asks what the server says of an object; nil if it refuses to say.
func (c *Checker) head(ctx context.Context, bucket, key string) (*about, error) {
	var out *s3.HeadObjectOutput
	err := c.retry(ctx, judgeHead, func(ctx context.Context) (err error) {
		out, err = c.config.S3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key}, once)
		if err == nil && !signed(out) {
			err = fmt.Errorf("%w: it has neither an ETag nor a request id", errNotS3)
		}
		return err
	})
	var no *refusal
	switch {
	case errors.As(err, &no):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &about{size: aws.ToInt64(out.ContentLength), archived: archived(string(out.StorageClass), string(out.ArchiveStatus), out.Restore)}, nil
}

// signed reports whether an answer is S3's, and not any server's "200 OK". Some servers have no
// ETags of files that did not come by S3, as versitygw, but name the request.
func signed(out *s3.HeadObjectOutput) bool {
	_, named := middleware.GetRequestIDMetadata(out.ResultMetadata)
	return named || aws.ToString(out.ETag) != ""
}

// get gets n bytes of an object from at on, fewer at its end. Its errors are a
// *refusal besides those of Check.
func (c *Checker) get(ctx context.Context, bucket, key string, at, n int64) ([]byte, *about, error) {
	var data []byte
	var got *about
	err := c.retry(ctx, judge, func(ctx context.Context) error {
		out, err := c.config.S3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key, Range: aws.String(fmt.Sprintf("bytes=%d-%d", at, at+n-1))}, once)
		if err != nil {
			return err
		}
		defer out.Body.Close()
		got = &about{size: total(out), archived: archived(string(out.StorageClass), "", out.Restore), etag: aws.ToString(out.ETag)}
		// A server that knows no ranges sends all; no more than was asked for is read.
		if _, err := fmt.Sscanf(aws.ToString(out.ContentRange), "bytes %d-", &got.at); err != nil && at > 0 {
			return nil
		}
		data, err = io.ReadAll(io.LimitReader(out.Body, n))
		if err == nil && int64(len(data)) < min(got.size-got.at, n) {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	return data, got, err
}

// total returns the size of the object of which a part was got.
func total(out *s3.GetObjectOutput) int64 {
	if _, all, ok := strings.Cut(aws.ToString(out.ContentRange), "/"); ok {
		if n, err := strconv.ParseInt(all, 10, 64); err == nil {
			return n
		}
	}
	return aws.ToInt64(out.ContentLength)
}

// once turns the SDK's own repeating off, which would go past the limiter.
func once(o *s3.Options) { o.RetryMaxAttempts = 1 }

// retry sends a request until it is answered or the attempts end. Its errors are a *refusal, an *UncheckedError, or the
// cause for which ctx is done.
func (c *Checker) retry(ctx context.Context, judge func(error) (*refusal, error), request func(ctx context.Context) error) error {
	began := time.Now()
	for n := 1; ; n++ {
		if err := c.config.Limiter.Wait(ctx); err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, c.config.Timeout)
		err := request(limited)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		no, trouble := judge(err)
		if no != nil {
			return no
		}
		if n >= c.config.Attempts {
			if err := c.giveUp(began, trouble); err != nil {
				return err
			}
		}
		if err := ratelimit.Sleep(ctx, ratelimit.HalfJitter(n, time.Second, 10*time.Second)); err != nil {
			return err
		}
	}
}
