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

	plainPrefix, plainDelimiter string // before their encoding
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

// newListing returns an empty listing for a request, and the key that its token says to begin behind.
func (s *Server) newListing(q url.Values, bucket string) (l *listing, after string, err error) {
	l = &listing{
		Name: bucket, plainPrefix: q.Get("prefix"), plainDelimiter: q.Get("delimiter"), Token: q.Get("continuation-token"),
		MaxKeys: s.pageSize, EncodingType: q.Get("encoding-type"), IsTruncated: new(bool),
	}
	l.Prefix, l.Delimiter = l.encode(l.plainPrefix), l.encode(l.plainDelimiter)
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		l.MaxKeys = min(l.MaxKeys, n)
	}
	last, err := base64.URLEncoding.DecodeString(l.Token)
	return l, string(last), err
}

func (l *listing) encode(key string) string {
	if l.EncodingType != "url" {
		return key
	}
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// fill lists a bucket's objects behind a key.
func (l *listing) fill(b *bucket, after string) {
	from, _ := slices.BinarySearch(b.sorted, max(after, l.plainPrefix))
	for _, key := range b.sorted[from:] {
		rest, ok := strings.CutPrefix(key, l.plainPrefix)
		if !ok {
			break
		}
		if after != "" && key <= after {
			continue
		}
		if len(l.Contents)+len(l.CommonPrefixes) == l.MaxKeys {
			*l.IsTruncated = true
			l.NextToken = base64.URLEncoding.EncodeToString([]byte(after))
			break
		}
		if folder, _, folded := strings.Cut(rest, l.plainDelimiter); folded && l.plainDelimiter != "" {
			folder = l.plainPrefix + folder + l.plainDelimiter
			l.CommonPrefixes = append(l.CommonPrefixes, commonPrefix{l.encode(folder)})
			after = folder + beyond
			continue
		}
		o := b.objects[key]
		l.Contents = append(l.Contents, content{
			Key: l.encode(key), LastModified: o.changed.Format("2006-01-02T15:04:05.000Z"),
			ETag: o.etag(), Size: o.size, StorageClass: o.class,
		})
		after = key
	}
	l.KeyCount = len(l.Contents) + len(l.CommonPrefixes)
}

func (s *Server) list(w http.ResponseWriter, q url.Values, name string, b *bucket, fault Fault) {
	if b.sorted == nil {
		for key := range b.objects {
			b.sorted = append(b.sorted, key)
		}
		slices.Sort(b.sorted) // S3 lists in the order of UTF-8 bytes
	}
	l, after, err := s.newListing(q, name)
	if err != nil {
		writeError(w, http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
		return
	}
	if l.Token == "" {
		after = fault.startAfter(q.Get("start-after"), b.sorted)
	}
	if fault == IgnoresDelimiter {
		l.Delimiter, l.plainDelimiter = "", ""
	}
	l.fill(b, after)
	if change := spoil[fault]; change != nil {
		change(l, func(key string) string {
			if plain, err := url.QueryUnescape(key); err == nil && l.EncodingType != "" {
				return plain
			}
			return key
		})
	}
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
