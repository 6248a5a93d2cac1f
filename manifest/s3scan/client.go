package s3scan

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"airlift/manifest/entry"
)

// Client is what this package needs of an S3 client; *s3.Client is one.
type Client interface {
	s3.ListObjectsV2APIClient
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// ClientConfig says how to reach an S3 server.
type ClientConfig struct {
	// Region signs the requests. Required.
	Region string
	// Endpoint is the server's URL, such as https://s3.eu-central-1.wasabisys.com.
	// Required; https, or http on loopback.
	Endpoint string
	// PathStyle writes the bucket into the path instead of the host name.
	PathStyle bool
	// Credentials sign the requests. Required.
	Credentials aws.CredentialsProvider
	// HTTPClient is for tests; nil is a client that follows no redirect.
	HTTPClient s3.HTTPClient
}

// String leaves the credentials out, so that a config that is printed by mistake gives no secret away.
func (c ClientConfig) String() string {
	return fmt.Sprintf("{Region:%s Endpoint:%s PathStyle:%t Credentials:REDACTED}", c.Region, c.Endpoint, c.PathStyle)
}

// GoString is String.
func (c ClientConfig) GoString() string { return c.String() }

// maxAttempts is how often one request is sent before a scan gives up; the SDK waits between them, up to 20 s.
const maxAttempts = 6

// NewClient makes a client for an S3-compatible server. It sends and reads nothing. Requests carry only the checksums
// that the operation requires, because other servers than Amazon's refuse more. Its errors are entry.ErrUsage.
func NewClient(c ClientConfig) (*s3.Client, error) {
	u, err := url.Parse(c.Endpoint)
	switch {
	case c.Endpoint == "":
		return nil, entry.Usagef("no S3 endpoint is set; set --source-endpoint or --source-region")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, entry.Usagef("the S3 endpoint is not a server URL; write https://host")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, entry.Usagef("the S3 endpoint %s is not https (http is for loopback only); write https://%s", c.Endpoint, u.Host)
	case c.Region == "":
		return nil, entry.Usagef("no S3 region is set; set --source-region")
	case c.Credentials == nil:
		return nil, entry.Usagef("no S3 credentials are set; set WASABI_ACCESS_KEY and WASABI_SECRET_KEY, or --profile")
	}
	if c.HTTPClient == nil {
		c.HTTPClient = newHTTPClient()
	}
	return s3.New(s3.Options{
		Region:                     c.Region,
		BaseEndpoint:               aws.String(strings.TrimRight(c.Endpoint, "/")),
		UsePathStyle:               c.PathStyle,
		Credentials:                c.Credentials,
		HTTPClient:                 c.HTTPClient,
		RetryMaxAttempts:           maxAttempts,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		AppID:                      "airlift",
	}), nil
}

// newHTTPClient follows no redirect: the server of a wrong region answers with one,
// and the user has to name the right server.
func newHTTPClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 0, 256 // a scan's workers keep theirs
	t.DisableCompression = true                    // a .gz object is to arrive as it is stored
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
