package s3scan

import (
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

	"airlift/manifest/entry"
	"airlift/ratelimit"
)

// attemptTimeout limits one request, its body included.
const attemptTimeout = 2 * time.Minute

// listing requests pages and checks them: a page that is not certainly S3's answer
// is an error, never a shorter list. It is safe for concurrent use.
type listing struct {
	client         Client
	bucket, prefix string
	limiter        *rate.Limiter // nil: none
}

// query is a request. The zero value requests the first page of the listing.
type query struct {
	prefix string  // "": that of the listing
	after  string  // only keys after this one, in byte order
	token  *string // from the page before
	folded bool    // at each "/"
	limit  int32   // objects in the answer; 0: the server's own limit
}

// answer is one page, checked, its keys unescaped.
type answer struct {
	objects []types.Object
	folders []string // common prefixes, if it was to be folded
	token   *string  // of the next page; nil: this is the last one
}

// ask requests one page, and retries errors that may pass for as long as the budget lasts.
func (l *listing) ask(ctx context.Context, q query, budget time.Duration) (*answer, error) {
	begun := time.Now()
	for n := 1; ; n++ {
		a, err := l.request(ctx, q)
		if err == nil || ctx.Err() != nil || !temporary(err) {
			return a, err
		}
		pause := backoff(n)
		if time.Since(begun)+pause > budget {
			return nil, err
		}
		if err := ratelimit.Sleep(ctx, pause); err != nil {
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

// noRetry leaves retries to ask: the SDK's end after some seconds and ignore the rate limit.
func noRetry(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// checkAnswer refuses a page that is not S3's answer to the query.
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
	a := &answer{}
	if err := a.setObjects(q, out); err != nil {
		return nil, err
	}
	return a, a.setToken(q, *out.IsTruncated, aws.ToString(out.NextContinuationToken))
}

// setObjects unescapes the keys, and checks that they are what was requested.
func (a *answer) setObjects(q query, out *s3.ListObjectsV2Output) error {
	a.objects = out.Contents
	var last string
	for i := range out.Contents {
		o := &out.Contents[i]
		key, err := unescape(out.EncodingType, aws.ToString(o.Key))
		switch {
		case err != nil:
			return err
		case key == "":
			return errors.New("the answer holds an object without a key")
		case !strings.HasPrefix(key, q.prefix):
			return fmt.Errorf("the answer holds the key %s, which does not begin with the prefix", entry.Excerpt(key))
		case key <= last:
			return fmt.Errorf("the answer is not in the order of keys: %s stands behind %s", entry.Excerpt(key), entry.Excerpt(last))
		}
		o.Key, last = &key, key
	}
	for _, c := range out.CommonPrefixes {
		if folder, err := unescape(out.EncodingType, aws.ToString(c.Prefix)); err == nil {
			a.folders = append(a.folders, folder)
		}
	}
	return nil
}

// setToken sets the token of the next page.
func (a *answer) setToken(q query, truncated bool, token string) error {
	switch {
	case truncated && token == "":
		return errors.New("the answer says that more follow, but not how to go on")
	case !truncated && token != "":
		return errors.New("the answer says that it is the last one, and yet how to go on")
	case truncated && q.token != nil && *q.token == token:
		return errors.New("the answer repeats its own continuation token")
	case truncated:
		a.token = &token
	}
	return nil
}

// unescape decodes a key if the server says that keys are URL-encoded; else "a+b" is a+b.
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
