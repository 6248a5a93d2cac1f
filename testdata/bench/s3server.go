package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func init() { tasks["s3-server"] = serveS3 }

// serveS3 is a bucket of n objects that can only be listed (ListObjectsV2), and waits before each answer.
func serveS3(a args, _ *meter) error {
	latency, err := time.ParseDuration(a.More["latency"])
	if err != nil {
		return err
	}
	keys := make([]string, a.N)
	for i := range keys {
		keys[i] = keyOf(i)
	}
	slices.Sort(keys)
	return serveUntilEOF(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, xml.Header)
		_ = xml.NewEncoder(w).Encode(listObjects(keys, r.URL.Query()))
	}))
}

// listing is the answer of ListObjectsV2.
type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	KeyCount, MaxKeys     int
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listed
	CommonPrefixes        []struct{ Prefix string }
}

type listed struct {
	Key, LastModified, ETag string
	Size                    int64
	StorageClass            string
}

// listObjects makes a page. The token is the last key or common prefix of the page before.
func listObjects(keys []string, q url.Values) *listing {
	prefix, delimiter, most := q.Get("prefix"), q.Get("delimiter"), 1000
	if n, err := strconv.Atoi(q.Get("max-keys")); err == nil && n < most {
		most = n
	}
	encode := func(s string) string { return s }
	if q.Get("encoding-type") == "url" {
		encode = func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }
	}
	l := &listing{
		Name: bucket, Prefix: encode(prefix), Delimiter: encode(delimiter), StartAfter: encode(q.Get("start-after")),
		ContinuationToken: q.Get("continuation-token"), MaxKeys: most, EncodingType: q.Get("encoding-type"),
	}
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	at := from(keys, max(after, prefix))
	for last := after; at < len(keys) && strings.HasPrefix(keys[at], prefix); {
		key, folder := keys[at], ""
		if inside, _, ok := strings.Cut(key[len(prefix):], delimiter); ok && delimiter != "" {
			folder = prefix + inside + delimiter
		}
		if key == after || folder != "" && folder == after {
			at = next(keys, at, folder)
			continue
		}
		if l.KeyCount == most {
			l.IsTruncated, l.NextContinuationToken = true, last
			break
		}
		l.KeyCount++
		if folder != "" {
			l.CommonPrefixes = append(l.CommonPrefixes, struct{ Prefix string }{encode(folder)})
			last = folder
		} else {
			l.Contents = append(l.Contents, listed{encode(key), "2026-01-02T03:04:05.000Z", `"` + strconv.Itoa(at) + `"`, int64(at) + 1, "STANDARD"})
			last = key
		}
		at = next(keys, at, folder)
	}
	return l
}

// from is the place of the first key that is not below s.
func from(keys []string, s string) int {
	at, _ := slices.BinarySearch(keys, s)
	return at
}

// next is the place after the key at a place, or after its folder.
func next(keys []string, at int, folder string) int {
	if folder == "" {
		return at + 1
	}
	return from(keys, folder[:len(folder)-1]+string(rune(folder[len(folder)-1]+1)))
}
