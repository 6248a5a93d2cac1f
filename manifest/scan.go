package manifest

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// pageTimeout bounds one page with its repetitions.
	pageTimeout = 10 * time.Minute
	// maxEmptyPages is how many pages in a row may be empty and yet truncated. A
	// server may send some where many objects were deleted; one that does so
	// for ever would else never end.
	maxEmptyPages = 10_000
)

// scanReader lists the objects under a prefix. One goroutine asks for the next
// page while the last one is read.
type scanReader struct {
	source, bucket string
	pages          <-chan page
	cancel         context.CancelFunc

	page    page
	pos     int   // in the page's objects
	ordinal int64 // of the last object
	err     error // that every further Read returns
}

// page is one answer, checked, its keys unescaped. A page with an error is the
// last one: io.EOF stands after the last object of a complete listing.
type page struct {
	objects []types.Object
	err     error
}

// openScan asks for the first page, so that a bucket that cannot be listed fails
// at once.
func openScan(ctx context.Context, client S3Client, s Source) (Reader, error) {
	ctx, cancel := context.WithCancel(ctx)
	l := &lister{client: client, bucket: s.Bucket, prefix: s.Key, seed: maphash.MakeSeed(), tokens: map[uint64]bool{}}
	first := l.next(ctx)
	if first.err != nil && !isEOF(first.err) {
		cancel()
		err, remedy := explainS3(first.err, s.Bucket)
		return nil, &BrokenError{Source: s.Arg, Unread: true, Err: fmt.Errorf("list the bucket: %w", err), Remedy: remedy}
	}
	pages := make(chan page)
	go l.run(ctx, first.err == nil, pages)
	return &scanReader{source: s.Arg, bucket: s.Bucket, pages: pages, cancel: cancel, page: first}, nil
}

// Read gives the next object; see Reader.
func (r *scanReader) Read(e *Entry) error {
	for r.err == nil && r.pos == len(r.page.objects) {
		if r.page.err != nil {
			r.err = r.end(r.page.err)
			break
		}
		p, ok := <-r.pages
		if !ok { // cancelled, and the goroutine could not say so
			p.err = context.Canceled
		}
		r.page, r.pos = p, 0
	}
	if r.err != nil {
		return r.err
	}
	o := &r.page.objects[r.pos]
	r.pos++
	r.ordinal++
	key := aws.ToString(o.Key)
	if reason := checkKey(key); reason != "" {
		return &RowError{Source: r.source, Line: r.ordinal, Bucket: r.bucket, Key: key, Reason: reason}
	}
	*e = Entry{
		Line: r.ordinal, Bucket: r.bucket, Key: key, Scan: true,
		Sized: o.Size != nil, Size: aws.ToInt64(o.Size), ETag: strings.Trim(aws.ToString(o.ETag), `"`), StorageClass: string(o.StorageClass),
	}
	if o.LastModified != nil {
		e.LastModified = o.LastModified.UTC()
	}
	return nil
}

// end turns the last page's error into the reader's.
func (r *scanReader) end(err error) error {
	if isEOF(err) {
		return io.EOF
	}
	err, remedy := explainS3(err, r.bucket)
	return &BrokenError{Source: r.source, Unread: r.ordinal == 0,
		Err: fmt.Errorf("the listing broke off after %d objects: %w", r.ordinal, err), Remedy: remedy}
}

// Close ends the listing and waits for its goroutine.
func (r *scanReader) Close() error {
	r.cancel()
	for range r.pages {
		// The goroutine closes the channel as it ends.
	}
	r.err = fs.ErrClosed
	return nil
}

// lister asks for the pages of a listing and trusts none of them: a page that
// is not surely S3's answer to what was asked is an error, never a shorter list.
type lister struct {
	client         S3Client
	bucket, prefix string
	token          *string
	seed           maphash.Seed
	tokens         map[uint64]bool // hashes of the tokens met
	empty          int             // pages without objects in a row
}

// run sends the pages after the first one, if there are more, and closes the channel.
func (l *lister) run(ctx context.Context, more bool, pages chan<- page) {
	defer close(pages)
	for more {
		p := l.next(ctx)
		select {
		case pages <- p:
		case <-ctx.Done():
			return
		}
		more = p.err == nil
	}
}

// next asks for one page. A page that has objects and is the last one carries
// them along with io.EOF.
func (l *lister) next(ctx context.Context) page {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	out, err := l.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket:            &l.bucket,
		Prefix:            &l.prefix,
		ContinuationToken: l.token,
		// XML cannot hold all keys (XML 1.0, 2.2).
		EncodingType: types.EncodingTypeUrl,
	})
	if err != nil {
		return page{err: err}
	}
	if err := l.check(out); err != nil {
		return page{err: fmt.Errorf("%w: %w", errAnswer, err)}
	}
	// The objects of a page that leads nowhere are real all the same.
	return page{objects: out.Contents, err: l.advance(out)}
}

// check refuses a page that is not S3's answer to the request, and unescapes its keys.
func (l *lister) check(out *s3.ListObjectsV2Output) error {
	switch {
	case out.Name == nil && out.IsTruncated == nil:
		// What the SDK makes of HTML and of any other XML.
		return errors.New("the answer is no listing")
	case aws.ToString(out.Name) != l.bucket:
		return fmt.Errorf("the answer is a listing of the bucket %s", excerpt(aws.ToString(out.Name)))
	case out.IsTruncated == nil:
		return errors.New("the answer does not say whether it is complete")
	case len(out.CommonPrefixes) > 0 || aws.ToString(out.Delimiter) != "":
		return errors.New("the answer is folded by a delimiter")
	case int(aws.ToInt32(out.KeyCount)) > len(out.Contents):
		return fmt.Errorf("the answer says that it holds %d objects and holds %d", *out.KeyCount, len(out.Contents))
	}
	for i := range out.Contents {
		o := &out.Contents[i]
		if aws.ToString(o.Key) == "" {
			return errors.New("the answer holds an object without a key")
		}
		if out.EncodingType == types.EncodingTypeUrl {
			// A server that does not say so has not escaped: "a+b" is a+b then.
			key, err := url.QueryUnescape(*o.Key)
			if err != nil {
				return fmt.Errorf("the answer is said to be URL-encoded, and its key %s is not", excerpt(*o.Key))
			}
			o.Key = &key
		}
		if !strings.HasPrefix(*o.Key, l.prefix) {
			return fmt.Errorf("the answer holds the key %s, which does not begin with the prefix", excerpt(*o.Key))
		}
	}
	return nil
}

// advance sets the token of the next page. It gives io.EOF if there is none.
func (l *lister) advance(out *s3.ListObjectsV2Output) error {
	token := aws.ToString(out.NextContinuationToken)
	switch {
	case !*out.IsTruncated && token == "":
		return io.EOF
	case !*out.IsTruncated:
		return fmt.Errorf("%w: the answer says that it is the last one, and yet how to go on", errAnswer)
	case token == "":
		return fmt.Errorf("%w: the answer says that more follow, but not how to go on", errAnswer)
	}
	hash := maphash.String(l.seed, token)
	if l.tokens[hash] {
		return fmt.Errorf("%w: the answer leads back to an earlier page", errAnswer)
	}
	l.tokens[hash] = true
	l.token = &token
	if l.empty++; len(out.Contents) > 0 {
		l.empty = 0
	}
	if l.empty > maxEmptyPages {
		return fmt.Errorf("%w: %d answers in a row hold no object and say that more follow", errAnswer, l.empty)
	}
	return nil
}
