package preflight

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"airlift/manifest/s3test"
)

func TestCheck(t *testing.T) {
	s := newServer(t)
	s.Put("archive", "empty.mov", nil)
	for _, key := range []string{"cold.mov", "deep.mov", "restored.mov", "instant.mov", "denied.mov"} {
		s.Put("archive", key, film)
	}
	s.Describe("archive", "cold.mov", soon, "GLACIER")
	s.Describe("archive", "deep.mov", soon, "DEEP_ARCHIVE")
	s.Describe("archive", "restored.mov", soon, "GLACIER")
	s.Restore("archive", "restored.mov")
	s.Describe("archive", "instant.mov", soon, "GLACIER_IR")
	s.FailObject("archive", "denied.mov", s3test.AccessDenied, -1)
	s.Put("archive", "long.mov", append(film, make([]byte, 1<<20)...))
	s.Put("archive", "page.mp4", []byte("<!DOCTYPE html><html><body>Not found</body></html>"))
	s.Put("archive", "odd \x01 +%.mov", film)
	for key, want := range map[string]string{
		"film.mov": "", "restored.mov": "", "instant.mov": "", "long.mov": "", "odd \x01 +%.mov": "",
		"nosuch.mov":  "missing: there is no such object (NoSuchKey, HTTP status 404)",
		"empty.mov":   "zero bytes",
		"cold.mov":    "archived: it must be restored before it can be read",
		"deep.mov":    "archived: it must be restored before it can be read",
		"denied.mov":  "unreadable: access is denied, or it is missing and these keys may not list the bucket (AccessDenied, HTTP status 403)",
		"page.mp4":    `its first bytes are text/html, which ".mp4" does not say`,
		"page.mp4/no": "missing: there is no such object (NoSuchKey, HTTP status 404)",
	} {
		t.Run(key, func(t *testing.T) {
			if got := newChecker(t, s).mustCheck(t.Context(), t, key); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	for _, r := range s.Requests() {
		if !strings.HasPrefix(r, "HEAD ") && !strings.HasPrefix(r, "GET ") || strings.Contains(r, "list-type") {
			t.Errorf("unexpected request: %s", r)
		}
	}
}

// Of a bucket that is not there one object is asked for, not each.
func TestALostBucketIsAskedOnce(t *testing.T) {
	s := newServer(t)
	c := newChecker(t, s)
	for range 5 {
		found, err := c.Check(t.Context(), "nosuch", "a.mov")
		reason := found.Reason
		if err != nil || !strings.Contains(reason, "missing: there is no such bucket") {
			t.Fatalf("got %q, %v", reason, err)
		}
	}
	if n := len(s.Requests()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if got := c.mustCheck(t.Context(), t, "film.mov"); got != "" {
		t.Errorf("another bucket: got %q", got)
	}
}

// Trouble that passes is waited out, and trouble that does not is never taken for a finding.
func TestTrouble(t *testing.T) {
	s := newServer(t)
	s.Put("archive", "other.mov", film)
	for name, fault := range map[string]s3test.Fault{
		"throttled": s3test.SlowDown, "500": s3test.InternalError, "reset": s3test.Reset, "a page that is refused": s3test.HTML403, "cut": s3test.CutBody, "a web page": s3test.HTML,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChecker(t, s)
				if got := c.mustCheck(t.Context(), t, "film.mov"); got != "" {
					t.Fatalf("without trouble: got %q", got)
				}
				begin := time.Now()
				s.FailObject("archive", "film.mov", fault, 3)
				if got := c.mustCheck(t.Context(), t, "film.mov"); got != "" {
					t.Errorf("got %q, want it to be waited out", got)
				}
				if took := time.Since(begin); took < time.Second || took > 20*time.Second {
					t.Errorf("three troubles took %v", took)
				}
				// The server has answered before: it may be down for a while.
				s.FailObject("archive", "film.mov", fault, -1)
				begin = time.Now()
				found, err := c.Check(t.Context(), "archive", "film.mov")
				reason := found.Reason
				var unchecked *UncheckedError
				if reason != "" || !errors.As(err, &unchecked) {
					t.Errorf("got %q, %v, want it unchecked", reason, err)
				}
				if took := time.Since(begin); took < 10*time.Minute || took > 11*time.Minute {
					t.Errorf("gave up after %v, want about 10 minutes", took)
				}
				// As long as it answers for others, the trouble is this object's.
				ctx, cancel := context.WithCancel(t.Context())
				var others sync.WaitGroup
				others.Go(func() {
					for ctx.Err() == nil {
						c.mustCheck(t.Context(), t, "other.mov")
						time.Sleep(time.Second)
					}
				})
				begin = time.Now()
				if _, err := c.Check(t.Context(), "archive", "film.mov"); !errors.As(err, &unchecked) {
					t.Errorf("got %v, want it unchecked", err)
				}
				if took := time.Since(begin); took > 40*time.Second {
					t.Errorf("gave up after %v, want about 11 seconds", took)
				}
				cancel()
				others.Wait()
				s.FailObject("archive", "film.mov", s3test.NoFault, 0)
			})
		})
	}
}

