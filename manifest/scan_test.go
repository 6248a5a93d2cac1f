package manifest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"airlift/manifest/entry"
	"airlift/manifest/s3scan"
	"airlift/manifest/s3test"
)

// fakeLister is a client that must not be called.
type fakeLister struct{ s3scan.Client }

// newClient gives a client that does not repeat requests.
func newClient(tb testing.TB, endpoint string) *s3.Client {
	tb.Helper()
	c, err := s3scan.NewClient(s3scan.ClientConfig{Region: "eu-central-1", Endpoint: endpoint, PathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("AKTEST", "canary-secret", "")})
	if err != nil {
		tb.Fatal(err)
	}
	return s3.New(c.Options(), func(o *s3.Options) { o.Retryer = aws.NopRetryer{} })
}

var oddKeys = []string{
	"a+b.mp4", "100%.mp4", "a%2Bb.mp4", "a b.mp4", " a", "a ", "//x", "./y", "../z", "x//y/", "\x01", "new\nline", "cr\rlf\r\n",
	"Übung.mov", "日本/映画.mp4", "🎬.mp4", "quote\"s", "a,b", "<&>", "a?b=c&d#e", "\u200b\ufeff", "\x7f", "back\\slash", strings.Repeat("é", 450), strings.Repeat("x", entry.MaxKey-len("videos/")),
}

