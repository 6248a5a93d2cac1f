package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// S3 is what is asked of the server; *s3.Client is one.
type S3 interface {
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// limiter is waited for before each request. Wait fails with the cause if ctx is done first.
type limiter interface {
	Wait(ctx context.Context) error
}

// Config says how objects are looked at.
type Config struct {
	// S3 is the server that holds the objects. Required.
	S3 S3
	// Limiter keeps the requests, repeated ones too, below a rate. Required.
	Limiter limiter
	// Attempts is how often a request that fails with an error that may pass is sent
	// at least; 0 means 5, which takes about 11 seconds with the waits.
	Attempts int
	// RetryBudget is how long requests are retried while a server that has answered
	// before answers nothing; 0 means 10 minutes.
	RetryBudget time.Duration
	// Timeout bounds one request; 0 is 30 seconds.
	Timeout time.Duration
}

// Checker looks at objects. It is safe for concurrent use.
type Checker struct {
	config Config

	mu sync.Mutex
	// buckets are those whose objects cannot be read, with the reason. Guarded by mu.
	buckets map[string]string
	// answered is when the server last said something of an object, as S3 does. Guarded by mu.
	answered time.Time
}

// New makes a checker. It sends nothing.
func New(c Config) (*Checker, error) {
	if c.S3 == nil || c.Limiter == nil {
		return nil, errors.New("preflight: it needs S3 and a limiter")
	}
	c.Attempts = cmp.Or(c.Attempts, 5)
	c.RetryBudget = cmp.Or(c.RetryBudget, 10*time.Minute)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	return &Checker{config: c, buckets: map[string]string{}}, nil
}

// UncheckedError says that an object could not be checked because of temporary errors: nothing is known about it.
type UncheckedError struct{ Err error }

// Error returns the last of the errors.
func (e *UncheckedError) Error() string { return fmt.Sprintf("could not be checked: %v", e.Err) }

// Unwrap returns the last of the errors.
func (e *UncheckedError) Unwrap() error { return e.Err }

// SetupError says that no object can be checked until the user changes something, and what.
type SetupError struct {
	Err    error
	Remedy string
}

// Error says what was found.
func (e *SetupError) Error() string { return e.Err.Error() }

// Unwrap returns what was found.
func (e *SetupError) Unwrap() error { return e.Err }

// Finding is what was found out about an object.
type Finding struct {
	// Reason is why the object is rejected; "" if it is not.
	Reason string
	// Media is what an .mp4 or .mov says of itself.
	Media Media
}

// Check looks at an object: at what the server says of it and at its first bytes, with two requests, and up to two more
// for an .mp4 or .mov, of which it reads 256 KiB at most. Its errors are an *UncheckedError, a *SetupError, or the
// cause of ctx.
func (c *Checker) Check(ctx context.Context, bucket, key string) (Finding, error) {
	if reason := c.lost(bucket); reason != "" {
		return Finding{Reason: reason}, nil
	}
	about, err := c.head(ctx, bucket, key)
	if err != nil {
		return Finding{}, err
	}
	// A refusal of HEAD has no text: GET tells why.
	if about != nil {
		c.recordAnswer()
		if reason := about.unfit(); reason != "" {
			return Finding{Reason: reason}, nil
		}
	}
	first := int64(firstBytes)
	if inContainer(key) {
		first = containerBytes
	}
	bytes, got, err := c.get(ctx, bucket, key, 0, first)
	var no *refusal
	switch {
	case errors.As(err, &no):
		reason, err := c.apply(no, bucket)
		return Finding{Reason: reason}, err
	case err != nil:
		return Finding{}, err
	}
	c.recordAnswer()
	if about == nil {
		if reason := got.unfit(); reason != "" {
			return Finding{Reason: reason}, nil
		}
	}
	if reason := contradiction(key, bytes[:min(len(bytes), firstBytes)]); reason != "" || !inContainer(key) {
		return Finding{Reason: reason}, nil
	}
	return c.container(ctx, bucket, key, bytes, got)
}

// container reads what an .mp4 or .mov says of itself, after its first bytes. If the server does not return further
// parts as requested, or has another object by now, that stays unread.
func (c *Checker) container(ctx context.Context, bucket, key string, first []byte, is *about) (f Finding, err error) {
	f.Reason, f.Media, err = readContainer(newRanged(first, is.size, func(at, n int64) ([]byte, error) {
		data, got, err := c.get(ctx, bucket, key, at, n)
		var no *refusal
		switch {
		case errors.As(err, &no), err == nil && (got.etag != is.etag || got.size != is.size || got.at != at):
			return nil, errBudget
		case err != nil:
			return nil, &readError{err}
		}
		return data, nil
	}))
	if failed, is := errors.AsType[*readError](err); is {
		return Finding{}, failed.err
	}
	return f, err
}

// readError is an error of getting a part of an object.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }

// apply records what a refusal proves, and returns the reason for which the object
// is rejected, or an error if no object can be checked.
func (c *Checker) apply(no *refusal, bucket string) (reason string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case no.of == allObjects || no.of == allUnlessProven && c.answered.IsZero():
		return "", &SetupError{no, no.remedy}
	case no.of == wholeBucket:
		c.buckets[bucket] = no.Error()
	}
	c.answered = time.Now()
	return no.Error(), nil
}

// giveUp returns the error that ends the attempts, or nil to continue. It gives up if no object was answered since they
// began, the server fails, and that may pass. A server that never answered as S3 does is no S3 server.
func (c *Checker) giveUp(began time.Time, trouble error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.answered.IsZero() && !c.answered.After(began) && time.Since(began) < c.config.RetryBudget {
		return nil
	}
	if errors.Is(trouble, errNotS3) && c.answered.IsZero() {
		return &SetupError{trouble, "check --source-endpoint, which may be no S3 server"}
	}
	return &UncheckedError{trouble}
}

func (c *Checker) lost(bucket string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buckets[bucket]
}

func (c *Checker) recordAnswer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered = time.Now()
}