// What real servers do differently from Amazon's.
func TestOtherServers(t *testing.T) {
	noETag := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Request-Id", "4R67JGVF7MFIVG6Q")
		w.Header().Set("Content-Length", strconv.Itoa(len(film)))
		w.Write(film) // of a range, too
	})
	if got := newChecker(t, noETag).mustCheck(t.Context(), t, "film.mov"); got != "" {
		t.Errorf("without ETags: got %q", got)
	}
	ownCode := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>XAdminUserNotFound</Code></Error>")
	})
	var setup *SetupError
	if found, err := newChecker(t, ownCode).Check(t.Context(), "archive", "film.mov"); !errors.As(err, &setup) || !strings.Contains(err.Error(), "XAdminUserNotFound") {
		t.Errorf("a code of its own: got %q, %v, want a setup error", found.Reason, err)
	}
}

// What no object can be had without is said at once, and is no finding about an object.
func TestSetup(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*s3test.Server)
		says  string
	}{
		"unknown key":         {func(s *s3test.Server) { s.SetAccessKey("another") }, "access key is not known"},
		"a web server":        {func(s *s3test.Server) { s.SetFault(s3test.HTML, 0) }, "not S3's"},
		"a proxy that denies": {func(s *s3test.Server) { s.SetFault(s3test.HTML403, 0) }, "not S3's"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			synctest.Test(t, func(t *testing.T) {
				c.spoil(s)
				found, err := newChecker(t, s).Check(t.Context(), "archive", "film.mov")
				reason := found.Reason
				var setup *SetupError
				if reason != "" || !errors.As(err, &setup) || !strings.Contains(err.Error(), c.says) || setup.Remedy == "" {
					t.Errorf("got %q, %v, want a setup error that says %q", reason, err, c.says)
				}
			})
		})
	}
}

func TestAnotherRegion(t *testing.T) {
	s := newServer(t)
	s.SetFault(s3test.Redirect, 0)
	if got := newChecker(t, s).mustCheck(t.Context(), t, "film.mov"); !strings.Contains(got, "another region") {
		t.Errorf("got %q", got)
	}
	for _, r := range s.Requests() {
		if strings.Contains(r, "elsewhere") {
			t.Errorf("the redirect was followed: %s", r)
		}
	}
}

// A cancelled check ends at once, with the cause.
func TestCancel(t *testing.T) {
	s := newServer(t)
	s.FailObject("archive", "film.mov", s3test.SlowDown, -1)
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(cause) })
		begin := time.Now()
		_, err := newChecker(t, s).Check(ctx, "archive", "film.mov")
		if !errors.Is(err, cause) || time.Since(begin) != 100*time.Millisecond {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}
