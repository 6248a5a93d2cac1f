package entry

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// maxScheme is where in a key the colon of a scheme may stand at most.
const maxScheme = 16

// LooksLikeURI reports whether a key in a manifest is read as a URI or an ARN.
// Written as s3://BUCKET/KEY such a key is read as it is.
func LooksLikeURI(key string) bool {
	_, _, ok := SplitScheme(key)
	return ok
}

// SplitScheme cuts "scheme://rest", and an ARN of AWS, whose scheme is "arn".
func SplitScheme(key string) (scheme, rest string, ok bool) {
	i := strings.IndexByte(key[:min(len(key), maxScheme)], ':')
	if i < 1 {
		return "", "", false
	}
	scheme, rest = key[:i], key[i+1:]
	switch {
	case strings.HasPrefix(rest, "//") && IsScheme(scheme):
		return strings.ToLower(scheme), rest[2:], true
	case strings.EqualFold(scheme, "arn") && strings.HasPrefix(rest, "aws") && strings.Count(rest, ":") >= 4:
		return "arn", rest, true
	}
	return "", "", false
}

// parseURI splits a key that is a URI or an ARN into bucket and key. The reason says why it names no S3 object; it does
// not show a URL's query, which may hold a signature.
func (c *Checker) parseURI(key, scheme, rest string) (bucket, object, reason string) {
	none := func(why string) (string, string, string) {
		return "", "", fmt.Sprintf("the key %s %s; if this is the key itself, write s3://BUCKET/ before it", Excerpt(cutQuery(key)), why)
	}
	switch scheme {
	case "s3", "s3a", "s3n": // the last two are Hadoop's
		bucket, object, _ = strings.Cut(rest, "/")
		if bucket == "" {
			return "", "", fmt.Sprintf("the key %s names no bucket; write s3://bucket/key", Excerpt(key))
		}
		return bucket, object, ""
	case "arn": // arn:partition:service:region:account:resource (AWS General Reference, "Amazon Resource Names")
		parts := strings.SplitN(rest, ":", 5)
		if parts[1] != "s3" || parts[2] != "" || parts[3] != "" {
			return none("is the ARN of something else than an object in a bucket")
		}
		bucket, object, _ = strings.Cut(parts[4], "/")
		if bucket == "" {
			return none("names no bucket")
		}
		return bucket, object, ""
	case "http", "https":
		host, path, _ := strings.Cut(rest, "/")
		if strings.ContainsAny(rest, "?#") {
			return none("is a URL with a query or fragment, which names no object for AiR: leave it out from ? or # on")
		}
		bucket, known := c.bucketOfHost(strings.ToLower(host))
		if !known {
			return none(fmt.Sprintf("is a URL whose host %s is not known as S3's (if it is, name it with --source-endpoint)", Excerpt(hostOnly(host))))
		}
		if bucket == "" {
			bucket, path, _ = strings.Cut(path, "/")
		}
		if bucket == "" {
			return none("names no bucket")
		}
		b, err := url.PathUnescape(bucket)
		if err == nil {
			bucket = b
			object, err = url.PathUnescape(path)
		}
		if err != nil {
			return none("is a URL that is not percent-encoded: a % must be written %25")
		}
		return bucket, object, ""
	}
	return none("is a " + scheme + ":// address, which AiR cannot read")
}

func cutQuery(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 && LooksLikeURI(s) {
		return s[:i]
	}
	return s
}

// hostOnly leaves out a user and password.
func hostOnly(authority string) string { return authority[strings.LastIndexByte(authority, '@')+1:] }

// s3Host matches the hosts of AWS and of Wasabi, with a bucket's name in front or without (Amazon S3 User Guide,
// "Virtual hosting of general purpose buckets"; Wasabi, "Service URLs").
var s3Host = regexp.MustCompile(`^(?:(.+)\.)?s3(?:-fips|-external-1)?(?:\.dualstack)?(?:[.-][a-z]{2}(?:-[a-z]+)+-[0-9]+(?:-[a-z]+)?)?\.(?:amazonaws\.com|amazonaws\.com\.cn|wasabisys\.com)$`)

// bucketOfHost reports whether a URL's host, in lower case, is one of S3's, and
// which bucket it names; "" is for one whose path does.
func (c *Checker) bucketOfHost(host string) (bucket string, known bool) {
	if e := c.Endpoint; e != "" {
		if host == e {
			return "", true
		}
		if b, ok := strings.CutSuffix(host, "."+e); ok {
			return b, true
		}
	}
	bare := strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
	if m := s3Host.FindStringSubmatch(bare); m != nil {
		return m[1], true
	}
	return "", false
}

// IsScheme reports whether what stands before "://" is a URL's scheme (RFC 3986,
// 3.1) rather than the beginning of a file's name.
func IsScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

// regionName is what a region may be called: it becomes part of a server's name.
var regionName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// IsRegion reports whether a region may have the name, such as us-east-1.
func IsRegion(name string) bool { return regionName.MatchString(name) }
