package s3test

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

type object struct {
	body    []byte
	size    int64
	changed time.Time
	class   string
	restore string // the x-amz-restore header
	fault   Fault
	faults  int // requests that the fault still hits; -1: all
}

// etag is what S3 gives an object that was put in one part: the MD5 sum of its
// contents (Amazon S3 API Reference, "Object"). One without a body has its size for it.
func (o object) etag() string {
	if o.body == nil {
		return `"` + strconv.FormatInt(o.size, 16) + `"`
	}
	return fmt.Sprintf(`"%x"`, md5.Sum(o.body))
}

func (o object) failing() bool { return o.fault != NoFault && o.faults != 0 }

func (o object) failed() object {
	if o.faults > 0 {
		o.faults--
	}
	return o
}

// Describe sets what an object that is there says of itself: when it was last
// modified, and its storage class. At first these are 2026-01-02 03:04:05 UTC
// and STANDARD.
func (s *Server) Describe(bucketName, key string, changed time.Time, class string) {
	s.change(bucketName, key, func(o *object) { o.changed, o.class = changed, class })
}

// Restore gives an archived object the x-amz-restore header of one that can be
// read for a while.
func (s *Server) Restore(bucketName, key string) {
	s.change(bucketName, key, func(o *object) {
		o.restore = `ongoing-request="false", expiry-date="Fri, 21 Dec 2035 00:00:00 GMT"`
	})
}

// FailObject switches a fault on for the next n requests of an object that is
// there, -1 for all of them. Listings show it all the same.
func (s *Server) FailObject(bucketName, key string, f Fault, n int) {
	s.change(bucketName, key, func(o *object) { o.fault, o.faults = f, n })
}

func (s *Server) change(bucketName, key string, change func(*object)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.buckets[bucketName].objects[key]
	if !ok {
		panic("s3test: no object " + key)
	}
	change(&o)
	s.buckets[bucketName].objects[key] = o
}

// get answers GetObject and HeadObject.
func get(w http.ResponseWriter, r *http.Request, b *bucket, key string) {
	o, ok := b.objects[key]
	head := r.Method == http.MethodHead
	archived := o.class == "GLACIER" || o.class == "DEEP_ARCHIVE"
	switch {
	case !ok:
		writeError(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	case !head && archived && o.restore == "":
		writeError(w, http.StatusForbidden, "InvalidObjectState", "The operation is not valid for the object's storage class")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Last-Modified", o.changed.Format(http.TimeFormat))
	h.Set("ETag", o.etag())
	if o.class != "STANDARD" { // S3 leaves it out then
		h.Set("X-Amz-Storage-Class", o.class)
	}
	if o.restore != "" {
		h.Set("X-Amz-Restore", o.restore)
	}
	if head {
		h.Set("Content-Length", strconv.FormatInt(o.size, 10))
		return
	}
	body := o.body
	var from, to int64
	if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); n == 2 {
		if from >= int64(len(body)) {
			writeError(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
			return
		}
		body = body[from:min(int64(len(body)), to+1)]
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+int64(len(body))-1, o.size))
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(body)
}
