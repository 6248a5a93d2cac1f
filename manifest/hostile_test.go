package manifest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/manifest/s3test"
)

// TestHostilePages lets every fault strike at the first page and later, with one
// worker and with many: never may the list just be shorter.
func TestHostilePages(t *testing.T) {
	tests := []struct {
		name  string
		fault s3test.Fault
		text  string // in the error
	}{
		{"html", s3test.HTML, "no listing"},
		{"broken html", s3test.BrokenHTML, "not a whole XML document"},
		{"json", s3test.JSON, "no listing"},
		{"empty body", s3test.EmptyBody, "no listing"},
		{"other xml", s3test.OtherXML, ""},
		{"html 403", s3test.HTML403, "access is denied"},
		{"access denied", s3test.AccessDenied, "access is denied (AccessDenied: Access Denied)"},
		{"redirect", s3test.Redirect, "another region"},
		{"slow down", s3test.SlowDown, "throttles"},
		{"internal error", s3test.InternalError, "trouble"},
		{"reset", s3test.Reset, "connection broke"},
		{"cut body", s3test.CutBody, "connection broke"},
		{"cut xml", s3test.CutXML, "not a whole XML document"},
		{"truncated without token", s3test.NoToken, "not how to go on"},
		{"the same token", s3test.SameToken, ""},
		{"the same page", s3test.Repeats, "order of keys"},
		{"backwards", s3test.Unsorted, "order of keys"},
		{"token at the end", s3test.TokenAtEnd, "last one"},
		{"truncated or not", s3test.NotTruncated, "whether it is complete"},
		{"other bucket", s3test.OtherBucket, `"media-other"`},
		{"no name", s3test.NoName, "bucket"},
		{"bad encoding", s3test.BadEncoding, "URL-encoded"},
		{"fewer than counted", s3test.Shortened, "holds 10 objects and holds 5"},
		{"folded", s3test.Folded, "folded"},
		{"outside the prefix", s3test.OtherPrefix, "does not begin with the prefix"},
		{"no key", s3test.NoKey, "without a key"},
	}
	for _, tt := range tests {
		for _, good := range []int{0, 2, 7} {
			for _, workers := range []int{1, 5} {
				t.Run(fmt.Sprintf("%s after %d requests of %d workers", tt.name, good, workers), func(t *testing.T) {
					t.Parallel()
					server := s3test.New(t)
					server.SetPageSize(10)
					for i := range 300 {
						server.PutSized("media", fmt.Sprintf("v/%02d/%d", i/8, i), 1)
					}
					server.SetFault(tt.fault, good)
					o := Options{S3: newClient(t, server.URL), Scan: s3scan.Config{Workers: workers, RetryBudget: time.Nanosecond}}
					r, err := Open(context.Background(), "s3://media/v/", o)
					var all []entry.Entry
					if err == nil {
						defer r.Close()
						all, _, err = readAll(t, r)
					}
					var broken *entry.BrokenError
					if !errors.As(err, &broken) {
						t.Fatalf("got %d objects and %v, want a *BrokenError", len(all), err)
					}
					if !strings.Contains(err.Error(), tt.text) || broken.Remedy == "" || strings.Contains(err.Error(), "canary-secret") {
						t.Errorf("got %q, want %q in it, a remedy and no secret", err, tt.text)
					}
					pages := good
					if tt.fault == s3test.SameToken || tt.fault == s3test.Repeats {
						pages++ // which is good in itself
					}
					if workers == 1 && len(all) != pages*10 {
						t.Errorf("got %d objects, want those of the %d pages before the fault", len(all), pages)
					}
					if broken.Unread != (len(all) == 0) {
						t.Errorf("got unread %v after %d objects", broken.Unread, len(all))
					}
				})
			}
		}
	}
}

// TestOddServers lists with servers that differ from S3 in what says where to
// begin and where to split: the list is right, or there is an error.
func TestOddServers(t *testing.T) {
	for name, fault := range map[string]s3test.Fault{
		"s3": s3test.NoFault, "ignores the delimiter": s3test.IgnoresDelimiter, "ignores start-after": s3test.IgnoresStartAfter,
		"start-after is inclusive": s3test.InclusiveStartAfter, "skips folders": s3test.SkipsFolder,
		"odd common prefixes": s3test.OtherFolders, "no encoding": s3test.NoEncoding, "every page is the last": s3test.LastPageLies,
	} {
		for _, size := range []int{4, 40, 1000} {
			t.Run(fmt.Sprintf("%s, pages of %d", name, size), func(t *testing.T) {
				t.Parallel()
				server := s3test.New(t)
				server.SetPageSize(size)
				want := oddBucket(server, min(150, 10*size), fault == s3test.NoEncoding) // twenty pages of four, or eight of forty
				server.SetFault(fault, 0)
				for _, prefix := range []string{"", "v/", "v/3", "a/", "a//", ".", "/", "none"} {
					for _, workers := range []int{1, 2, 16} {
						o := Options{S3: newClient(t, server.URL), Scan: s3scan.Config{Workers: workers, RetryBudget: time.Nanosecond}, ForceScan: true}
						r, err := Open(context.Background(), "s3://media/"+prefix, o)
						if err != nil {
							t.Fatal(err)
						}
						all, rejected, end := readAll(t, r)
						r.Close()
						if end != nil || len(rejected) > 0 {
							t.Fatalf("prefix %q, %d workers: %v %v", prefix, workers, end, rejected)
						}
						sameKeys(t, fmt.Sprintf("prefix %q, %d workers", prefix, workers), all, want, prefix)
					}
				}
			})
		}
	}
}
