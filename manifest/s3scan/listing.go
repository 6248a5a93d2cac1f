package s3scan

import (
	"airlift/manifest/entry"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/time/rate"
)

// attemptTimeout bounds one request of a listing, its body included.
const attemptTimeout = 2 * time.Minute

// listing asks for the pages of a listing and trusts none of them: a page that
// is not surely S3's answer to what was asked is an error, never a shorter list.
// It is safe for concurrent use.
type listing struct {
	client         Client
	bucket, prefix string
	limiter        *rate.Limiter // nil: none
}

// query is what is asked for. The zero value asks for the first page of the listing.
type query struct {
	prefix string  // "": that of the listing
	after  string  // only keys behind this one, in the order of bytes
	token  *string // how a page before said to go on
	folded bool    // by "/"
	limit  int32   // objects in the answer; 0: the server's own limit
}

// answer is one page, checked, its keys unescaped.
type answer struct {
	objects []types.Object
	folders []string // common prefixes, if it was to be folded
	token   *string  // of the next page; nil: this is the last one
}

// ask asks for one page, again and again if the server has passing trouble, for
// as long as patience says.
func (l *listing) ask(ctx context.Context, q query, patience time.Duration) (*answer, error) {
	begun := time.Now()
	for n := 0; ; n++ {
		a, err := l.request(ctx, q)
		if err == nil || ctx.Err() != nil || !temporary(err) {
			return a, err
		}
		pause := backoff(n)
		if time.Since(begun)+pause > patience {
			return nil, err
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// request sends one request.
func (l *listing) request(ctx context.Context, q query) (*answer, error) {
	if l.limiter != nil {
		if err := l.limiter.Wait(ctx); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if q.prefix == "" {
		q.prefix = l.prefix
	}
	in := &s3.ListObjectsV2Input{
		Bucket: &l.bucket, Prefix: &q.prefix, ContinuationToken: q.token,
		// XML cannot hold all keys (XML 1.0, 2.2).
		EncodingType: types.EncodingTypeUrl,
	}
	if q.after != "" && q.token == nil {
		in.StartAfter = &q.after
	}
	if q.folded {
		in.Delimiter = aws.String("/")
	}
	if q.limit > 0 {
		in.MaxKeys = &q.limit
	}
	out, err := l.client.ListObjectsV2(ctx, in, noRetry)
	if err != nil {
		return nil, err
	}
	a, err := l.checkAnswer(q, out)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAnswer, err)
	}
	return a, nil
}

// noRetry leaves the repetition to ask: the SDK's ends after some seconds and
// knows no limit of the rate.
func noRetry(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// checkAnswer refuses a page that is not S3's answer to the query, and unescapes its keys.
func (l *listing) checkAnswer(q query, out *s3.ListObjectsV2Output) (*answer, error) {
	switch {
	case out.Name == nil && out.IsTruncated == nil:
		// What the SDK makes of HTML and of any other XML.
		return nil, errors.New("the answer is no listing")
	case aws.ToString(out.Name) != l.bucket:
		return nil, fmt.Errorf("the answer is a listing of the bucket %s", entry.Excerpt(aws.ToString(out.Name)))
	case out.IsTruncated == nil:
		return nil, errors.New("the answer does not say whether it is complete")
	case !q.folded && (len(out.CommonPrefixes) > 0 || aws.ToString(out.Delimiter) != ""):
		return nil, errors.New("the answer is folded by a delimiter")
	case int(aws.ToInt32(out.KeyCount)) > len(out.Contents)+len(out.CommonPrefixes):
		return nil, fmt.Errorf("the answer says that it holds %d objects and holds %d", *out.KeyCount, len(out.Contents))
	}
	a := &answer{objects: out.Contents}
	var last string
	for i := range out.Contents {
		o := &out.Contents[i]
		key, err := unescape(out.EncodingType, aws.ToString(o.Key))
		switch {
		case err != nil:
			return nil, err
		case key == "":
			return nil, errors.New("the answer holds an object without a key")
		case !strings.HasPrefix(key, q.prefix):
			return nil, fmt.Errorf("the answer holds the key %s, which does not begin with the prefix", entry.Excerpt(key))
		case key <= last:
			return nil, fmt.Errorf("the answer is not in the order of keys: %s stands behind %s", entry.Excerpt(key), entry.Excerpt(last))
		}
		o.Key, last = &key, key
	}
	for _, c := range out.CommonPrefixes {
		if folder, err := unescape(out.EncodingType, aws.ToString(c.Prefix)); err == nil {
			a.folders = append(a.folders, folder)
		}
	}
	token := aws.ToString(out.NextContinuationToken)
	switch {
	case *out.IsTruncated && token == "":
		return nil, errors.New("the answer says that more follow, but not how to go on")
	case *out.IsTruncated:
		a.token = &token
	case token != "":
		return nil, errors.New("the answer says that it is the last one, and yet how to go on")
	}
	if q.token != nil && a.token != nil && *q.token == token {
		return nil, errors.New("the answer leads back to itself")
	}
	return a, nil
}

// unescape takes the URL encoding away if the server says that it has escaped;
// of one that does not say so "a+b" is a+b.
func unescape(encoding types.EncodingType, key string) (string, error) {
	if encoding != types.EncodingTypeUrl {
		return key, nil
	}
	plain, err := url.QueryUnescape(key)
	if err != nil {
		return "", fmt.Errorf("the answer is said to be URL-encoded, and its key %s is not", entry.Excerpt(key))
	}
	return plain, nil
}
