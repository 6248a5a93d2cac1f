package s3test

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

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

// beyond stands behind a common prefix in a token: above all UTF-8, it passes over the keys that are folded into it.
const beyond = "\xff"

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
	prefix, delimiter, after := q.Get("prefix"), q.Get("delimiter"), fault.startAfter(q.Get("start-after"), b.sorted)
	if token := q.Get("continuation-token"); token != "" {
		last, err := base64.URLEncoding.DecodeString(token)
		if err != nil {
			writeError(w, http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
			return
		}
		after = string(last)
	}
	if fault == IgnoresDelimiter {
		delimiter = ""
	}
	l := listing{
		Name: name, Prefix: encode(prefix), Token: q.Get("continuation-token"), Delimiter: encode(delimiter),
		MaxKeys: size, EncodingType: q.Get("encoding-type"), IsTruncated: new(bool),
	}
	from, _ := slices.BinarySearch(b.sorted, max(after, prefix))
	for _, key := range b.sorted[from:] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if after != "" && key <= after {
			continue
		}
		if len(l.Contents)+len(l.CommonPrefixes) == size {
			*l.IsTruncated = true
			l.NextToken = base64.URLEncoding.EncodeToString([]byte(after))
			break
		}
		if end := strings.Index(key[len(prefix):], delimiter); delimiter != "" && end >= 0 {
			folder := key[:len(prefix)+end+len(delimiter)]
			l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{encode(folder)})
			after = folder + beyond
			continue
		}
		o := b.objects[key]
		l.Contents = append(l.Contents, content{
			Key: encode(key), LastModified: o.changed.Format("2006-01-02T15:04:05.000Z"),
			ETag: o.etag(), Size: o.size, StorageClass: o.class,
		})
		after = key
	}
	l.KeyCount = len(l.Contents) + len(l.CommonPrefixes)
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
