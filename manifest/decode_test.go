package manifest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// canned answers every request with the same body.
type canned string

func (c canned) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c))), Request: r}, nil
}

// bySDK decodes as the SDK does; quick says whether we would have decoded it.
func bySDK(tb testing.TB, body string) (out *s3.ListObjectsV2Output, err error) {
	tb.Helper()
	c, err := NewS3(S3Config{Region: "r", Endpoint: "https://s3.example", PathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("AK", "SK", ""), HTTPClient: canned(body)})
	if err != nil {
		tb.Fatal(err)
	}
	return c.ListObjectsV2(context.Background(), &s3.ListObjectsV2Input{Bucket: aws.String("b")}, onlyOnce)
}

// sameAsSDK fails if we decode what the SDK refuses, or something else than it.
func sameAsSDK(tb testing.TB, body string) (quick bool) {
	tb.Helper()
	got, quick := decodeListing([]byte(body))
	if !quick {
		return false
	}
	want, err := bySDK(tb, body)
	if err != nil {
		tb.Fatalf("we decode what the SDK refuses (%v): %q", err, body)
	}
	unseen := cmpopts.IgnoreFields(s3.ListObjectsV2Output{}, "ResultMetadata", "MaxKeys", "Prefix", "StartAfter", "ContinuationToken", "RequestCharged")
	for i := range want.Contents {
		want.Contents[i].Owner, want.Contents[i].ChecksumAlgorithm, want.Contents[i].ChecksumType, want.Contents[i].RestoreStatus = nil, nil, "", nil
	}
	if d := cmp.Diff(want, got, unseen, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(s3.ListObjectsV2Output{}),
		cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.GoString(), ".noSmithyDocumentSerde") }, cmp.Ignore())); d != "" {
		tb.Fatalf("%q (-SDK +ours):\n%s", body, d)
	}
	return true
}

const (
	pageHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	pageTail = `<Name>b</Name><Prefix>v/</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b==</NextContinuationToken>` +
		`<Contents><Key>v/a%2Bb.mov</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;9a&quot;</ETag><Owner><ID>x</ID></Owner><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>` +
		` <Contents><Key>v/ü</Key><Size>0</Size></Contents><CommonPrefixes><Prefix>v/c/</Prefix></CommonPrefixes><Delimiter/></ListBucketResult>`
)

// TestDecodeAsTheSDK decodes plain pages, and leaves to the SDK what is not.
func TestDecodeAsTheSDK(t *testing.T) {
	if !sameAsSDK(t, pageHead+pageTail) || !sameAsSDK(t, pageHead+"\n  <Name>b</Name>\n  <IsTruncated>false</IsTruncated>\n</ListBucketResult>\n") {
		t.Error("a plain page is not decoded quickly")
	}
	for _, change := range [][2]string{
		{"<Key>v/ü</Key>", "<Key><!-- x -->v</Key>"}, {"<Key>v/ü</Key>", "<Key><![CDATA[v]]></Key>"}, {"v/ü", "&#xfc;"}, {"v/ü", "a\rb"},
		{"v/ü", "\x01"}, {"v/ü", "\xff"}, {"v/ü", "a & b"}, {"<Size>7", "<Size>7x"}, {"<IsTruncated>true", "<IsTruncated>TRUE"},
		{"</Contents>", ""}, {"</ListBucketResult>", ""}, {"</ListBucketResult>", "</ListBucketResult><x>"}, {"<Key>", "<Key a='1'>"}, {"<Name>b</Name>", "<Name>b</Name>stray"},
	} {
		body := strings.Replace(pageHead+pageTail, change[0], change[1], 1)
		if body == pageHead+pageTail {
			t.Fatalf("%q changes nothing", change)
		}
		if sameAsSDK(t, body) {
			t.Errorf("%q: decoded quickly", change[1])
		}
	}
}

// FuzzDecode finds no page that we decode and the SDK does not, or otherwise.
func FuzzDecode(f *testing.F) {
	f.Add(pageHead + pageTail)
	f.Add(pageHead + "</ListBucketResult>")
	f.Add("<html></html>")
	f.Fuzz(func(t *testing.T, body string) { sameAsSDK(t, body) })
}

func BenchmarkDecode(b *testing.B) {
	var page strings.Builder
	page.WriteString(pageHead + "<Name>b</Name><IsTruncated>false</IsTruncated>")
	for i := range 1000 {
		fmt.Fprintf(&page, "<Contents><Key>reels/%03d/clip-%05d.mov</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;9a&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>", i/10, i)
	}
	page.WriteString("</ListBucketResult>")
	for b.Loop() {
		if _, ok := decodeListing([]byte(page.String())); !ok {
			b.Fatal("not plain")
		}
	}
}
