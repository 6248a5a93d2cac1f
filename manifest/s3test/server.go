package s3test

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a running S3 server. Its methods are safe for concurrent use.
type Server struct {
	// URL is its endpoint, on loopback.
	URL string

	http *httptest.Server

	mu           sync.Mutex // guards all below
	buckets      map[string]*bucket
	pageSize     int
	accessKey    string
	sessionToken string // required if not empty
	fault        Fault
	from         int // the number, from 1, of the first request that the fault hits
	requests     []string
	watch        func(n int)
	region       string        // of all buckets
	ahead        time.Duration // of the Date header
}

type bucket struct {
	objects map[string]object
	denied  bool     // HeadBucket answers 403
	sorted  []string // the keys in order; nil after a Put
}

// New starts a server without buckets. It ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{buckets: map[string]*bucket{}, pageSize: 1000, region: "us-east-1"}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL
	tb.Cleanup(s.http.Close)
	return s
}

// Put stores an object of any key, and makes the bucket if need be.
func (s *Server) Put(bucketName, key string, body []byte) {
	s.put(bucketName, key, object{body: body, size: int64(len(body))})
}

// PutSized stores an object that is listed with a size, but has no body.
func (s *Server) PutSized(bucketName, key string, size int64) {
	s.put(bucketName, key, object{size: size})
}

func (s *Server) put(bucketName, key string, o object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	if b == nil {
		b = &bucket{objects: map[string]object{}}
		s.buckets[bucketName] = b
	}
	o.changed, o.class = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "STANDARD"
	b.objects[key] = o
	b.sorted = nil
}

// Delete takes an object away.
func (s *Server) Delete(bucketName, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[bucketName]
	delete(b.objects, key)
	b.sorted = nil
}

// MakeBucket makes an empty bucket.
func (s *Server) MakeBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		s.buckets[name] = &bucket{objects: map[string]object{}}
	}
}

// SetPageSize sets how many objects a page holds at most; 1000 at first.
func (s *Server) SetPageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pageSize = n
}

// SetRegion moves all buckets to a region, which HeadBucket tells; us-east-1 at first.
func (s *Server) SetRegion(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.region = region
}

// DenyBucket makes HeadBucket answer that access is denied, as for keys without s3:ListBucket.
func (s *Server) DenyBucket(name string) {
	s.MakeBucket(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[name].denied = true
}

// SetClock sets how far the Date header is ahead of the clock.
func (s *Server) SetClock(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
}

// SetAccessKey makes the server refuse all other access keys.
func (s *Server) SetAccessKey(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accessKey = id
}

// SetSessionToken makes the server refuse requests without this token, as S3 does with
// temporary keys.
func (s *Server) SetSessionToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessionToken = token
}

// SetFault switches a fault on for all requests after the next n ones; NoFault
// switches it off.
func (s *Server) SetFault(f Fault, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.from = f, len(s.requests)+n+1
}

// Watch lets f see each request, by its number from 1, before it is answered.
func (s *Server) Watch(f func(n int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

// Requests gives method, path and query of every request so far, in order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// reply is an answer before it is sent.
type reply struct {
	*httptest.ResponseRecorder
	number int   // of the request
	fault  Fault // Reset: nothing is sent; CutBody: half of the body
}

// ServeHTTP answers one request. A client that reads slowly holds no other up.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	watch := s.watch
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	n := len(s.requests)
	s.mu.Unlock()
	if watch != nil {
		watch(n)
	}
	a := reply{ResponseRecorder: httptest.NewRecorder(), number: n}
	s.answer(&a, r)
	body := a.Body.Bytes()
	if a.fault == Reset {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.Header())
	if r.Method != http.MethodHead || a.Code != http.StatusOK {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.Code)
	if a.fault != CutBody {
		w.Write(body)
		return
	}
	w.Write(body[:len(body)/2])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}

func (s *Server) answer(w *reply, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ahead != 0 {
		w.Header().Set("Date", time.Now().Add(s.ahead).UTC().Format(http.TimeFormat))
	}
	fault := NoFault
	if s.from <= w.number {
		fault = s.fault
	}
	bucketName, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if w.fault = fault; fault.refuse(w) {
		return
	}
	if !s.authorized(r) {
		writeError(w, http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
		return
	}
	b := s.buckets[bucketName]
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		writeError(w, http.StatusNotImplemented, "NotImplemented", "s3test only reads.")
	case b == nil:
		writeError(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case key == "" && r.Method == http.MethodHead:
		s.headBucket(w, r, b)
	case key != "":
		if o, ok := b.objects[key]; ok && o.failing() {
			b.objects[key] = o.failed()
			w.fault = o.fault
			o.fault.refuse(w)
			return
		}
		get(w, r, b, key)
	case r.URL.Query().Get("list-type") != "2":
		writeError(w, http.StatusNotImplemented, "NotImplemented", "s3test lists with ListObjectsV2 only.")
	default:
		s.list(w, r.URL.Query(), bucketName, b, fault)
	}
}

// headBucket answers HeadBucket. The region is part of what is signed.
func (s *Server) headBucket(w *reply, r *http.Request, b *bucket) {
	w.Header().Set("X-Amz-Bucket-Region", s.region)
	switch {
	case b.denied:
		w.WriteHeader(http.StatusForbidden)
	case !strings.Contains(r.Header.Get("Authorization"), "/"+s.region+"/s3/"):
		w.WriteHeader(http.StatusMovedPermanently)
	}
}

func (s *Server) authorized(r *http.Request) bool {
	return (s.accessKey == "" || strings.Contains(r.Header.Get("Authorization"), "Credential="+s.accessKey+"/")) &&
		(s.sessionToken == "" || r.Header.Get("X-Amz-Security-Token") == s.sessionToken)
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s<Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>", xml.Header, code, message)
}
