package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"airlift/manifest/s3scan"
)

// attempts is how often a request is sent at most: one that is throttled or cut off may pass at once.
const attempts = 2

// s3Client returns a client for the S3 server of the settings, or of a region if endpoint is empty. It notes the servers' clock.
func (e *exam) s3Client(endpoint, region string) (*s3.Client, error) {
	if e.KeysErr != nil {
		return nil, e.KeysErr
	}
	server := s3scan.ServerURL(endpoint, region)
	client, err := s3scan.NewClient(s3scan.ClientConfig{
		Region: region, Endpoint: server, PathStyle: e.PathStyle || s3scan.OnAddress(server),
		Credentials: credentials.NewStaticCredentialsProvider(e.Keys.Access, e.Keys.Secret, e.Keys.Token),
	})
	if err != nil {
		return nil, err
	}
	o := client.Options()
	o.RetryMaxAttempts, o.HTTPClient = attempts, dated{o.HTTPClient, e}
	return s3.New(o), nil
}

// dated is an HTTP client that notes the Date of answers.
type dated struct {
	s3.HTTPClient
	e *exam
}

// Do sends a request.
func (d dated) Do(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	answer, err := d.HTTPClient.Do(r)
	if err == nil {
		date, _ := http.ParseTime(answer.Header.Get("Date")) // zero: there is none
		d.e.saw(s3Clock, date, sent, time.Now())
	}
	return answer, err
}

// bucketRegion returns the region that an error says a bucket is in; "" if it does not.
func bucketRegion(err error) string {
	if answer, is := errors.AsType[*smithyhttp.ResponseError](err); is && answer.Response != nil {
		return answer.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// unreached reports whether a request found no server: no such name, no way, nobody listens.
func unreached(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, is := errors.AsType[*net.OpError](err)
	_, noName := errors.AsType[*net.DNSError](err)
	return s3scan.Status(err) == 0 && (is || noName)
}
