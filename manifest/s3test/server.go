// Package s3test is an S3 server in the test's own process: ListObjectsV2 and
// GetObject over HTTP, as faithful as a scan needs it (paging, URL encoding,
// order, errors), and with faults that can be switched on. It speaks path style
// only and believes every signature, but not every access key.
package s3test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
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

	mu        sync.Mutex // guards all below
	buckets   map[string]*bucket
	pageSize  int
	accessKey string
	fault     Fault
	from, to  int // the requests, by number from 1, that the fault hits
	requests  []string
}

type bucket struct {
	objects map[string]object
	sorted  []string // the keys in order; nil after a Put
}

type object struct {
	body    []byte
	size    int64
	changed time.Time
	class   string
}

// New starts a server without buckets. It ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{buckets: map[string]*bucket{}, pageSize: 1000}
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

// etag is what S3 gives an object that was put in one part: the MD5 sum of its
// contents (Amazon S3 API Reference, "Object"). One without a body has its size for it.
func (o object) etag() string {
	if o.body == nil {
		return `"` + strconv.FormatInt(o.size, 16) + `"`
	}
	return fmt.Sprintf(`"%x"`, md5.Sum(o.body))
}

// Describe sets what an object that is there says of itself: when it was last
// modified, and its storage class. At first these are 2026-01-02 03:04:05 UTC
// and STANDARD.
func (s *Server) Describe(bucketName, key string, changed time.Time, class string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.buckets[bucketName].objects[key]
	o.changed, o.class = changed, class
	s.buckets[bucketName].objects[key] = o
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

// SetAccessKey makes the server refuse all other access keys.
func (s *Server) SetAccessKey(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accessKey = id
}

// SetFault switches a fault on for all requests after the next n ones; NoFault
// switches it off.
func (s *Server) SetFault(f Fault, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.from, s.to = f, len(s.requests)+n+1, math.MaxInt
}

// FailNext switches a fault on for the next n requests only.
func (s *Server) FailNext(f Fault, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.from, s.to = f, len(s.requests)+1, len(s.requests)+n
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
	fault Fault // Reset: nothing is sent; CutBody: half of the body
}

// ServeHTTP answers one request. A client that reads slowly holds no other up.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := reply{ResponseRecorder: httptest.NewRecorder()}
	s.answer(&a, r)
	body := a.Body.Bytes()
	if a.fault == Reset {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
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
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	fault := NoFault
	if n := len(s.requests); s.from <= n && n <= s.to {
		fault = s.fault
	}
	bucketName, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if w.fault = fault; fault.refuse(w) {
		return
	}
	if auth := r.Header.Get("Authorization"); s.accessKey != "" && !strings.Contains(auth, "Credential="+s.accessKey+"/") {
		writeError(w, http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
		return
	}
	b := s.buckets[bucketName]
	switch {
	case r.Method != http.MethodGet:
		writeError(w, http.StatusNotImplemented, "NotImplemented", "s3test only reads.")
	case b == nil:
		writeError(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case key != "":
		get(w, b, key)
	case r.URL.Query().Get("list-type") != "2" || r.URL.Query().Has("delimiter"):
		writeError(w, http.StatusNotImplemented, "NotImplemented", "s3test lists with ListObjectsV2 and without delimiter.")
	default:
		s.list(w, r.URL.Query(), bucketName, b, fault)
	}
}

func get(w http.ResponseWriter, b *bucket, key string) {
	o, ok := b.objects[key]
	if !ok {
		writeError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Last-Modified", o.changed.Format(http.TimeFormat))
	w.Write(o.body)
}

// listing is the answer of ListObjectsV2, in S3's order of elements.
type listing struct {
	XMLName        xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name           string   `xml:",omitempty"`
	Prefix         string
	Token          string `xml:"ContinuationToken,omitempty"`
	KeyCount       int
	MaxKeys        int
	Delimiter      string `xml:",omitempty"`
	EncodingType   string `xml:",omitempty"`
	IsTruncated    *bool
	NextToken      string `xml:"NextContinuationToken,omitempty"`
	Contents       []content
	CommonPrefixes []commonPrefix
}

type content struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	StorageClass string
}

type commonPrefix struct{ Prefix string }

func (s *Server) list(w http.ResponseWriter, q url.Values, name string, b *bucket, fault Fault) {
	if b.sorted == nil {
		for key := range b.objects {
			b.sorted = append(b.sorted, key)
		}
		slices.Sort(b.sorted) // S3 lists in the order of UTF-8 bytes
	}
	size := s.pageSize
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		size = min(size, n)
	}
	encode := func(key string) string { return key }
	if q.Get("encoding-type") == "url" {
		encode = func(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }
	}
	after := q.Get("start-after")
	if token := q.Get("continuation-token"); token != "" {
		last, err := base64.URLEncoding.DecodeString(token)
		if err != nil {
			writeError(w, http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
			return
		}
		after = string(last)
	}
	l := listing{
		Name: name, Prefix: encode(q.Get("prefix")), Token: q.Get("continuation-token"),
		MaxKeys: size, EncodingType: q.Get("encoding-type"), IsTruncated: new(bool),
	}
	from, _ := slices.BinarySearch(b.sorted, max(after, q.Get("prefix")))
	for _, key := range b.sorted[from:] {
		if !strings.HasPrefix(key, q.Get("prefix")) {
			break
		}
		if after != "" && key <= after {
			continue
		}
		if len(l.Contents) == size {
			*l.IsTruncated = true
			l.NextToken = base64.URLEncoding.EncodeToString([]byte(after))
			break
		}
		o := b.objects[key]
		l.Contents = append(l.Contents, content{
			Key: encode(key), LastModified: o.changed.Format("2006-01-02T15:04:05.000Z"),
			ETag: o.etag(), Size: o.size, StorageClass: o.class,
		})
		after = key
	}
	l.KeyCount = len(l.Contents)
	fault.spoil(&l, func(key string) string {
		if plain, err := url.QueryUnescape(key); err == nil && l.EncodingType != "" {
			return plain
		}
		return key
	})
	var out bytes.Buffer
	out.WriteString(xml.Header)
	if err := xml.NewEncoder(&out).Encode(l); err != nil {
		writeError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	body := out.Bytes()
	w.Header().Set("Content-Type", "application/xml")
	if fault == CutXML {
		body = body[:len(body)*2/3]
	}
	w.Write(body)
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s<Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>", xml.Header, code, message)
}