func TestScan(t *testing.T) {
	server := s3test.New(t)
	var want []string
	for i := range 2500 {
		want = append(want, fmt.Sprintf("videos/%05d.mp4", i))
	}
	for _, k := range oddKeys {
		want = append(want, "videos/"+k)
	}
	for _, k := range want {
		server.PutSized("media", k, 7)
	}
	server.PutSized("media", "audio/a.mp3", 7)
	server.PutSized("media", "videos2", 7)
	slices.Sort(want)

	r, err := Open(context.Background(), "s3://media/videos/", Options{S3: newClient(t, server.URL), Scan: s3scan.Config{Workers: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, rejected, end := readAll(t, r)
	if end != nil || len(rejected) > 0 {
		t.Fatal(end, rejected)
	}
	var got []string
	for i, e := range all {
		got = append(got, e.Key)
		if e.Bucket != "media" || e.Line != int64(i+1) || !e.Scan {
			t.Fatalf("object %d: got %+v", i, e)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("keys (-want +got):\n%s", d)
	}
	first := entry.Entry{Line: 1, Bucket: "media", Key: want[0], Scan: true, Sized: true, Size: 7, ETag: "7", StorageClass: "STANDARD",
		LastModified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if d := cmp.Diff(first, all[0]); d != "" {
		t.Errorf("first object (-want +got):\n%s", d)
	}
	requests := server.Requests()
	if len(requests) != 4 {
		t.Errorf("got %d requests, want 3 pages and the question whether that was all", len(requests))
	}
	for _, q := range requests {
		if !strings.Contains(q, "encoding-type=url") {
			t.Errorf("got %s, want encoding-type=url in it", q)
		}
	}
}

func TestScanEmpty(t *testing.T) {
	server := s3test.New(t)
	server.PutSized("media", "a", 1)
	r, err := Open(context.Background(), "s3://media/none/", Options{S3: newClient(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if all, _, end := readAll(t, r); end != nil || len(all) > 0 {
		t.Errorf("got %d objects, %v, want none and a clean end", len(all), end)
	}
}

func TestScanWithoutEncoding(t *testing.T) {
	server := s3test.New(t)
	keys := []string{"100%41.mp4", "a b", "a+b"}
	for _, k := range keys {
		server.PutSized("media", k, 1)
	}
	server.SetFault(s3test.NoEncoding, 0)
	r, err := Open(context.Background(), "s3://media/", Options{S3: newClient(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, _, end := readAll(t, r)
	want{rows: []string{"media/100%41.mp4", "media/a b", "media/a+b"}}.check(t, all, nil, end)
}

// hollowClient says for ever that more follows.
type hollowClient struct {
	s3scan.Client
	pages int
}

func (c *hollowClient) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	c.pages++
	return &s3.ListObjectsV2Output{Name: in.Bucket, IsTruncated: aws.Bool(true), NextContinuationToken: aws.String(fmt.Sprint(c.pages))}, nil
}

func TestHollowPages(t *testing.T) {
	r, err := Open(context.Background(), "s3://media/v/", Options{S3: &hollowClient{}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, rejected, end := readAll(t, r)
	want{end: "hold no object", unread: true}.check(t, all, rejected, end)
}

// TestScanBadKey lists a key that cannot be an S3 key: it is rejected, not lost.
func TestScanBadKey(t *testing.T) {
	server := s3test.New(t)
	server.PutSized("media", "a", 1)
	server.PutSized("media", "b\xff", 1)
	server.PutSized("media", "c", 1)
	r, err := Open(context.Background(), "s3://media/", Options{S3: newClient(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, rejected, end := readAll(t, r)
	want{rows: []string{"media/a", "media/c"}, rejects: []reject{{2, "not valid UTF-8"}}}.check(t, all, rejected, end)
}

func TestScanRefused(t *testing.T) {
	server := s3test.New(t)
	server.MakeBucket("media")
	client := newClient(t, server.URL)
	if _, err := Open(context.Background(), "s3://other/", Options{S3: client}); err == nil || !strings.Contains(err.Error(), `"other" does not exist`) {
		t.Errorf("no such bucket: got %v", err)
	}
	server.SetAccessKey("another")
	if _, err := Open(context.Background(), "s3://media/", Options{S3: client}); err == nil || !strings.Contains(err.Error(), "access key is not known") {
		t.Errorf("unknown access key: got %v", err)
	}
	if _, err := Open(context.Background(), "s3://media/", Options{S3: newClient(t, "http://127.0.0.1:1"), Scan: s3scan.Config{RetryBudget: time.Nanosecond}}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1: connect: connection refused") {
		t.Errorf("no server: got %v", err)
	}
}

func TestScanCancel(t *testing.T) {
	server := s3test.New(t)
	server.SetPageSize(1)
	for i := range 100 {
		server.PutSized("media", fmt.Sprint(i), 1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := Open(ctx, "s3://media/", Options{S3: newClient(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_, _, end := readAll(t, r)
	if !errors.Is(end, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", end)
	}
	// Close in mid-scan ends the goroutine, or this would never return.
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
	if err := r.Read(new(entry.Entry)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Read after Close: got %v, want fs.ErrClosed", err)
	}
}

func TestObject(t *testing.T) {
	server := s3test.New(t)
	const csv = "b,a\nb,c\n"
	server.Put("lists", "2024/a.csv", []byte(csv))
	server.Put("lists", "a.csv.gz", []byte(gzipped(csv)))
	server.Put("lists", "plain", []byte(csv))
	server.Put("lists", "empty.csv", nil)
	o := Options{S3: newClient(t, server.URL)}
	for _, source := range []string{"s3://lists/2024/a.csv", "s3://lists/a.csv.gz"} {
		r, err := Open(context.Background(), source, o)
		if err != nil {
			t.Fatal(err)
		}
		all, rejected, end := readAll(t, r)
		want{rows: []string{"b/a", "b/c"}}.check(t, all, rejected, end)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	forced := o
	forced.ForceManifest, forced.Format = true, FormatCSV
	r, err := Open(context.Background(), "s3://lists/plain", forced)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := Open(context.Background(), "s3://lists/empty.csv", o); !errors.Is(err, entry.ErrEmpty) {
		t.Errorf("empty object: got %v, want ErrEmpty", err)
	}
	if _, err := Open(context.Background(), "s3://lists/none.csv", o); err == nil || !strings.Contains(err.Error(), "the object does not exist") {
		t.Errorf("no such key: got %v", err)
	}
}

// TestObjectCut breaks the connection in mid-stream.
func TestObjectCut(t *testing.T) {
	server := s3test.New(t)
	server.Put("lists", "a.csv", []byte("b,a\nb,c\nb,d\n"))
	server.SetFault(s3test.CutBody, 0)
	r, err := Open(context.Background(), "s3://lists/a.csv", Options{S3: newClient(t, server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, rejected, end := readAll(t, r)
	want{rows: []string{"b/a"}, end: "connection ended", line: 2}.check(t, all, rejected, end)
}

func TestNewS3Errors(t *testing.T) {
	creds := credentials.NewStaticCredentialsProvider("AKTEST", "canary-secret", "")
	good := s3scan.ClientConfig{Region: "r", Endpoint: "https://s3.example", Credentials: creds}
	tests := []struct {
		name   string
		change func(*s3scan.ClientConfig)
		want   string
	}{
		{"good", func(*s3scan.ClientConfig) {}, ""},
		{"http on loopback", func(c *s3scan.ClientConfig) { c.Endpoint = "http://127.0.0.1:9000/" }, ""},
		{"http on loopback, v6", func(c *s3scan.ClientConfig) { c.Endpoint = "http://[::1]:9000" }, ""},
		{"http elsewhere", func(c *s3scan.ClientConfig) { c.Endpoint = "http://s3.example" }, "not https"},
		{"http on a name that looks like loopback", func(c *s3scan.ClientConfig) { c.Endpoint = "http://127.0.0.1.example" }, "not https"},
		{"no endpoint", func(c *s3scan.ClientConfig) { c.Endpoint = "" }, "--source-endpoint"},
		{"no scheme", func(c *s3scan.ClientConfig) { c.Endpoint = "s3.example" }, "https://host"},
		{"user in it", func(c *s3scan.ClientConfig) { c.Endpoint = "https://a:canary@s3.example" }, "https://host"},
		{"no region", func(c *s3scan.ClientConfig) { c.Region = "" }, "--source-region"},
		{"no credentials", func(c *s3scan.ClientConfig) { c.Credentials = nil }, "credentials"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.change(&c)
			_, err := s3scan.NewClient(c)
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if !errors.Is(err, entry.ErrUsage) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v, want ErrUsage with %q", err, tt.want)
			}
		})
	}
}

func TestS3ConfigHidesSecrets(t *testing.T) {
	c := s3scan.ClientConfig{Region: "r", Credentials: credentials.NewStaticCredentialsProvider("AKTEST", "canary-secret", "")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, got := range []string{fmt.Sprintf(format, c), fmt.Sprintf(format, &c)} {
			if strings.Contains(got, "canary-secret") {
				t.Errorf("%s: got %s", format, got)
			}
		}
	}
}

// TestNoRedirect proves that the client shows itself at the configured host only.
func TestNoRedirect(t *testing.T) {
	server := s3test.New(t)
	server.MakeBucket("media")
	server.SetFault(s3test.Redirect, 0)
	if _, err := Open(context.Background(), "s3://media/", Options{S3: newClient(t, server.URL)}); err == nil {
		t.Error("got no error")
	}
	for _, q := range server.Requests() {
		if strings.Contains(q, "elsewhere") {
			t.Errorf("followed the redirect: %s", q)
		}
	}
}

// oddBucket fills a bucket with keys that folding, escaping or splitting might
// lose, and returns them. plain leaves out what XML cannot hold.
func oddBucket(server *s3test.Server, n int, plain bool) []string {
	keys := []string{"a", "a/", "a//", "a///", "a//b", "a/b", "a/b/", "a0", "a.", "a-b/c", "/", "//", "/x", "//x", "./y", "./", "../z", "v"}
	for _, k := range oddKeys {
		keys = append(keys, k, "a/"+k, "v/30/"+k)
	}
	for i := range n {
		keys = append(keys, fmt.Sprintf("v/%02d/%d", i/4, i), fmt.Sprintf("v/flat-%05d", i))
	}
	var kept []string
	for _, k := range keys {
		if len(k) > entry.MaxKey || plain && strings.ContainsAny(k, "\x01\r\x7f\ufeff") {
			continue
		}
		kept = append(kept, k)
		server.PutSized("media", k, 1)
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// sameKeys compares what was listed, in any order, with the keys that begin with
// the prefix.
func sameKeys(t *testing.T, what string, got []entry.Entry, keys []string, prefix string) {
	t.Helper()
	var have, want []string
	for _, e := range got {
		have = append(have, e.Key)
	}
	slices.Sort(have)
	for _, k := range keys {
		if strings.HasPrefix(k, prefix) {
			want = append(want, k)
		}
	}
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("%s: keys (-want +got):\n%s", what, d)
	}
}
